"""Registrations changed in bulk: so many an hour by one key or account, more with another one's approval."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from monitor.api.appeals import Waiting
from monitor.api.auth import allowed, forbidden
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from monitor.bulk import OPERATOR
from protocols.backend import BatchRequest, BatchView, Decision, Page
from protocols.bulk import BatchState
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/registry-batches", tags=["registrations"], route_class=IdempotentRoute)

BatchPath = Annotated[str, Path(max_length=64, description="Id of the batch.", examples=["bat_3k9d7m2x8q0ab"])]
Editing = Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)]
_WAITS = "It waits for another key or account."


@router.post(
    "",
    status_code=201,
    summary="Change many registrations",
    responses={202: {"model": BatchView, "description": _WAITS}, **problems(404, 409)},
)
async def propose(
    request: BatchRequest,
    response: Response,
    service: Serving,
    key: Editing,
    idempotency_key: IdempotencyKey = None,
) -> BatchView:
    """Suspend, reinstate or revoke many avatars and operators. So many within an hour are changed at once
    (`avatars.alone_an_hour` in the settings); more wait (202) until another key or account approves.

    Needs the scope `avatars:write`, and `operators:write` where operators are among them.
    """
    if any(subject.startswith(OPERATOR) for subject in request.subjects) and not key.allows(Scope.OPERATORS_WRITE):
        raise forbidden(Scope.OPERATORS_WRITE)
    subjects = list(dict.fromkeys(request.subjects))
    batch = await service.batches.propose(request.act, subjects, by=key.id, because=request.reason)
    response.status_code = 202 if batch.state is BatchState.WAITING else 201
    response.headers["location"] = f"/v1/registry-batches/{batch.id}"
    return BatchView.of(batch)


@router.get("", summary="List batches", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_READ)],
    waiting: Waiting = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[BatchView]:
    """Batches, newest first. Needs the scope `avatars:read`."""
    page = await service.registry.bulk.list(waiting=waiting, limit=limit, cursor=cursor)
    return Page(items=[BatchView.of(one) for one in page.items], next=page.next)


@router.get("/{batch}", summary="Read a batch", responses=problems(404))
async def read(batch: BatchPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.AVATARS_READ)]) -> BatchView:
    """One batch. Needs the scope `avatars:read`."""
    return BatchView.of(await service.registry.bulk.get(batch))


@router.post("/{batch}/approve", summary="Approve a batch", responses=problems(404, 409))
async def approve(
    batch: BatchPath, request: Decision, service: Serving, key: Editing, idempotency_key: IdempotencyKey = None
) -> BatchView:
    """Have it carried out. Whoever proposed it cannot; one that was broken off is carried on.

    Needs the scope `avatars:write`, and `operators:write` where operators are among them.
    """
    found = await service.registry.bulk.get(batch)
    if any(subject.startswith(OPERATOR) for subject in found.subjects) and not key.allows(Scope.OPERATORS_WRITE):
        raise forbidden(Scope.OPERATORS_WRITE)
    return BatchView.of(await service.batches.settle(batch, by=key.id, approves=True, because=request.reason))


@router.post("/{batch}/reject", summary="Reject a batch", responses=problems(404, 409))
async def reject(
    batch: BatchPath, request: Decision, service: Serving, key: Editing, idempotency_key: IdempotencyKey = None
) -> BatchView:
    """Let nothing come of it; whoever proposed it may as well. Needs the scope `avatars:write`."""
    return BatchView.of(await service.batches.settle(batch, by=key.id, approves=False, because=request.reason))
