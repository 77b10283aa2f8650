"""A stream that a worker holds, as its session's pipeline has it: a source, a gaze, and the ring of its packets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from fractions import Fraction

from monitor.metrics import FRAMES, FRAMES_DROPPED
from monitor.sources.ring import Encoded, Ring, Sound, Take
from monitor.sources.source import Ended, Lost, Picture, Refused, Resumed, Sighted, SourceEvent, Stalled, Watch
from monitor.workers.frame import Frame, FrameRefused, observation
from monitor.workers.opening import Opening
from protocols.observation import Look, Motion, Observation, Rival

Recall = Callable[[Look], Awaitable[Sequence[Observation]]]
_EVENTS: dict[str, Callable[..., SourceEvent]] = {
    "sighted": Sighted,
    "stalled": Stalled,
    "resumed": Resumed,
    "ended": Ended,
    "refused": Refused,
}


class FarStream:
    """One stream. ``send`` says something to the worker that holds it now; nobody may, and then it is said later."""

    def __init__(
        self, name: str, opening: Opening, ring: Ring, *, send: Callable[[Frame], None], left: Callable[[str], None]
    ) -> None:
        self.name = name
        self.opening = opening
        self.mode = Watch.AMBIENT
        self.seen = self.dropped = self.corrupt = 0
        self.observed: asyncio.Queue[Look | Motion] = asyncio.Queue()
        self._ring = ring
        self._send = send
        self._left = left
        self._events: asyncio.Queue[SourceEvent | None] = asyncio.Queue()
        self._closed = False

    # ---- for the pipeline, as its source

    async def events(self) -> AsyncIterator[SourceEvent]:
        """What happens to the stream; pictures are looked at by the worker and told as Sighted."""
        self._send(self.opened())
        while (event := await self._events.get()) is not None:
            yield event
            if isinstance(event, Ended | Refused):
                return

    def watch(self, mode: Watch) -> None:
        """Watch every frame from the next keyframe, or keyframes only from now."""
        if mode is not self.mode:
            self.mode = mode
            self._send(Frame(kind="watch", stream=self.name, says={"mode": mode.value}))

    async def close(self) -> None:
        """Have the worker let go; idempotent."""
        if not self._closed:
            self._closed = True
            self._send(Frame(kind="close", stream=self.name, says={}))
            self._left(self.name)
            self._events.put_nowait(None)

    # ---- for the pool

    def begun(self) -> list[Frame]:
        """What a worker is told that takes the stream over."""
        return [self.opened()]

    def opened(self) -> Frame:
        """What a worker is told so that it holds the stream."""
        return Frame(kind="open", stream=self.name, says={**self.opening.document(), "mode": self.mode.value})

    def lost(self, at: float, cause: str) -> None:
        """Its worker is no more; the pipeline is blind until another one sees the stream."""
        self._events.put_nowait(Lost(at=at - self.opening.zero, cause=cause))

    def hear(self, frame: Frame) -> None:
        """Take what its worker says. Raises FrameRefused."""
        says = frame.says
        try:
            match frame.kind:
                case "observation":
                    self.observed.put_nowait(observation(frame))
                case "take":
                    self._ring.begin(_take(frame))
                case "sound":
                    pts = None if says["pts"] is None else int(says["pts"])
                    self._ring.hear(Encoded(frame.body, int(says["dts"]), keyframe=True, pts=pts))
                case "packet":
                    self._keep(frame)
                case "count":
                    self._count(int(says["seen"]), int(says["dropped"]), int(says["corrupt"]))
                case kind:
                    self._events.put_nowait(_EVENTS[kind](**says))
        except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise FrameRefused(f"a worker says what makes no sense: {type(error).__name__}") from error

    def _keep(self, frame: Frame) -> None:
        """Let the ring keep a packet."""
        says, keyframe = frame.says, frame.says["keyframe"] is True
        pts = None if says["pts"] is None else int(says["pts"])
        stamp = pts if says["dts"] is None else int(says["dts"])
        if stamp is not None:
            packet = Encoded(frame.body, stamp, keyframe=keyframe, pts=pts)
            self._ring.take(packet, keyframe=keyframe, arrived=float(says["arrived"]))

    def _count(self, seen: int, dropped: int, corrupt: int) -> None:
        """Add what was counted since it was told last."""
        FRAMES.inc(max(0, seen))
        FRAMES_DROPPED.inc(max(0, dropped))
        self.seen += max(0, seen)
        self.dropped += max(0, dropped)
        self.corrupt += max(0, corrupt)


def _take(frame: Frame) -> Take:
    says, head, sound = frame.says, frame.body, None
    if (heard := says.get("sound")) is not None:
        cut = len(head) - int(heard["head"])
        if not 0 <= cut <= len(head):
            raise ValueError(cut)
        head, parameters = head[:cut], head[cut:]
        sound = Sound(codec=str(heard["codec"]), unit=_unit(heard["unit"]), head=parameters)
    return Take(codec=str(says["codec"]), unit=_unit(says["unit"]), head=head, sound=sound)


def _unit(says: Sequence[object]) -> Fraction:
    return Fraction(int(str(says[0])), int(str(says[1])))


class FarGaze:
    """The gaze on such a stream: the worker looks, and here it is asked whom each look calls to mind."""

    def __init__(self, stream: FarStream, deliver: Callable[[Observation], None], recall: Recall) -> None:
        self._stream = stream
        self._deliver = deliver
        self._recall = recall
        self._forgotten: set[str] = set()
        self.dropped = 0

    @property
    def seen(self) -> int:
        """How many pictures the workers have looked at."""
        return self._stream.seen

    def take(self, picture: Picture, *, full: bool) -> None:
        """Refuse: pictures stay with the worker."""
        raise TypeError("a worker looks at its pictures itself")

    def forget(self, avatar: str) -> None:
        """``avatar`` is purged: it is told of no more."""
        self._forgotten.add(avatar)

    async def run(self) -> None:
        """Take what the worker sees, until cancelled."""
        while True:
            seen = await self._stream.observed.get()
            told: Sequence[Observation] = await self._recall(seen) if isinstance(seen, Look) else [seen]
            for one in told:
                if not (isinstance(one, Rival) and one.avatar in self._forgotten):
                    self._deliver(one)
