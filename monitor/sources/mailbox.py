"""A bounded mailbox from a source's thread to the event loop: of pictures the newest win, other events never drop."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace

from monitor.sources.source import Picture, SourceEvent

PIXELS = 64_000_000
"""Of all pictures that wait together, about 100 MB: some seventy of 720p, thirty of 1080p, six of the largest."""


class Mailbox:
    """``put`` and ``seal`` from any thread, ``get`` from one task of one loop."""

    def __init__(self, capacity: int = 64) -> None:
        if capacity < 1:
            raise ValueError(f"a mailbox of {capacity} pictures holds nothing: give at least 1")
        self._capacity = capacity
        self._lock = threading.Lock()
        self._items: deque[SourceEvent] = deque()
        self._pictures = 0
        self._sealed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self.dropped = 0

    def put(self, event: SourceEvent) -> None:
        """Leave an event; the oldest picture makes room for a new one, its freshness goes over to the next."""
        with self._lock:
            if self._sealed:
                return
            if isinstance(event, Picture):
                event = self._make_room(event)
                self._pictures += 1
            self._items.append(event)
        self._wake()

    def seal(self) -> None:
        """Take nothing more; what is there can still be fetched."""
        with self._lock:
            self._sealed = True
        self._wake()

    async def get(self, seconds: float | None) -> SourceEvent | None:
        """Return the next event; None after so many seconds without one, or once sealed and empty."""
        self._loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._news.clear()
                    with self._lock:
                        if self._items:
                            event = self._items.popleft()
                            self._pictures -= isinstance(event, Picture)
                            return event
                        if self._sealed:
                            return None
                    await self._news.wait()
        return None

    @property
    def exhausted(self) -> bool:
        """Whether nothing is there and nothing will come."""
        with self._lock:
            return self._sealed and not self._items

    def _make_room(self, newest: Picture) -> Picture:
        room = min(self._capacity, max(PIXELS // (newest.frame.width * newest.frame.height), 1))
        while self._pictures >= room:
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
