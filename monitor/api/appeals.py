"""Appeals, passed on by the platform; the queue of those that wait."""

from typing import Annotated

from fastapi import APIRouter, Query

from monitor.api.auth import allowed
from monitor.api.cases import CasePath, Reading
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import AppealListed, AppealView, CaseView, Page, PlatformAppealRequest
from registry.apikey import ApiKey, Scope
from registry.page import Page as Kept

router = APIRouter(route_class=IdempotentRoute, tags=["appeals"])

Waiting = Annotated[bool, Query(description="Only those that wait.")]


@router.post("/v1/cases/{case}/appeal", status_code=201, summary="Appeal against a case", responses=problems(404, 409))
async def appeal(
    case: CasePath,
    request: PlatformAppealRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.APPEALS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> AppealView:
    """Pass on an appeal, once for each case. One that was upheld is open again, for another moderator than the first.

    Soon after the act it goes into the fast lane. Needs the scope `appeals:write`.
    """
    times = service.settings.deadlines.times()
    return AppealView.of(await service.caseload.appeal(case, request.text, by=request.on_behalf, times=times))


@router.get("/v1/appeals", summary="List appeals", responses=problems())
async def listed(
    service: Serving, key: Reading, waiting: Waiting = False, limit: Limit = 100, cursor: Cursor = None
) -> Page[AppealListed]:
    """Appeals with their cases, newest first; those that wait, the most urgent first, with `waiting`.

    Needs the scope `cases:read`.
    """
    appeals = service.registry.appeals
    if waiting:
        page = Kept(items=await appeals.waiting(limit=limit), next=None)
    else:
        page = await appeals.list(limit=limit, cursor=cursor)
    cases = await service.registry.cases.several([one.case for one in page.items])
    listed = [
        AppealListed(**dict(AppealView.of(one)), about=CaseView.of(cases[one.case]))
        for one in page.items
        if one.case in cases
    ]
    return Page(items=listed, next=page.next)
