"""Pulled streams: RTMP, HTTP-FLV, HLS and files."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from prometheus_client import Counter

from monitor.egress import EgressPolicy, Resolve, resolve
from monitor.sources.feed import Feed, finished
from monitor.sources.opening import kind_of
from monitor.sources.reader import Reader
from monitor.sources.ring import Ring
from monitor.sources.source import Limit, Patience, SourceEvent, Watch

ABANDONED = Counter(
    "nakanohito_source_threads_abandoned", "Reader threads that did not end within the time a close may take"
)
CLOSE_WITHIN = 4.5
"""Seconds that a close waits for the reader; then it is left alone and ends by itself at its next timeout."""


class PullSource:
    """A stream at a URL, which is checked against ``policy`` at each connection; see Patience and Limit."""

    def __init__(
        self,
        url: str,
        *,
        zero: float,
        policy: EgressPolicy,
        patience: Patience | None = None,
        limit: Limit | None = None,
        resolve: Resolve = resolve,
        ring: Ring | None = None,
    ) -> None:
        """Take the URL; raises EgressRefused for a scheme that no source has. Nothing is connected yet."""
        patience = patience or Patience()
        self._name = f"source-{kind_of(url)}"
        self._feed = Feed(zero=zero, patience=patience, ring=ring)
        self._reader = Reader(
            url, self._feed, policy=policy, patience=patience, limit=limit or Limit(), resolve=resolve
        )
        self._thread: threading.Thread | None = None
        self._finished = asyncio.Event()

    @property
    def dropped(self) -> int:
        """Pictures that nobody fetched in time."""
        return self._feed.dropped

    @property
    def corrupt(self) -> int:
        """Decoding errors, and frames that were decoded with errors."""
        return self._feed.corrupt

    def watch(self, mode: Watch) -> None:
        """Watch every frame from the next keyframe, or keyframes only from now."""
        self._feed.mode = mode

    async def events(self) -> AsyncIterator[SourceEvent]:
        """Connect and tell what is seen; once."""
        if self._thread is None and not self._reader.stop.is_set():
            self._start()
        try:
            async for event in self._feed.events():
                yield event
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop reading; returns within five seconds."""
        self._reader.stop.set()
        self._reader.abort()
        self._feed.close()
        if self._thread is None or self._finished.is_set():
            return
        await finished(self._finished, CLOSE_WITHIN)
        if not self._finished.is_set():
            self._finished.set()  # so that who closes at the same time does not count it again
            ABANDONED.inc()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()

        def run() -> None:
            try:
                self._reader.run()
            finally:
                with suppress(RuntimeError):  # the loop was closed, nobody waits
                    loop.call_soon_threadsafe(self._finished.set)

        # A daemon, so that one that hangs in a server's silence does not keep the process from ending.
        self._thread = threading.Thread(target=run, name=self._name, daemon=True)
        self._thread.start()
