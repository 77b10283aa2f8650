"""Published streams: a publisher, or an SFU that sends on a copy, offers its video by WHIP (RFC 9725)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from monitor.egress import EgressPolicy
from monitor.sources.feed import Feed
from monitor.sources.reception import Reception
from monitor.sources.ring import Ring
from monitor.sources.sdp import SdpRefused
from monitor.sources.source import Limit, Patience, SourceEvent, Watch

__all__ = ["SdpRefused", "WhipEnd", "WhipSource"]


@runtime_checkable
class WhipEnd(Protocol):
    """Our end of a publisher's connection, be it in this process or in a worker."""

    @property
    def live(self) -> bool:
        """Whether a publisher is connected or connecting, and not silent: a second one is to be refused."""

    async def answer(self, offer_sdp: str) -> str:
        """Answer an SDP offer. Raises SdpRefused."""

    async def hang_up(self) -> None:
        """Close the publisher's connection, which ends the stream."""


class WhipSource:
    """Waits for an offer; ``answer`` and ``hang_up`` are what the HTTP endpoint's POST and DELETE do.

    ``patience.start_within`` may be None, to wait for a publisher for as long as the session lives. A publisher that
    has left without a DELETE may offer again until ``patience.give_up_after``.
    """

    def __init__(
        self,
        *,
        zero: float,
        policy: EgressPolicy,
        patience: Patience | None = None,
        limit: Limit | None = None,
        keyframe_every: float = 1.0,
        ice_servers: tuple[str, ...] = (),
        ring: Ring | None = None,
    ) -> None:
        self._feed = Feed(zero=zero, patience=patience or Patience(start_within=None), ring=ring)
        self._limit = limit or Limit()
        self._policy = policy
        self._keyframe_every = keyframe_every
        self._ice_servers = ice_servers
        self._reception: Reception | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    @property
    def dropped(self) -> int:
        """Pictures that nobody fetched in time."""
        return self._feed.dropped

    @property
    def corrupt(self) -> int:
        """Decoding errors, and frames that were decoded with errors."""
        return self._feed.corrupt

    @property
    def live(self) -> bool:
        """Whether a publisher is connected or connecting, and not silent: a second one is to be refused."""
        return self._reception is not None and not self._reception.gone.is_set() and not self._feed.stalled

    def watch(self, mode: Watch) -> None:
        """Watch every frame from the next keyframe, which is asked for; or keyframes only from now."""
        self._feed.mode = mode
        if self._reception is not None:
            self._reception.want_keyframe()

    def events(self) -> AsyncIterator[SourceEvent]:
        """Tell what is seen, from the first offer on; once."""
        return self._events()

    async def answer(self, offer_sdp: str) -> str:
        """Take a publisher's offer and return the answer; whoever published before is left.

        Raises SdpRefused, which says what to offer instead, and leaves things as they were.
        """
        async with self._lock:
            if self._closed:
                raise SdpRefused("this session takes no publisher any more")
            fresh = Reception(
                self._feed,
                limit=self._limit,
                policy=self._policy,
                keyframe_every=self._keyframe_every,
                ice_servers=self._ice_servers,
            )
            try:
                answer = await fresh.answer(offer_sdp)
            except BaseException:
                await fresh.close()
                raise
            former, self._reception = self._reception, fresh
            if former is not None:
                await former.close()
            return answer

    async def hang_up(self, cause: str = "the publisher hung up") -> None:
        """End the stream, for a DELETE or a cut; the publisher's connection is closed."""
        self._feed.end(cause)
        await self.close()

    async def close(self) -> None:
        """Disconnect; returns within five seconds."""
        async with self._lock:
            self._closed = True
            self._feed.close()
            if self._reception is not None:
                await self._reception.close()

    async def _events(self) -> AsyncIterator[SourceEvent]:
        try:
            async for event in self._feed.events():
                yield event
        finally:
            await self.close()
