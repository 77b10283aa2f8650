"""Performances: who or what moves the avatar of a scenario, what its operator's side reports, and how it is drawn."""

import fractions
from dataclasses import dataclass
from typing import Any

import av

from samples.scenario import Feed, Scenario, Shown
from samples.studio import Automaton, Loop, Performer, Pose, Scene, Screen, Tracker
from samples.studio.clip import Take
from samples.studio.motion import Motion

__all__ = ["BEGIN", "Cast", "Encoder", "Look", "cast_for"]

BEGIN = 6.0  # seconds into a performance at which its stream begins
CLOCK_RATE = 90_000
_LOOP_S = 7.0
_KBIT = 900


@dataclass(frozen=True, slots=True)
class Frozen:
    """Nobody in front of the tracker: one pose for ever."""

    def pose(self, t: float) -> Pose:
        """The same pose at every ``t``."""
        return Pose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """``shown`` moves the avatar; ``told`` is what the tracker sees, None where no operator connects; ``person`` is
    who answers to requests, None where nobody does."""

    shown: Motion
    told: Motion | None
    person: Performer | None
    tracker: Tracker


def cast_for(scenario: Scenario) -> Cast:
    """Who and what plays ``scenario``; times of all motions are seconds since the stream began."""
    actor = Performer(scenario.seed, scenario.temperament)
    live = Take(actor, BEGIN)
    match scenario.shown:
        case Shown.PERSON:
            shown: Motion = Screen(motion=live)
        case Shown.ENGINE:
            shown = Automaton(scenario.seed)
        case Shown.RECORDING:
            # Recorded before the stream: what is asked of the person now cannot be on it.
            before = Take(Performer(scenario.seed, scenario.temperament), BEGIN)
            shown = Loop(motion=Screen(motion=before), begin=3.0, period=_LOOP_S, fade=0.4)
    match scenario.feed:
        case Feed.NOBODY:
            return Cast(shown=shown, told=None, person=None, tracker=Tracker(scenario.seed))
        case Feed.STILL | Feed.ENGINE:
            machine = Tracker(scenario.seed, white=0.0, drift=0.0, lost=0.0)
            told = Frozen() if scenario.feed is Feed.STILL else shown
            return Cast(shown=shown, told=told, person=None, tracker=machine)
        case Feed.DRIVER:
            return Cast(shown=shown, told=live, person=actor, tracker=Tracker(scenario.seed))
        case Feed.STRANGER:
            other = Performer(scenario.seed + 7919, "lively")
            return Cast(shown=shown, told=Take(other, BEGIN), person=other, tracker=Tracker(scenario.seed))


class Look:
    """Draws the pictures of a scenario; the other avatar is in place when its time has come."""

    def __init__(self, scenario: Scenario, width: int, height: int) -> None:
        self._scenario = scenario
        self._scene = Scene(
            scenario.avatar,
            backdrop=scenario.backdrop,
            overlays=scenario.overlays,
            width=width,
            height=height,
            seed=scenario.seed,
        )
        self.swapped = False

    def draw(self, pose: Pose, at: float) -> av.VideoFrame:
        """The picture at ``at`` seconds."""
        if self._scenario.swap_to and at >= self._scenario.swap_at and not self.swapped:
            self._scene.swap(self._scenario.swap_to)
            self.swapped = True
        return av.VideoFrame.from_ndarray(self._scene.frame(pose, at), format="bgr24")


class Encoder:
    """H.264 for WebRTC with a keyframe a second, at a fraction of the work that aiortc's own encoder takes."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        self._unit = fractions.Fraction(1, CLOCK_RATE)
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.framerate, codec.time_base = fractions.Fraction(fps, 1), self._unit
        codec.bit_rate = _KBIT * 1000
        codec.gop_size = fps
        codec.thread_count = 1
        codec.profile = "Baseline"
        codec.options = {"preset": "superfast", "tune": "zerolatency", "level": "31"}
        self._codec = codec

    def encode(self, picture: av.VideoFrame, at: float) -> "av.Packet[Any]":
        """The picture of ``at`` seconds, encoded."""
        frame = picture.reformat(format="yuv420p")
        frame.pts, frame.time_base = round(at * CLOCK_RATE), self._unit
        encoded = b"".join(bytes(packet) for packet in self._codec.encode(frame))
        packet: av.Packet[Any] = av.Packet(encoded)
        packet.pts = packet.dts = frame.pts
        packet.time_base = self._unit
        return packet
