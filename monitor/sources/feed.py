"""The half of a source that all kinds share: what was decoded becomes pictures, silence becomes stalls and ends."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import av

from monitor.sources.clock import MediaClock
from monitor.sources.mailbox import Mailbox
from monitor.sources.ring import Ring
from monitor.sources.silence import Silence
from monitor.sources.source import Ended, Patience, Picture, Refused, SourceEvent, Watch


class Feed:
    """Takes packets and frames from the thread that decodes; gives events to the task that watches."""

    def __init__(self, *, zero: float, patience: Patience, capacity: int = 64, ring: Ring | None = None) -> None:
        self._zero = zero
        self._clock = MediaClock(zero)
        self._mailbox = Mailbox(capacity)
        self._silence = Silence(began=time.monotonic(), zero=zero, patience=patience)
        self._lock = threading.Lock()
        self._size = (0, 0)
        self._fresh = True
        self._followed = False
        self.ring = ring
        self.mode = Watch.AMBIENT
        self.corrupt = 0

    @property
    def dropped(self) -> int:
        """Pictures that nobody fetched in time."""
        return self._mailbox.dropped

    @property
    def stalled(self) -> bool:
        """Whether a stall was told and nothing was seen since."""
        with self._lock:
            return self._silence.stalled

    @property
    def packet_at(self) -> float:
        """When the last packet arrived, on the monotonic clock; minus infinity before the first."""
        with self._lock:
            return self._silence.packet_at

    def connected(self) -> None:
        """Expect other time stamps from now on; the next picture is fresh."""
        with self._lock:
            self._clock.reset()
            self._fresh = True

    def packet(self, pts: float | None, arrived: float) -> None:
        """Take in that a packet of video has arrived: ``pts`` in seconds, ``arrived`` on the monotonic clock."""
        with self._lock:
            self._silence.packet(arrived)
            if pts is not None:
                self._clock.note(pts, arrived)

    def frame(self, frame: av.VideoFrame, pts: float | None, arrived: float) -> None:
        """Take in a decoded frame."""
        with self._lock:
            resumed = self._silence.picture(arrived)
            size = (frame.width, frame.height)
            fresh = self._fresh or resumed is not None or size != self._size
            self._fresh, self._size = False, size
            picture = Picture(
                at=self._clock.at(pts), arrived=arrived - self._zero, keyframe=frame.key_frame, fresh=fresh, frame=frame
            )
        if resumed is not None:
            self._mailbox.put(resumed)
        self._mailbox.put(picture, gather=self.mode is Watch.FULL and not fresh)

    def trouble(self, cause: str) -> None:
        """Keep why connecting failed, to be told when patience ends."""
        with self._lock:
            self._silence.trouble = cause

    def end(self, cause: str) -> None:
        """Say that the stream is over."""
        self._finish(Ended(at=time.monotonic() - self._zero, cause=cause))

    def refuse(self, cause: str) -> None:
        """Say that the stream cannot be watched."""
        self._finish(Refused(at=time.monotonic() - self._zero, cause=cause))

    def close(self) -> None:
        """Say nothing more."""
        self._mailbox.seal()

    async def events(self) -> AsyncIterator[SourceEvent]:
        """Tell what happens until the end; once."""
        if self._followed:
            raise RuntimeError("the events of a source can be followed only once")
        self._followed = True
        with self._lock:
            self._silence.began = time.monotonic()
        while not self._mailbox.exhausted:
            event = await self._mailbox.get(self._seconds_left()) or self._judge_silence()
            if event is not None:
                yield event
            if isinstance(event, Ended | Refused):
                return

    def _seconds_left(self) -> float | None:
        with self._lock:
            deadline = self._silence.next_deadline
        # Asked again at least once a second, since packets move the deadline without leaving an event.
        return min(max(deadline - time.monotonic(), 0.0), 1.0)

    def _judge_silence(self) -> SourceEvent | None:
        if self._mailbox.exhausted:
            return None
        with self._lock:
            return self._silence.check(time.monotonic())

    def _finish(self, event: Ended | Refused) -> None:
        self._mailbox.put(event)
        self._mailbox.seal()


async def finished(event: asyncio.Event, seconds: float) -> None:
    """Wait for ``event``, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
