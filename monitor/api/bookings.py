"""Bookings: what may be published where. A media server that asks before a stream goes on air is answered by them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from monitor.api.auth import GuardedRoute, allowed
from monitor.api.listing import Cursor, Limit
from monitor.api.reference import problems
from monitor.api.service import Serving
from protocols.backend import BookingRequest, BookingView, Page
from protocols.booking import Booking
from protocols.session import Placement
from registry.apikey import ApiKey, Scope

router = APIRouter(prefix="/v1/bookings", tags=["bookings"], route_class=GuardedRoute)

Server = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Server of the settings.", examples=["edge"])
]
Name = r"^[A-Za-z0-9._~+=@:-]{1,200}$"
App = Annotated[str, Path(pattern=Name, description="Application on that server.", examples=["live"])]
Stream = Annotated[str, Path(pattern=Name, description="Name of the stream, the stream key.", examples=["room-42"])]


@router.get("", summary="List bookings", responses=problems())
async def listed(
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.SESSIONS_READ)],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[BookingView]:
    """What may be published where, newest first. Needs the scope `sessions:read`."""
    page = await service.registry.bookings.list(limit=limit, cursor=cursor)
    return Page(items=[BookingView.of(booking) for booking in page.items], next=page.next)


@router.get("/{server}/{app}/{stream}", summary="Read a booking", responses=problems(404))
async def read(
    server: Server, app: App, stream: Stream, service: Serving, key: Annotated[ApiKey, allowed(Scope.SESSIONS_READ)]
) -> BookingView:
    """The booking of one place. Needs the scope `sessions:read`."""
    placement = Placement(server=server, app=app, stream=stream)
    return BookingView.of(await service.registry.bookings.get(placement))


@router.put("/{server}/{app}/{stream}", summary="Book a place", responses=problems(404, 408, 413))
async def put(
    server: Server,
    app: App,
    stream: Stream,
    request: BookingRequest,
    service: Serving,
    key: Annotated[ApiKey, allowed(Scope.SESSIONS_WRITE)],
) -> BookingView:
    """From now on a publisher at this place goes on air as this avatar, and its session attaches by itself.

    It takes the place of the booking that was there; a broadcast that is on air goes on under the one it began with.
    Needs the scope `sessions:write`.
    """
    _watchable(server, request, service)
    placement = Placement(server=server, app=app, stream=stream)
    if request.policy is not None:
        await service.registry.policies.get(request.policy)
    booking = Booking(
        placement=placement,
        avatar=(await service.registry.avatars.meant(request.avatar)).id,
        roster=tuple(each.rostered() for each in request.roster),
        policy=request.policy,
        booked_at=service.clock(),
        url=request.url,
        callback_url=request.callback_url,
        account=request.account or "",
    )
    return BookingView.of(await service.registry.bookings.put(booking))


@router.delete("/{server}/{app}/{stream}", summary="Take a booking back", responses=problems(404))
async def remove(
    server: Server, app: App, stream: Stream, service: Serving, key: Annotated[ApiKey, allowed(Scope.SESSIONS_WRITE)]
) -> BookingView:
    """Nothing is booked there any more; a broadcast that is on air goes on. Needs the scope `sessions:write`."""
    placement = Placement(server=server, app=app, stream=stream)
    return BookingView.of(await service.registry.bookings.remove(placement))


def _watchable(server: str, request: BookingRequest, service: Serving) -> None:
    """Raise HTTPException 422 where a broadcast could never be watched."""
    found = service.settings.servers.get(server)
    if found is None:
        known = ", ".join(sorted(service.settings.servers)) or "none"
        raise HTTPException(422, f"No server '{server}' is in the settings of the service (there: {known}).")
    if request.url is None and found.watch is None:
        raise HTTPException(
            422, f"Say where the stream is watched: 'url' here, or 'servers.{server}.watch' in the settings."
        )
