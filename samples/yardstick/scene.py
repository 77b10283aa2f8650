"""Scenes to be measured: who or what moves which avatar, and what the operator's side tells of it.

A scene is filmed at 13 pictures a second, encoded as a stream is, decoded, and looked at as a session's pictures are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import av
import numpy as np

from monitor.observers.likeness.sight import Sight
from monitor.observers.motion import MotionObserver
from monitor.observers.picture import colour, luma
from monitor.simulation.measured import Glance
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.gesture import Gesture
from protocols.telemetry import TelemetrySample
from samples.performance import Encoder
from samples.studio import AVATARS, Automaton, Loop, Performer, Pose, Scene, Screen, Tracker
from samples.studio.clip import Take
from samples.studio.library import BACKDROPS, OVERLAYS
from samples.studio.motion import Motion

__all__ = ["ASKED", "LENGTH", "ORDINARY", "Film", "Person", "engine", "film", "idle", "loop", "person", "told"]

ORDINARY = 104.0  # seconds in which nothing is asked
EVERY = 7.0  # seconds between two questions
_ROUNDS = 2
ASKED = tuple((gesture, ORDINARY + 2.0 + EVERY * n) for n, gesture in enumerate([*Gesture] * _ROUNDS))
LENGTH = ORDINARY + EVERY * len(ASKED) + 4.0
_FPS, _WIDTH, _HEIGHT = 13, 480, 270
_BEGIN = 6.0
_GLANCE_EVERY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who moves and does what is asked. ``delay`` seconds until the picture shows it."""

    seed: int
    motion: Motion
    shown: Motion
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Film:
    """What was seen of a scene; ``stalling``: the same motion, as over a network that holds pictures back."""

    avatar: str
    motion: MotionTrack
    stalling: MotionTrack
    glances: tuple[Glance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A motion without what a person cannot move."""

    motion: Motion
    hands: bool = True
    eyelids: bool = True

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds."""
        pose = self.motion.pose(t)
        if not self.hands:
            pose = replace(pose, hand_l=-1.0, hand_r=-1.0)
        return pose if self.eyelids else replace(pose, eye_blink=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What avatar software shows while it tracks nobody: it breathes, and blinks now and then."""

    seed: int
    blinks: tuple[float, ...] = field(default=())

    def pose(self, t: float) -> Pose:
        """The pose at ``t`` seconds."""
        lid = max((1.0 - abs(t - blink) / 0.12 for blink in self.blinks), default=0.0)
        breath = float(np.sin(2 * np.pi * t / (3.4 + 0.1 * (self.seed % 7))))
        return Pose(breath=breath, eye_blink=max(0.0, lid))


def person(seed: int, temperament: str, *, hands: bool = True, eyelids: bool = True) -> Person:
    """A person of ``temperament`` before an avatar, who answers everything in ``ASKED`` that they can."""
    rng = np.random.default_rng([seed, 11])
    delay, gain = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.95, 1.4))
    performer = Performer(seed, temperament)
    for gesture, asked in ASKED:
        performer.answer(gesture.value, _BEGIN + asked + delay)
    motion = Limited(motion=Take(performer, _BEGIN), hands=hands, eyelids=eyelids)
    return Person(seed=seed, motion=motion, shown=Screen(motion=motion, gain=gain, delay=delay), delay=delay)


def engine(seed: int) -> Motion:
    """An avatar that an engine moves, talking on and on."""
    return Automaton(seed)


def loop(seed: int, temperament: str) -> Motion:
    """A recording of a person that plays again, hard cut or cross-faded."""
    rng = np.random.default_rng([seed, 12])
    live = Screen(motion=Take(Performer(seed, temperament), _BEGIN))
    return Loop(motion=live, begin=3.0, period=float(rng.uniform(5.0, 15.0)), fade=float(rng.choice([0.0, 0.4])))


def idle(seed: int) -> Motion:
    """An avatar whose person has gone."""
    rng = np.random.default_rng([seed, 13])
    return Idle(seed=seed, blinks=tuple(float(b) for b in np.cumsum(rng.uniform(2.0, 6.0, 60))))


def told(motion: Motion, seed: int, *, length: float, clean: bool = False, hands: bool = True, lids: bool = True) -> (
    list[TelemetrySample]
):  # fmt: skip
    """What a tracker tells of ``motion``: a camera's, with its noise, or a ``clean`` one that is a script's."""
    tracker = Tracker(seed, white=0.02, drift=0.0, lost=0.0) if clean else Tracker(seed)
    missing = {name for name, there in (("handL", hands), ("handR", hands), ("eyeBlink", lids)) if not there}
    return [
        TelemetrySample.from_wire({name: value for name, value in sample.items() if name not in missing})
        for sample in tracker.samples(motion, 0.0, length)
    ]


def torn(samples: list[TelemetrySample], seed: int) -> TelemetryTrack:
    """Telemetry over a network that loses bursts of it."""
    rng, track, lost_until = np.random.default_rng([seed, 14]), TelemetryTrack(horizon=1e9), -1.0
    for sample in samples:
        if sample.at > lost_until and rng.random() < 0.006:
            lost_until = sample.at + float(rng.uniform(0.2, 2.0))
        if sample.at > lost_until:
            track.add(sample)
    return track


def whole(samples: list[TelemetrySample]) -> TelemetryTrack:
    """Telemetry as it was told."""
    track = TelemetryTrack(horizon=1e9)
    for sample in samples:
        track.add(sample)
    return track


def film(motion: Motion, seed: int, *, length: float, sight: Sight, faces: dict[str, np.ndarray]) -> Film:
    """Film ``motion``; ``faces``: reference vectors (n, d) by avatar."""
    name = AVATARS[seed % len(AVATARS)]
    steady, stalling, glances = _Watched(), _Watched(), []
    rng, stalled_until = np.random.default_rng([seed, 15]), -1.0
    for frame, at in _frames(motion, name, seed, length):
        steady.see(frame, at)
        if at > stalled_until and rng.random() < 0.01:
            stalled_until = at + float(rng.uniform(0.15, 1.2))
        if at > stalled_until:
            stalling.see(frame, at)
        if at // _GLANCE_EVERY > (at - 1 / _FPS) // _GLANCE_EVERY:
            glances.append(_glance(sight, frame, name, faces))
    return Film(avatar=name, motion=steady.track, stalling=stalling.track, glances=tuple(glances))


class _Watched:
    """The motion of the pictures that come."""

    def __init__(self) -> None:
        self.track = MotionTrack(horizon=1e9)
        self._observer = MotionObserver()

    def see(self, frame: av.VideoFrame, at: float) -> None:
        """Take a picture."""
        moved = self._observer.observe(luma(frame), at)
        if moved is not None:
            self.track.add(moved)


def _frames(motion: Motion, avatar: str, seed: int, length: float) -> Iterator[tuple[av.VideoFrame, float]]:
    scene = Scene(
        avatar,
        backdrop=BACKDROPS[seed % len(BACKDROPS)],
        overlays=OVERLAYS[seed // 2 % len(OVERLAYS)],
        width=_WIDTH,
        height=_HEIGHT,
        seed=seed,
    )
    encoder, decoder = Encoder(_WIDTH, _HEIGHT, _FPS), av.CodecContext.create("h264", "r")
    for number in range(round(length * _FPS)):
        at = number / _FPS
        picture = av.VideoFrame.from_ndarray(scene.frame(motion.pose(at), at), format="bgr24")
        for frame in decoder.decode(encoder.encode(picture, at)):
            yield frame, float(frame.time)


def _glance(sight: Sight, frame: av.VideoFrame, avatar: str, faces: dict[str, np.ndarray]) -> Glance:
    seen = sight.look(colour(frame))
    if seen is None:
        return Glance(confidence=0.0, claimed=0.0, other=0.0)
    likeness = {name: float(np.sort(vectors @ seen.vector)[-2:].mean()) for name, vectors in faces.items()}
    claimed = likeness.pop(avatar)
    return Glance(confidence=seen.confidence, claimed=claimed, other=max(likeness.values()))
