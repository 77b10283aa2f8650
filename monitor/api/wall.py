"""The wall: every stream that is on air, in one answer; then the events keep it up to date."""

from typing import Annotated

from fastapi import APIRouter

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.reference import problems
from monitor.api.service import Service, Serving
from protocols.backend import WallEntry
from protocols.session import AvatarId, SessionState
from registry.apikey import ApiKey, Scope
from registry.page import LARGEST_PAGE

router = APIRouter(prefix="/v1/wall", tags=["sessions"], route_class=GuardedRoute)

_ON_AIR = (SessionState.PENDING, SessionState.LIVE, SessionState.BLIND)


@router.get("", summary="See every stream on air", responses=problems())
async def wall(service: Serving, key: Annotated[ApiKey, allowed(Scope.SESSIONS_READ)]) -> list[WallEntry]:
    """Where each stream stands that is on air, newest first, 500 at most. Needs the scope `sessions:read`."""
    page = await service.registry.sessions.list(states=_ON_AIR, limit=LARGEST_PAGE)
    names: dict[AvatarId, tuple[str, str | None]] = {}
    entries = []
    for standing in page.items:
        avatar = standing.session.avatar
        if avatar not in names:
            names[avatar] = await _face(service, avatar)
        name, picture = names[avatar]
        status = await service.supervisor.status(standing.session.id)
        entries.append(WallEntry(session=status, avatar_name=name, picture=picture))
    return entries


async def _face(service: Service, avatar: AvatarId) -> tuple[str, str | None]:
    """The avatar's name, and the path of a picture of it."""
    found = await service.registry.avatars.get(avatar)
    kept = [picture for picture in await service.registry.avatars.pictures(avatar) if picture.kept]
    path = f"/v1/avatars/{avatar}/pictures/{kept[0].digest.hex()}" if kept else None
    return found.name, path
