"""The gate: who may go on air. Blocks keep out, bookings let in, and what is let in is attached at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import structlog
from pydantic import ValidationError

from monitor.egress import EgressRefused
from monitor.refusal import AttachLater, AttachRefused
from protocols.backend import AttachRequest, PlacementRequest
from protocols.booking import Booking
from protocols.session import Placement, Session, SessionId
from registry.block import Blocks
from registry.booking import Bookings
from registry.error import NotFound, Refused, RegistryError, SessionConflict

_log = structlog.get_logger()

_CATCH_UP_EVERY = 5.0  # seconds
_CATCH_UP_FOR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookable:
    """What the settings say about bookings: a server's address of streams, and what becomes of what is not booked."""

    watch: Mapping[str, str | None]
    refuses_unbooked: bool = False


class PublishGate:
    """Decides by the registry's blocks and bookings. ``attach`` begins a session, ``session`` reads one."""

    def __init__(
        self,
        blocks: Blocks,
        bookings: Bookings,
        bookable: Bookable,
        *,
        attach: Callable[..., Awaitable[Session]],
        session: Callable[[SessionId], Awaitable[Session]],
        clock: Callable[[], datetime],
    ) -> None:
        self._blocks = blocks
        self._bookings = bookings
        self._bookable = bookable
        self._attach = attach
        self._session = session
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()

    async def may_publish(self, placement: Placement, *, operator: str | None = None) -> str | None:
        """Return why the stream must not go on air; None where it may, and then it is watched if it is booked.

        A hook that comes twice, or again after a reconnection, finds the session of before and changes nothing.
        """
        if (refusal := await self.may_go_on(placement)) is not None:
            return refusal
        booking = await self._bookings.of(placement)
        if booking is None:
            return "Nothing is booked at this place; book it first." if self._bookable.refuses_unbooked else None
        return booking.refusal(operator, self._clock()) or await self._watched(booking)

    async def may_go_on(self, placement: Placement) -> str | None:
        """Return the standing block's reason and end: one that came too late for the publishing ends it still."""
        block = await self._blocks.blocked(placement, now=self._clock())
        if block is None:
            return None
        until = "until it is restored" if block.until is None else f"until {block.until.isoformat(timespec='seconds')}"
        return f"{block.reason} Publishing is blocked {until}."

    async def ended(self, placement: Placement) -> None:
        """A publisher has left. Hooks may be late or invented, so the session's own source says when it is over."""
        _log.info("publish.done", server=placement.server, app=placement.app)

    def unseen(self, placement: Placement, *, operator: str | None = None) -> None:
        """Go on deciding about a stream that was let on air meanwhile, so that none stays unwatched unseen."""
        self._keep(asyncio.create_task(self._catch_up(placement, operator), name="publish, unseen"))

    async def close(self) -> None:
        """Leave what is still to be decided."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _catch_up(self, placement: Placement, operator: str | None) -> None:
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + _CATCH_UP_FOR:
            await asyncio.sleep(_CATCH_UP_EVERY)
            try:
                refusal = await self.may_publish(placement, operator=operator)
            except (RegistryError, AttachLater) as trouble:
                _log.warning("publish.unseen", server=placement.server, app=placement.app, because=str(trouble))
                continue
            if refusal is not None:  # it is on air; blocked places are the vigil's to clear
                _log.error("publish.unwatched", server=placement.server, app=placement.app, because=refusal)
            return
        _log.error("publish.unwatched", server=placement.server, app=placement.app, because="nothing could be decided")

    def _keep(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:  # its asker may be gone
            _log.debug("publish.task", fault=type(fault).__name__)

    async def _watched(self, booking: Booking) -> str | None:
        """Attach the broadcast; why it must not go on air where it cannot be. Raises what is our own trouble."""
        try:
            request = _request(booking, self._bookable, self._clock())
            attaching = asyncio.ensure_future(self._attach(request, account=""))
            self._keep(attaching)
            # The media server does not wait for ever, and a session is never attached by halves.
            session = await asyncio.shield(attaching)
        except SessionConflict as twice:
            return await self._attached_before(booking, twice)
        except AttachLater:
            raise
        except (NotFound, Refused, AttachRefused, EgressRefused) as refused:
            return str(refused)
        except ValidationError:
            return "The booking of this place cannot be attached; book it anew."
        _log.info("publish.attached", session=session.id, server=booking.placement.server)
        return None

    async def _attached_before(self, booking: Booking, twice: SessionConflict) -> str | None:
        """Whether the session that is there is this place's: the same hook again, or a publisher who came back."""
        if twice.other is None:  # another request was first, just now
            return "This stream is being attached; try again in a moment."
        other = await self._session(SessionId(twice.other))
        if other.placement == booking.placement:
            return None
        return f"Session {other.id} watches another stream at the same address; give this one its own."


def _request(booking: Booking, bookable: Bookable, now: datetime) -> AttachRequest:
    placement = booking.placement
    template = bookable.watch.get(placement.server) or ""
    names = {"{app}": quote(placement.app), "{stream}": quote(placement.stream)}
    url = booking.url
    if url is None:
        url = template.replace("{app}", names["{app}"]).replace("{stream}", names["{stream}"])
    return AttachRequest(
        url=url,
        avatar=booking.avatar,
        operators=list(booking.operators(now)),
        policy=booking.policy,
        callback_url=booking.callback_url,
        placement=PlacementRequest.of(placement),
        account=booking.account or None,
    )
