"""Strikes: read what stands against avatars, operators and accounts."""

from typing import Annotated

from fastapi import APIRouter, Query

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import Page, StrikeView
from protocols.measure import StrikeSubject
from protocols.session import CutId
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/strikes", tags=["strikes"], route_class=GuardedRoute)


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
