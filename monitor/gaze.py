"""Gaze: a stream's pictures become observations, in threads; where there are too many, the newest are kept.

Frames may be dropped and are counted; the event loop never decodes, scales or encodes.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor

import structlog

from monitor.metrics import FRAMES_DROPPED, LOOKS
from monitor.observers.likeness.following import Following
from monitor.observers.likeness.sight import Sight
from monitor.observers.motion import MotionObserver
from monitor.observers.occasions import Occasions
from monitor.observers.picture import colour, luma
from monitor.sources.source import Picture
from protocols.observation import Look, Motion, Observation, Rival
from protocols.policy import WatchPolicy

_log = structlog.get_logger()

_DICE = secrets.SystemRandom().random
_WAITING = 64  # pictures; at 30 a second two seconds, which no thread should lag behind


class Gaze:
    """The gaze on one stream.

    ``recall`` is asked whom each look calls to mind; ``dice`` (0..1) draw when it is looked within full-rate windows.
    ``seen`` counts the pictures looked at, ``dropped`` those that newer ones displaced, ``senseless`` those that no
    observer could make sense of.
    """

    def __init__(
        self,
        sight: Sight,
        deliver: Callable[[Observation], None],
        threads: Executor,
        *,
        policy: WatchPolicy,
        recall: Callable[[Look], Awaitable[Sequence[Observation]]] | None = None,
        dice: Callable[[], float] = _DICE,
    ) -> None:
        self._following = Following(sight)
        self._deliver = deliver
        self._threads = threads
        self._recall = recall
        self._motion = MotionObserver()
        self._occasions = Occasions(policy, dice)
        self._waiting: deque[tuple[Picture, bool]] = deque(maxlen=_WAITING)
        self._arrived = asyncio.Event()
        self._forgotten: set[str] = set()
        self.dropped = 0
        self.seen = 0
        self.senseless = 0

    def take(self, picture: Picture, *, full: bool) -> None:
        """Take a picture to look at; ``full`` where it belongs to a full-rate window and its motion counts."""
        if len(self._waiting) == _WAITING:
            self.dropped += 1
            FRAMES_DROPPED.inc()
        self._waiting.append((picture, full))
        self._arrived.set()

    def forget(self, avatar: str) -> None:
        """``avatar`` is purged: it is told of no more, even where a look is calling it to mind right now."""
        self._forgotten.add(avatar)

    async def run(self) -> None:
        """Look at what was taken, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            for observation in await loop.run_in_executor(self._threads, self._see_all, batch):
                for told in await self._recalled(observation):
                    self._deliver(told)
            self.seen += len(batch)

    async def _recalled(self, observation: Look | Motion) -> Sequence[Observation]:
        """The observation, and whom it calls to mind."""
        if self._recall is None or not isinstance(observation, Look):
            return [observation]
        told = await self._recall(observation)
        return [one for one in told if not (isinstance(one, Rival) and one.avatar in self._forgotten)]

    def _see_all(self, batch: list[tuple[Picture, bool]]) -> list[Look | Motion]:
        return [observation for picture, full in batch for observation in self._tried(picture, full)]

    def _tried(self, picture: Picture, full: bool) -> list[Look | Motion]:
        """What is seen on a picture. One that an observer cannot make sense of shows nothing, and stops nobody."""
        seen: list[Look | Motion] = []
        try:
            seen.extend(self._see(picture, full))
        except Exception as fault:  # pictures come from adversaries
            if self.senseless == 0:
                size = f"{picture.frame.width}x{picture.frame.height} {picture.frame.format.name}"
                _log.warning("picture.senseless", at=picture.at, size=size, because=str(fault))
            self.senseless += 1
            seen.append(Look(at=picture.at, vector=None, confidence=0.0, fresh=picture.fresh))
        return seen

    def _see(self, picture: Picture, full: bool) -> Iterator[Look | Motion]:
        plane = luma(picture.frame)
        if full:
            motion = self._motion.observe(plane, picture.at)
            if motion is not None:
                yield motion
        else:
            self._motion.reset()
        look, fresh = self._occasions.take(plane, picture.at, keyframe=picture.keyframe, fresh=picture.fresh, full=full)
        if look:
            yield self._look(picture, fresh)

    def _look(self, picture: Picture, fresh: bool) -> Look:
        image = colour(picture.frame)
        seen = self._following.look(image, fresh=fresh)
        LOOKS.inc()
        return Look(
            at=picture.at,
            vector=None if seen is None else seen.vector,
            confidence=0.0 if seen is None else seen.confidence,
            fresh=fresh,
            head=None if seen is None else seen.head.within(image),
        )
