"""Strikes: read what stands against avatars, operators and accounts, and take one back."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import Page, RestoreRequest, StrikeView
from protocols.measure import StrikeSubject
from protocols.session import CutId
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/strikes", tags=["strikes"], route_class=IdempotentRoute)


@router.get("", summary="List strikes", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_READ)],
    kind: Annotated[StrikeSubject | None, Query(description="Only against this kind.", examples=["avatar"])] = None,
    subject: Annotated[
        str | None, Query(max_length=256, description="Only against this avatar, operator or account.")
    ] = None,
    cut: Annotated[str | None, Query(max_length=64, description="Only of this cut.")] = None,
    standing: Annotated[bool, Query(description="Only those that were not taken back.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[StrikeView]:
    """Strikes, newest first: each confirmed cut against the avatar, the account, and the operators who were there.

    A restore takes back those of its cut. Needs the scope `cuts:read`.
    """
    page = await service.registry.strikes.list(
        kind=kind,
        subject=subject,
        cut=None if cut is None else CutId(cut),
        standing=standing,
        limit=limit,
        cursor=cursor,
    )
    return Page(items=[StrikeView.of(strike) for strike in page.items], next=page.next)


@router.post("/{strike}/take-back", summary="Take back a strike", responses=problems(404, 409))
async def take_back(
    strike: Annotated[str, Path(max_length=64, description="Id of the strike.", examples=["str_3k9d7m2x8q0ab"])],
    request: RestoreRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_RESTORE)],
    idempotency_key: IdempotencyKey = None,
) -> StrikeView:
    """Take back one strike, and leave its cut as it is: overturning the case takes back all of them.

    Needs the scope `cuts:restore`.
    """
    return StrikeView.of(
        await service.registry.strikes.forgive(strike, by=key.id, because=request.reason, at=service.clock())
    )
