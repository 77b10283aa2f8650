"""Cuts: list, read, restore."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import CutView, Page, RestoreRequest
from protocols.session import AvatarId, CutId, SessionId
from registry.apikey import ApiKey, Scope
from registry.state import CutState

router = APIRouter(prefix="/v1/cuts", tags=["cuts"], route_class=IdempotentRoute)

CutPath = Annotated[str, Path(max_length=64, description="Id of the cut.", examples=["cut_3k9d7m2x8q0ab"])]


@router.get("", summary="List cuts", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_READ)],
    session: Annotated[str | None, Query(max_length=64, description="Only of this session.")] = None,
    avatar: Annotated[str | None, Query(max_length=64, description="Only of this avatar.")] = None,
    account: Annotated[str | None, Query(max_length=256, description="Only of this account of yours.")] = None,
    state: Annotated[CutState | None, Query(description="Only in this state.", examples=["confirmed"])] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[CutView]:
    """The cut log, newest first: what was cut, on what evidence, how fast, and what was restored.

    Needs the scope `cuts:read`.
    """
    page = await service.registry.cuts.list(
        session=None if session is None else SessionId(session),
        avatar=None if avatar is None else AvatarId(avatar),
        account=account,
        state=state,
        limit=limit,
        cursor=cursor,
    )
    return Page(items=[CutView.of(cut) for cut in page.items], next=page.next)


@router.get("/{cut}", summary="Read a cut", responses=problems(404))
async def read(cut: CutPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.CUTS_READ)]) -> CutView:
    """One cut with the verdict that it rests on. Needs the scope `cuts:read`."""
    return CutView.of(await service.registry.cuts.get(CutId(cut)))


@router.post("/{cut}/restore", summary="Restore a cut stream", responses=problems(404, 408, 409, 413, 502))
async def restore(
    cut: CutPath,
    request: RestoreRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.CUTS_RESTORE)],
    idempotency_key: IdempotencyKey = None,
) -> CutView:
    """Let a cut stream publish again: the block on the media server is lifted, the cut stays on record.

    Its session has ended; attach the stream anew to have it monitored. Needs the scope `cuts:restore`.
    """
    return CutView.of(await service.supervisor.restore(CutId(cut), by=key.id, reason=request.reason))
