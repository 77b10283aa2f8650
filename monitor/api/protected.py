"""Protected likenesses, which may never be on air, and negatives, which are nobody's likeness."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Path, Response

from monitor.api.auth import allowed
from monitor.api.avatar_view import purge, view
from monitor.api.avatars import Reading, registered
from monitor.api.form import Name, Owner, Pictures, Video, enrolment, naming
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.avatar import AvatarRole
from protocols.backend import AvatarRegistered, AvatarView, Decision, Page, PurgeView
from protocols.session import AvatarId
from registry.apikey import ApiKey, Scope
from registry.avatar import Submission
from registry.error import NotFound

router = APIRouter(route_class=IdempotentRoute)

ProtectedPath = Annotated[str, Path(max_length=64, description="Id of the likeness.", examples=["pro_9s1d0k4w7e2xn"])]
NegativePath = Annotated[str, Path(max_length=64, description="Id of the negative.", examples=["neg_9s1d0k4w7e2xn"])]
Reviewing = Annotated[ApiKey, allowed(Scope.AVATARS_REVIEW)]
_PROTECTED = frozenset({AvatarRole.PROTECTED})
_NEGATIVE = frozenset({AvatarRole.LOOK, AvatarRole.SCENE})


class NegativeKind(StrEnum):
    """What a negative shows."""

    LOOK = "look"
    SCENE = "scene"


@router.post(
    "/v1/protected",
    status_code=201,
    tags=["protected"],
    summary="Protect a likeness",
    responses=problems(400, 408, 409, 413),
)
async def protect(
    response: Response,
    service: Serving,
    key: Reviewing,
    name: Name,
    pictures: Pictures = [],  # noqa: B006 - FastAPI copies it
    video: Video = None,
    owner: Owner = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarRegistered:
    """Register a likeness only to be protected: a reference of yours as `name`, never a person's name.

    No session may claim it, an avatar that is too like it goes to review, and a stream that shows it shows somebody
    else's likeness. `conflicts` tells who is like it already. Needs the scope `avatars:review`.
    """
    submission = Submission(name=name, owner=owner or key.name, references=(), model="", role=AvatarRole.PROTECTED)
    work = service.registrar.submit(submission, await enrolment(pictures, video), by=key.id)
    likeness = await naming(pictures, work)
    response.headers["location"] = f"/v1/protected/{likeness.id}"
    return await registered(likeness, service)


@router.get("/v1/protected", tags=["protected"], summary="List protected likenesses", responses=problems())
async def listed(service: Serving, key: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[AvatarView]:
    """Protected likenesses, newest first. Needs the scope `avatars:read`."""
    page = await service.registry.avatars.list(roles=_PROTECTED, limit=limit, cursor=cursor)
    return Page(items=[view(one, service) for one in page.items], next=page.next)


@router.get(
    "/v1/protected/{likeness}", tags=["protected"], summary="Read a protected likeness", responses=problems(404)
)
async def read(likeness: ProtectedPath, service: Serving, key: Reading) -> AvatarView:
    """One of them. Needs the scope `avatars:read`."""
    return view(await service.registry.avatars.get(await _of(service, likeness, _PROTECTED)), service)


@router.post(
    "/v1/protected/{likeness}/release", tags=["protected"], summary="Protect no longer", responses=problems(404, 409)
)
async def release(
    likeness: ProtectedPath, request: Decision, service: Serving, key: Reviewing, idempotency_key: IdempotencyKey = None
) -> PurgeView:
    """Protect the likeness no longer; its pictures and vectors are deleted. Needs the scope `avatars:review`."""
    return await _released(service, likeness, _PROTECTED, key, request)


@router.post(
    "/v1/negatives",
    status_code=201,
    tags=["negatives"],
    summary="Register a negative",
    responses=problems(400, 408, 409, 413),
)
async def add_negative(
    response: Response,
    service: Serving,
    key: Reviewing,
    name: Name,
    kind: Annotated[
        NegativeKind,
        Form(description="look: a generic or stock avatar, nobody's; scene: a background or thing that is no avatar."),
    ],
    pictures: Pictures = [],  # noqa: B006 - FastAPI copies it
    owner: Owner = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarRegistered:
    """Register what must never count as anybody's likeness.

    What two avatars share with a generic look makes no conflict between them; a look of a live stream that is most
    like a scene shows no avatar. Needs the scope `avatars:review`.
    """
    submission = Submission(name=name, owner=owner or key.name, references=(), model="", role=AvatarRole(kind.value))
    negative = await naming(pictures, service.registrar.submit(submission, await enrolment(pictures), by=key.id))
    response.headers["location"] = f"/v1/negatives/{negative.id}"
    return await registered(negative, service)


@router.get("/v1/negatives", tags=["negatives"], summary="List negatives", responses=problems())
async def list_negatives(service: Serving, key: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[AvatarView]:
    """Negatives, newest first. Needs the scope `avatars:read`."""
    page = await service.registry.avatars.list(roles=_NEGATIVE, limit=limit, cursor=cursor)
    return Page(items=[view(one, service) for one in page.items], next=page.next)


@router.get("/v1/negatives/{negative}", tags=["negatives"], summary="Read a negative", responses=problems(404))
async def read_negative(negative: NegativePath, service: Serving, key: Reading) -> AvatarView:
    """One of them. Needs the scope `avatars:read`."""
    return view(await service.registry.avatars.get(await _of(service, negative, _NEGATIVE)), service)


@router.post(
    "/v1/negatives/{negative}/release", tags=["negatives"], summary="Drop a negative", responses=problems(404, 409)
)
async def release_negative(
    negative: NegativePath, request: Decision, service: Serving, key: Reviewing, idempotency_key: IdempotencyKey = None
) -> PurgeView:
    """Let it count again; its pictures and vectors are deleted. Needs the scope `avatars:review`."""
    return await _released(service, negative, _NEGATIVE, key, request)


async def _of(service: Service, wanted: str, roles: frozenset[AvatarRole]) -> AvatarId:
    found = await service.registry.avatars.get(AvatarId(wanted))
    if found.role not in roles:
        raise NotFound(f"{wanted} is registered as {found.role}; look for it there.")
    return found.id


async def _released(
    service: Service, wanted: str, roles: frozenset[AvatarRole], key: ApiKey, request: Decision
) -> PurgeView:
    found = await _of(service, wanted, roles)
    return purge(await service.registrar.purge(found, by=key.id, because=request.reason), service)
