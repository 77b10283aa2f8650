"""Reviews: avatars that are too like another one, side by side with it, and a person's decision."""

from typing import Annotated

from fastapi import APIRouter

from monitor.api.auth import allowed
from monitor.api.avatar_view import side_by_side, view
from monitor.api.avatars import AvatarPath
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.avatar import AvatarSignal, AvatarState
from protocols.backend import AvatarView, Decision, Page, ReviewView
from protocols.session import AvatarId
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/reviews", tags=["reviews"], route_class=IdempotentRoute)

Reviewing = Annotated[ApiKey, allowed(Scope.AVATARS_REVIEW)]


@router.get("", summary="List what waits for review", responses=problems())
async def listed(service: Serving, key: Reviewing, limit: Limit = 100, cursor: Cursor = None) -> Page[AvatarView]:
    """Avatars that wait for a person's decision, newest first. Needs the scope `avatars:review`."""
    page = await service.registry.avatars.list(state=AvatarState.REVIEW, limit=limit, cursor=cursor)
    return Page(items=[view(avatar, service) for avatar in page.items], next=page.next)


@router.get("/{avatar}", summary="Review an avatar", responses=problems(404))
async def read(avatar: AvatarPath, service: Serving, key: Reviewing) -> ReviewView:
    """An avatar and what it was found too like to, both pictures of each pair. Needs the scope `avatars:review`."""
    found = await service.registry.avatars.get(AvatarId(avatar))
    pairs = await service.registrar.pairs(found.id)
    return ReviewView(avatar=view(found, service), conflicts=[side_by_side(pair) for pair in pairs])


@router.post("/{avatar}/approve", summary="Approve an avatar", responses=problems(404, 409))
async def approve(
    avatar: AvatarPath, request: Decision, service: Serving, key: Reviewing, idempotency_key: IdempotencyKey = None
) -> AvatarView:
    """It is somebody else than those it is like: it becomes active as soon as it is valid.

    Whoever registered it cannot approve it, unless the service's settings let it (`avatars.four_eyes`). Needs the
    scope `avatars:review`.
    """
    because, approve_ = request.reason, AvatarSignal.APPROVE
    return view(await service.registrar.move(AvatarId(avatar), approve_, by=key.id, because=because), service)


@router.post("/{avatar}/reject", summary="Reject an avatar", responses=problems(404, 409))
async def reject(
    avatar: AvatarPath, request: Decision, service: Serving, key: Reviewing, idempotency_key: IdempotencyKey = None
) -> AvatarView:
    """It is somebody else's likeness: it is revoked. Needs the scope `avatars:review`."""
    because, reject_ = request.reason, AvatarSignal.REJECT
    return view(await service.registrar.move(AvatarId(avatar), reject_, by=key.id, because=because), service)
