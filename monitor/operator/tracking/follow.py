"""Following: the tracker that was named, or whichever is found, for as long as the shift lasts."""

import asyncio
from contextlib import suppress
from pathlib import Path

from monitor.operator.tracking.choice import Choice, TrackerRefused
from monitor.operator.tracking.datagram import listen
from monitor.operator.tracking.discovery import LISTEN_FOR, discover
from monitor.operator.tracking.feed import Doing, TrackingFeed
from monitor.operator.tracking.vtube_studio import VTubeStudio
from protocols.tracking.quality import Condition
from protocols.tracking.tracker import Tracker

_SILENT_FOR = 15.0
_LOOK_EVERY = 1.0


async def follow(
    choice: Choice | None, feed: TrackingFeed, token_file: Path, *, listen_for: float = LISTEN_FOR
) -> None:
    """Follow ``choice``, or what is found. What keeps a tracker from being followed is told, and ends it."""
    try:
        if choice is not None:
            await _one(choice, feed, token_file)
        while True:
            found = await _search(feed, listen_for)
            await _until_silent(found, feed, token_file)
    except TrackerRefused as refused:
        feed.tell(Doing.REFUSED, detail=str(refused))


async def _search(feed: TrackingFeed, listen_for: float) -> Choice:
    feed.tell(Doing.SEARCHING, "")
    while True:
        found, taken = await discover(listen_for)
        if found:
            return found[0]
        ports = ", ".join(map(str, taken))
        feed.tell(Doing.SEARCHING, detail=f"UDP {ports} taken by other programs" if taken else "")


async def _one(choice: Choice, feed: TrackingFeed, token_file: Path) -> None:
    if choice.tracker is Tracker.VTUBE_STUDIO:
        await VTubeStudio(choice, feed, token_file).follow()
    await listen(choice, feed)


async def _until_silent(choice: Choice, feed: TrackingFeed, token_file: Path) -> None:
    """Follow one that was found, until nothing has come from it for a while."""
    clock = asyncio.get_running_loop()
    following = asyncio.create_task(_one(choice, feed, token_file))
    heard = clock.time()
    try:
        while not following.done() and clock.time() - heard < _SILENT_FOR:
            await asyncio.wait({following}, timeout=_LOOK_EVERY)
            asking = feed.doing is Doing.ASKING
            if asking or feed.quality(clock.time()).condition is not Condition.SILENT:
                heard = clock.time()
        if following.done():
            following.result()
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, TrackerRefused):
            await following
