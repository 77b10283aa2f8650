"""Avatars: register from pictures, list, read, dress, suspend, reinstate, renew, merge, revoke."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Response
from pydantic import AwareDatetime

from monitor.api.auth import allowed
from monitor.api.avatar_view import conflict, view
from monitor.api.form import Name, Owner, Pictures, Video, enrolment, naming
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.avatar import AvatarSignal, AvatarState
from protocols.backend import AvatarRegistered, AvatarView, Decision, MergeRequest, Page, PictureView, Renewal
from protocols.gesture import Ability
from protocols.session import AvatarId
from registry.apikey import ApiKey, Scope
from registry.avatar import Avatar, Submission
from registry.state import AssetKind

router = APIRouter(prefix="/v1/avatars", tags=["avatars"], route_class=IdempotentRoute)

AvatarPath = Annotated[str, Path(max_length=64, description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])]
DigestPath = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file.", examples=["9f86" * 16])]
Outfit = Annotated[
    str, Form(min_length=1, max_length=64, description="The outfit that they show.", examples=["winter"])
]
Writing = Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)]
Reading = Annotated[ApiKey, allowed(Scope.AVATARS_READ)]
_USUAL = (Ability.HEAD, Ability.MOUTH, Ability.EYELIDS)


@router.post("", status_code=201, summary="Register an avatar", responses=problems(400, 404, 408, 409, 413))
async def register(
    response: Response,
    service: Serving,
    key: Writing,
    name: Name,
    pictures: Pictures = [],  # noqa: B006 - FastAPI copies it
    video: Video = None,
    owner: Owner = None,
    aliases: Annotated[list[str] | None, Form(max_length=16, description="Its further display names.")] = None,
    abilities: Annotated[
        list[Ability] | None,
        Form(max_length=4, description="Movements that it can show; head, mouth and eyelids where absent."),
    ] = None,
    outfit: Outfit = "default",
    vrm_sha256: Annotated[
        str | None, Form(max_length=80, description="SHA-256 of its VRM file, in hexadecimal.")
    ] = None,
    vtube_studio_model: Annotated[str | None, Form(max_length=40, description="Its modelID in VTube Studio.")] = None,
    code: Annotated[str | None, Form(max_length=64, description="Its national digital-human code.")] = None,
    valid_from: Annotated[
        AwareDatetime | None, Form(description="From when it may be on air; now where absent.")
    ] = None,
    valid_until: Annotated[AwareDatetime | None, Form(description="Until when; without end where absent.")] = None,
    policy: Annotated[
        str | None,
        Form(pattern=r"^[a-z][a-z0-9_-]{0,39}(@[1-9][0-9]{0,8})?$", description="Profile to judge its sessions by."),
    ] = None,
    resembles_person: Annotated[
        bool, Form(description="It resembles a living person: it is not on air without their consent on record.")
    ] = False,
    idempotency_key: IdempotencyKey = None,
) -> AvatarRegistered:
    """Register a likeness from pictures or a short video.

    It is compared with every likeness that is registered or protected: too like another one (or with another one's
    model file) it waits for a person's review, otherwise it is active as soon as it is valid. Small copies of the
    pictures are kept so that a person can compare them, until the avatar is purged. The same picture under another
    owner is refused. Needs the scope `avatars:write`.
    """
    assets = [(AssetKind.VRM, vrm_sha256), (AssetKind.VTUBE_STUDIO, vtube_studio_model)]
    submission = Submission(
        name=name,
        owner=owner or key.name,
        references=(),
        model="",
        abilities=frozenset(abilities or _USUAL),
        aliases=tuple(aliases or ()),
        assets=tuple((kind, value) for kind, value in assets if value is not None),
        code=code,
        valid_from=valid_from,
        valid_until=valid_until,
        policy=policy,
        needs_consent=resembles_person,
    )
    sent = await enrolment(pictures, video, outfit)
    avatar = await naming(pictures, service.registrar.submit(submission, sent, by=key.id))
    response.headers["location"] = f"/v1/avatars/{avatar.id}"
    return await registered(avatar, service)


async def registered(avatar: Avatar, service: Service) -> AvatarRegistered:
    """An avatar just registered, for the wire."""
    pictures = await service.registry.avatars.pictures(avatar.id)
    pairs = await service.registrar.pairs(avatar.id)
    found = [conflict(pair) for pair in pairs]
    return AvatarRegistered(**dict(view(avatar, service)), pictures=len(pictures), conflicts=found)


@router.get("", summary="List avatars", responses=problems())
async def listed(
    service: Serving,
    key: Reading,
    owner: Annotated[str | None, Query(max_length=256, description="Only of this owner.")] = None,
    state: Annotated[AvatarState | None, Query(description="Only in this state.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AvatarView]:
    """Avatars, newest first. Needs the scope `avatars:read`."""
    page = await service.registry.avatars.list(owner=owner, state=state, limit=limit, cursor=cursor)
    return Page(items=[view(avatar, service) for avatar in page.items], next=page.next)


@router.get("/{avatar}", summary="Read an avatar", responses=problems(404))
async def read(avatar: AvatarPath, service: Serving, key: Reading) -> AvatarView:
    """One avatar. Needs the scope `avatars:read`."""
    return view(await service.registry.avatars.get(AvatarId(avatar)), service)


@router.get("/{avatar}/pictures", summary="List an avatar's pictures", responses=problems(404))
async def pictures_of(avatar: AvatarPath, service: Serving, key: Reading) -> list[PictureView]:
    """Its reference pictures, by outfit. Needs the scope `avatars:read`."""
    pictures = await service.registry.avatars.pictures(AvatarId(avatar))
    return [PictureView(digest=one.digest.hex(), outfit=one.outfit, kept=one.kept) for one in pictures]


@router.get(
    "/{avatar}/pictures/{digest}",
    summary="Look at a picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "A small JPEG."}, **problems(404)},
)
async def picture(avatar: AvatarPath, digest: DigestPath, service: Serving, key: Reading) -> Response:
    """One of its reference pictures, small, without any metadata. Needs the scope `avatars:read`."""
    content = await service.registry.avatars.picture(AvatarId(avatar), bytes.fromhex(digest))
    # Long enough for a page that shows many, short enough for a likeness that is purged.
    return Response(content, headers={"cache-control": "private, max-age=900"}, media_type="image/jpeg")


@router.post("/{avatar}/outfits", summary="Add an outfit", responses=problems(400, 404, 408, 409, 413))
async def dress(
    avatar: AvatarPath,
    service: Serving,
    key: Writing,
    outfit: Outfit,
    pictures: Pictures = [],  # noqa: B006 - FastAPI copies it
    video: Video = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Let the avatar be known in another outfit. One that is too like somebody else is refused.

    Needs the scope `avatars:write`.
    """
    sent = await enrolment(pictures, video, outfit)
    work = service.registrar.add_outfit(AvatarId(avatar), sent, by=key.id)
    return view(await naming(pictures, work), service)


@router.post("/{avatar}/suspend", summary="Suspend an avatar", responses=problems(404, 409))
async def suspend(
    avatar: AvatarPath,
    service: Serving,
    key: Writing,
    request: Decision | None = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Keep the avatar off air until it is reinstated: every live session with it is cut.

    Needs the scope `avatars:write`.
    """
    return await _moved(service, avatar, AvatarSignal.SUSPEND, key, request)


@router.post("/{avatar}/reinstate", summary="Reinstate an avatar", responses=problems(404, 409))
async def reinstate(
    avatar: AvatarPath,
    service: Serving,
    key: Writing,
    request: Decision | None = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Let a suspended avatar be claimed again. Needs the scope `avatars:write`."""
    return await _moved(service, avatar, AvatarSignal.REINSTATE, key, request)


@router.post("/{avatar}/revoke", summary="Revoke an avatar", responses=problems(404, 409))
async def revoke(
    avatar: AvatarPath,
    service: Serving,
    key: Writing,
    request: Decision | None = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Take the avatar out for good: every live session with it is cut, its name and pictures may be registered anew.

    Needs the scope `avatars:write`.
    """
    return await _moved(service, avatar, AvatarSignal.REVOKE, key, request)


@router.post("/{avatar}/renew", summary="Renew an avatar", responses=problems(404, 409))
async def renew(
    avatar: AvatarPath, request: Renewal, service: Serving, key: Writing, idempotency_key: IdempotencyKey = None
) -> AvatarView:
    """Give the avatar another validity, one that has expired included. Needs the scope `avatars:write`."""
    renewed = await service.registrar.renew(
        AvatarId(avatar), valid_from=request.valid_from, valid_until=request.valid_until, by=key.id
    )
    return view(renewed, service)


@router.post("/{avatar}/merge", summary="Merge two avatars of one owner", responses=problems(404, 409))
async def merge(
    avatar: AvatarPath, request: MergeRequest, service: Serving, key: Writing, idempotency_key: IdempotencyKey = None
) -> AvatarView:
    """Say that this avatar is really another one of the same owner.

    Its pictures, names and model become the other one's, and it is revoked. Needs the scope `avatars:write`.
    """
    into = AvatarId(request.into)
    await service.batches.one(key.id)
    merged = await service.registrar.merge(AvatarId(avatar), into, by=key.id, because=request.reason)
    return view(merged, service)


async def _moved(
    service: Service, avatar: str, signal: AvatarSignal, key: ApiKey, request: Decision | None
) -> AvatarView:
    found = await service.registry.avatars.get(AvatarId(avatar))
    because = "no reason given" if request is None else request.reason
    if signal is not AvatarSignal.REINSTATE:
        await service.batches.one(key.id)
    return view(await service.registrar.move(found.id, signal, by=key.id, because=because), service)
