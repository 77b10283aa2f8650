"""Where the agent's motion comes from: the tracking that runs, or a recording."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.operator.motion import play
from monitor.operator.recording import RecordingRefused, read
from monitor.operator.tracking.choice import Choice, TrackerRefused, chosen
from monitor.operator.tracking.feed import Tracked, TrackingFeed
from monitor.operator.tracking.follow import follow
from monitor.operator.tracking.token import default_file
from protocols.telemetry import TelemetrySample


@dataclass(frozen=True, slots=True)
class Recorded:
    """Recorded motion, played as if it happened now."""

    samples: tuple[TelemetrySample, ...]
    loop: bool


@dataclass(frozen=True, slots=True)
class Live:
    """The tracking that was named, or whichever is found; the angles that it tells the other way round."""

    choice: Choice | None
    flip: tuple[str, ...]


Source = Recorded | Live


def source_of(tracker: str | None, flip: Sequence[str], telemetry: Path | None, *, loop: bool) -> Source:
    """What the options say. Raises RecordingRefused, TrackerRefused."""
    if telemetry is None:
        if loop:
            raise RecordingRefused("--loop plays recorded motion again: name it with --telemetry FILE")
        return Live(None if tracker is None else chosen(tracker), tuple(flip))
    if tracker is not None or flip:
        raise TrackerRefused("--telemetry plays recorded motion in place of tracking: leave --tracker and --flip out")
    return Recorded(read(telemetry), loop)


@asynccontextmanager
async def motion_of(
    source: Source,
) -> AsyncIterator[tuple[AsyncIterator[TelemetrySample], Callable[[], Tracked] | None]]:
    """The motion, and what is to be shown of the tracking that it comes from."""
    if isinstance(source, Recorded):
        yield play(source.samples, loop=source.loop), None
        return
    clock = asyncio.get_running_loop()
    feed = TrackingFeed(source.flip)
    following = asyncio.create_task(follow(source.choice, feed, default_file()))
    try:
        yield feed.samples(), lambda: feed.now(clock.time())
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
