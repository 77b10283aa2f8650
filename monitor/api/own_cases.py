"""What was decided about an operator's own streams: the statement of reasons, how it stands, and an appeal."""

from typing import Annotated

from fastapi import APIRouter, Path

from monitor.api.own import OURS, Own
from monitor.api.reference import open_problems
from monitor.api.service import Service, Serving
from monitor.statements import of_cut
from protocols.backend import AppealRequest, AppealView, OwnCase, StatementView
from protocols.evidence import RuleName
from registry.case import Case, CaseFilter
from registry.error import NotFound

router = APIRouter(prefix="/v1/own/cases", tags=["own"])

_MOST = 50

CasePath = Annotated[str, Path(max_length=64, description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])]


@router.get("", summary="List what was decided about one's own streams", responses=open_problems(401, 403, 503))
async def listed(service: Serving, own: Own) -> list[OwnCase]:
    """The newest decisions about streams of whose roster the operator was, each with its statement of reasons."""
    page = await service.registry.cases.list(CaseFilter(operator=own.operator), limit=_MOST)
    return [await _case(service, case) for case in page.items if case.cut is not None]


@router.post(
    "/{case}/appeal",
    status_code=201,
    summary="Appeal against a decision about one's own stream",
    responses=open_problems(401, 403, 404, 409, 413, 503),
    dependencies=OURS,
)
async def appeal(case: CasePath, request: AppealRequest, service: Serving, own: Own) -> AppealView:
    """Ask, once, for another person to look at it. Soon after the act it goes into the fast lane."""
    found = await service.registry.cases.get(case)
    if own.operator not in found.operators:
        raise NotFound(f"There is no case {case}.")
    times = service.settings.deadlines.times()
    return AppealView.of(
        await service.registry.appeals.file(case, request.text, by=own.operator, at=service.clock(), times=times)
    )


async def _case(service: Service, case: Case) -> OwnCase:
    """What its operator may know: no scores, and nobody's name."""
    assert case.cut is not None  # noqa: S101 - seen to by who calls
    said = of_cut(await service.registry.cuts.get(case.cut), case.id)
    appeal = await service.registry.appeals.of(case.id)
    return OwnCase(
        id=case.id,
        avatar=case.avatar_name,
        rule=RuleName(case.rule),
        at=case.opened_at,
        state=case.state,
        because=case.because,
        statement=StatementView.model_validate(said.document(case.id)),
        appeal=None if appeal is None else AppealView.of(appeal),
    )
