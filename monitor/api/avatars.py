"""Avatars: register from pictures, list, read, suspend, reinstate, revoke."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile

from monitor.api.auth import allowed
from monitor.api.idempotency import IdempotencyKey, IdempotentRoute
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from monitor.observers.likeness.enrolment import vectors_of
from monitor.observers.likeness.picture_file import LARGEST_FILE, PictureRefused
from protocols.backend import AvatarRegistered, AvatarView, Page
from protocols.gesture import Ability
from protocols.session import AvatarId
from registry.apikey import ApiKey, Scope
from registry.avatar import Avatar
from registry.state import AvatarState

router = APIRouter(prefix="/v1/avatars", tags=["avatars"], route_class=IdempotentRoute)

AvatarPath = Annotated[str, Path(max_length=64, description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])]
MOST_PICTURES = 64
_USUAL = (Ability.HEAD, Ability.MOUTH, Ability.EYELIDS)


@router.post("", status_code=201, summary="Register an avatar", responses=problems(400, 408, 409, 413))
async def register(
    response: Response,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)],
    name: Annotated[str, Form(min_length=1, max_length=256, description="Its name.", examples=["Hoshi"])],
    pictures: Annotated[
        list[UploadFile],
        File(
            min_length=1,
            max_length=MOST_PICTURES,
            description="Still pictures (JPEG, PNG or WebP) that show the avatar's head: several angles, expressions "
            "and outfits make it known better.",
        ),
    ],
    owner: Annotated[
        str | None,
        Form(max_length=256, description="Whose likeness it is; the name of the API key where absent."),
    ] = None,
    abilities: Annotated[
        list[Ability] | None,
        Form(max_length=4, description="Movements that it can show; head, mouth and eyelids where absent."),
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> AvatarRegistered:
    """Register a likeness from pictures. The pictures are not kept, only what they are recognised by.

    The same picture under another owner is refused. Needs the scope `avatars:write`.
    """
    files = [await picture.read(LARGEST_FILE + 1) for picture in pictures]
    try:
        return await _register(service, response, name, owner or key.name, abilities or _USUAL, files)
    except PictureRefused as refused:
        raise PictureRefused(_named(str(refused), pictures)) from refused


async def _register(
    service: Service, response: Response, name: str, owner: str, abilities: Sequence[Ability], files: list[bytes]
) -> AvatarRegistered:
    async with service.enrolling:
        enrolled = await asyncio.to_thread(vectors_of, files, service.sight)
    avatar = await service.registry.avatars.register(
        name=name,
        owner=owner,
        abilities=frozenset(abilities),
        likeness=np.stack([picture.vector for picture in enrolled]),
        model=service.sight.encoder.sha256,
        digests=[bytes.fromhex(picture.sha256) for picture in enrolled],
        at=service.clock(),
    )
    response.headers["location"] = f"/v1/avatars/{avatar.id}"
    return AvatarRegistered(**dict(view(avatar)), pictures=len(files), vectors=len(enrolled))


def _named(refusal: str, pictures: Sequence[UploadFile]) -> str:
    """The refusal with the file's name in the place of "picture 3"."""
    number, _, why = refusal.removeprefix("picture ").partition(": ")
    if not refusal.startswith("picture ") or not number.isdecimal() or not 0 < int(number) <= len(pictures):
        return refusal
    name = (pictures[int(number) - 1].filename or "")[:100]
    return f"{name}: {why}" if name.isprintable() and name else refusal


@router.get("", summary="List avatars", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_READ)],
    owner: Annotated[str | None, Query(max_length=256, description="Only of this owner.")] = None,
    state: Annotated[AvatarState | None, Query(description="Only in this state.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AvatarView]:
    """Avatars, newest first. Needs the scope `avatars:read`."""
    page = await service.registry.avatars.list(owner=owner, state=state, limit=limit, cursor=cursor)
    return Page(items=[view(avatar) for avatar in page.items], next=page.next)


@router.get("/{avatar}", summary="Read an avatar", responses=problems(404))
async def read(avatar: AvatarPath, service: Serving, key: Annotated[ApiKey, allowed(Scope.AVATARS_READ)]) -> AvatarView:
    """One avatar. Needs the scope `avatars:read`."""
    return view(await service.registry.avatars.get(AvatarId(avatar)))


@router.post("/{avatar}/suspend", summary="Suspend an avatar", responses=problems(404, 409))
async def suspend(
    avatar: AvatarPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Keep the avatar off air: no session may claim it until it is reinstated. Needs the scope `avatars:write`."""
    return view(await service.registry.avatars.suspend(AvatarId(avatar)))


@router.post("/{avatar}/reinstate", summary="Reinstate an avatar", responses=problems(404, 409))
async def reinstate(
    avatar: AvatarPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Let a suspended avatar be claimed again. Needs the scope `avatars:write`."""
    return view(await service.registry.avatars.reinstate(AvatarId(avatar)))


@router.post("/{avatar}/revoke", summary="Revoke an avatar", responses=problems(404))
async def revoke(
    avatar: AvatarPath,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.AVATARS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> AvatarView:
    """Take the avatar out for good; its name and pictures may be registered anew. Needs the scope `avatars:write`."""
    return view(await service.registry.avatars.revoke(AvatarId(avatar)))


def view(avatar: Avatar) -> AvatarView:
    """The avatar, for the wire."""
    return AvatarView(
        id=avatar.id,
        name=avatar.name,
        owner=avatar.owner,
        state=avatar.state.value,
        abilities=sorted(ability.value for ability in avatar.abilities),
        model=avatar.model,
        registered_at=avatar.registered_at,
    )
