"""A bounded mailbox from a source's thread to the event loop: of pictures the newest win, other events never drop."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace

from monitor.sources.source import Picture, SourceEvent

PIXELS = 64_000_000
"""Of all pictures that wait together, about 100 MB: some seventy of 720p, thirty of 1080p, six of the largest."""

GATHER = 0.2
"""Seconds that pictures of a full-rate window may wait for each other."""


class Mailbox:
    """``put`` and ``seal`` from any thread, ``get`` from one task of one loop."""

    def __init__(self, capacity: int = 64) -> None:
        if capacity < 1:
            raise ValueError(f"a mailbox of {capacity} pictures holds nothing: give at least 1")
        self._capacity = capacity
        self._lock = threading.Lock()
        self._items: deque[SourceEvent] = deque()
        self._pictures = 0
        self._since = 0.0
        self._sealed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self.dropped = 0

    def put(self, event: SourceEvent, *, gather: bool = False) -> None:
        """Leave an event; the oldest picture makes room for a new one, its freshness goes over to the next.

        ``gather``: this picture may wait for others. Whoever fetches is woken once for all that come within ``GATHER``
        seconds, since waking costs as much as looking.
        """
        with self._lock:
            if self._sealed:
                return
            if isinstance(event, Picture):
                gather = gather and self._gathers(event)
                event = self._make_room(event)
                self._pictures += 1
            self._items.append(event)
        if not gather:
            self._wake()

    def seal(self) -> None:
        """Take nothing more; what is there can still be fetched."""
        with self._lock:
            self._sealed = True
        self._wake()

    async def get(self, seconds: float | None) -> SourceEvent | None:
        """Return the next event; None after so many seconds without one, or once sealed and empty."""
        self._loop = loop = asyncio.get_running_loop()
        timer = None if seconds is None else loop.time() + seconds
        while True:
            self._news.clear()
            with self._lock:
                if self._items:
                    event = self._items.popleft()
                    self._pictures -= isinstance(event, Picture)
                    return event
                if self._sealed or (timer is not None and loop.time() >= timer):
                    return None
            await self._told(timer)

    @property
    def exhausted(self) -> bool:
        """Whether nothing is there and nothing will come."""
        with self._lock:
            return self._sealed and not self._items

    async def _told(self, until: float | None) -> None:
        """Wait for news, at most ``until`` then on the loop's clock; a bare timer costs a tenth of asyncio.timeout."""
        timer = None if until is None else asyncio.get_running_loop().call_at(until, self._news.set)
        try:
            await self._news.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def _gathers(self, newest: Picture) -> bool:
        """Whether those that wait may wait for more: not for long, and not until there is no more room."""
        if self._pictures == 0:
            self._since = newest.arrived
        return newest.arrived - self._since < GATHER and 2 * (self._pictures + 1) < self._room(newest)

    def _room(self, newest: Picture) -> int:
        return min(self._capacity, max(PIXELS // (newest.frame.width * newest.frame.height), 1))

    def _make_room(self, newest: Picture) -> Picture:
        while self._pictures >= self._room(newest):
            newest = self._drop_oldest(newest)
        return newest

    def _drop_oldest(self, newest: Picture) -> Picture:
        index = next(i for i, item in enumerate(self._items) if isinstance(item, Picture))
        oldest = self._items[index]
        del self._items[index]
        self._pictures -= 1
        self.dropped += 1
        if not (isinstance(oldest, Picture) and oldest.fresh):
            return newest
        for i in range(index, len(self._items)):
            item = self._items[i]
            if isinstance(item, Picture):
                self._items[i] = replace(item, fresh=True)
                return newest
        return replace(newest, fresh=True)

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                loop.call_soon_threadsafe(self._news.set)
