"""Consents: that a person whom an avatar resembles agreed, and that they withdraw."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from monitor.api.avatar_view import purge
from monitor.api.avatars import AvatarPath, Reading, Writing
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import ConsentRequest, ConsentView, Decision, PurgeView
from protocols.session import AvatarId

router = APIRouter(tags=["consents"], route_class=IdempotentRoute)

ConsentPath = Annotated[str, Path(max_length=64, description="Id of the consent.", examples=["con_5h2m9q0d5k1wz"])]


@router.post("/v1/avatars/{avatar}/consents", status_code=201, summary="Record a consent", responses=problems(404, 409))
async def record(
    avatar: AvatarPath,
    request: ConsentRequest,
    response: Response,
    service: Serving,
    key: Writing,
    idempotency_key: IdempotencyKey = None,
) -> ConsentView:
    """Keep that the person agreed; an avatar that waited for it alone becomes active.

    Needs the scope `avatars:write`.
    """
    consent = await service.registrar.consent(AvatarId(avatar), **dict(request), by=key.id)
    response.headers["location"] = f"/v1/avatars/{avatar}/consents"
    return ConsentView.of(consent)


@router.get("/v1/avatars/{avatar}/consents", summary="List an avatar's consents", responses=problems(404))
async def listed(avatar: AvatarPath, service: Serving, key: Reading) -> list[ConsentView]:
    """The consents for an avatar, oldest first, the withdrawn included. Needs the scope `avatars:read`."""
    found = await service.registry.avatars.get(AvatarId(avatar))
    return [ConsentView.of(consent) for consent in await service.registry.consents.of(found.id)]


@router.post("/v1/consents/{consent}/withdraw", summary="Withdraw a consent", responses=problems(404, 409))
async def withdraw(
    consent: ConsentPath, request: Decision, service: Serving, key: Writing, idempotency_key: IdempotencyKey = None
) -> PurgeView:
    """The person withdraws: every live session with the avatar is cut, it is revoked, and its pictures and vectors
    are deleted. The proof holds none of them. Needs the scope `avatars:write`.
    """
    return purge(await service.registrar.withdraw(consent, by=key.id, because=request.reason), service)
