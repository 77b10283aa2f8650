"""Cuts: list, read, restore."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import CutView, Page, RestoredView, RestoreRequest
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


_PROPOSED = "It waits for another person to ask for the same."


@router.post(
    "/{cut}/restore",
    summary="Restore a cut stream",
    responses={202: {"model": RestoredView, "description": _PROPOSED}, **problems(404, 408, 409, 413)},
)
async def restore(
    cut: CutPath,
    request: RestoreRequest,
    service: Serving,
    response: Response,
    key: Annotated[ApiKey, allowed(Scope.CUTS_RESTORE)],
    idempotency_key: IdempotencyKey = None,
) -> RestoredView:
    """Let a cut stream publish again: its case is overturned, the block on the media server is lifted, the cut stays
    on record.

    A long block, and a case that was decided, take two people: the first to ask proposes it (202), and it is done once
    another one asks for the same. Where the media server does not answer, it is tried again until it does
    (`restored_at`). The session has ended; attach the stream anew to have it monitored. Needs the scope `cuts:restore`.
    """
    case = await service.caseload.restore(CutId(cut), by=key.id, because=request.reason)
    if case.proposal is not None:
        response.status_code = 202
    found = CutView.of(await service.registry.cuts.get(CutId(cut)))
    return RestoredView(**dict(found), case=case.id, waits=case.proposal is not None, restored_at=case.restored_at)
