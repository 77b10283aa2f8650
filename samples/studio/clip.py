"""Clips: rendered streams with the telemetry that belongs to them, or does not, and the truth about both."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from samples.studio.canvas import Picture
from samples.studio.gesture import Gesture
from samples.studio.motion import Automaton, Loop, Motion, Performer
from samples.studio.pose import Pose
from samples.studio.scene import Scene
from samples.studio.telemetry import Sample, Screen, Tracker

__all__ = ["FPS", "Clip", "Take", "film", "write_telemetry", "write_video"]

FPS = 25
Truth = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Take:
    """A motion from ``begin`` seconds on."""

    motion: Motion
    begin: float

    def pose(self, t: float) -> Pose:
        """The pose ``t`` seconds into the take."""
        return self.motion.pose(self.begin + t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What to film. ``kind`` is one of the kinds of the truth; ``telemetry`` driver, other_human,
    looped_with_video, bot_sine, bot_same_signal or none."""

    name: str
    kind: str
    avatar: str
    seed: int
    temperament: str = "average"
    telemetry: str = "driver"
    backdrop: str = "bedroom"
    overlays: tuple[str, ...] = ("badge", "chat")
    seconds: float = 20.0
    second_avatar: str = ""
    gestures: tuple[Gesture, ...] = ()
    fade: float = 0.0  # of a loop, seconds; 0 cuts
    picture_of: str = ""  # the name of the clip whose picture this one shares
    truth: Truth = field(default_factory=dict)


BEGIN = 6.0  # seconds into the performance at which the camera starts


def film(clip: Clip, folder: Path) -> Truth:
    """Render ``clip`` into ``folder``/clips and return the truth about it."""
    rng = np.random.default_rng([clip.seed, 3])
    delay = round(float(rng.uniform(0.1, 0.9)), 3)
    gain = round(float(rng.uniform(0.95, 1.4)), 2)
    performer = Performer(clip.seed, clip.temperament)
    challenge = _challenge(clip, performer, delay, rng)
    operator = Take(performer, BEGIN)
    shown = Screen(motion=operator, gain=gain, delay=delay)
    picture, more = _picture(clip, shown, rng)
    home = folder / "clips"
    home.mkdir(parents=True, exist_ok=True)
    if not clip.picture_of:
        write_video(home / f"{clip.name}.mp4", frames(clip, picture, more.get("swap_t")))
    samples = _telemetry(clip, operator, picture, rng)
    if samples is not None:
        write_telemetry(home / f"{clip.name}.telemetry.jsonl", samples)
    truth = (
        _truth(clip)
        | more
        | ({"challenge": challenge, "challenge_answered": clip.kind == "challenged"} if challenge else {})
    )
    if clip.telemetry == "driver":
        truth |= {"delay_s": delay, "avatar_gain": gain}
    (home / f"{clip.name}.json").write_text(json.dumps(truth, indent=1) + "\n")
    return truth


def _picture(clip: Clip, shown: Motion, rng: np.random.Generator) -> tuple[Motion, Truth]:
    """What moves the avatar on the screen, and what is true of that."""
    match clip.kind:
        case "looped":
            period = round(float(rng.uniform(5.0, 7.0)), 2)
            join = "crossfade" if clip.fade else "cut"
            loop = {"start_s": 3.0, "period_s": period, "join": join, "first_join_t": period}
            return Loop(motion=shown, begin=3.0, period=period, fade=clip.fade), {"loop": loop}
        case "ai_driven":
            return Automaton(clip.seed), {}
        case "swapped":
            swap = round(clip.seconds * float(rng.uniform(0.45, 0.55)), 2)
            return shown, {"swap_t": swap, "avatar_second": clip.second_avatar}
        case "driven" | "mismatched" | "challenged" | "challenge_ignored":
            return shown, {}
        case _:
            raise ValueError(f"no kind of clip {clip.kind!r}")


def frames(clip: Clip, motion: Motion, swap_at: float | None = None) -> Iterator[Picture]:
    """The pictures of ``clip``, at 25 a second."""
    scene = Scene(clip.avatar, backdrop=clip.backdrop, overlays=clip.overlays, seed=clip.seed)
    for k in range(round(clip.seconds * FPS)):
        t = k / FPS
        if swap_at is not None and t >= swap_at:
            scene.swap(clip.second_avatar)
            swap_at = None
        yield scene.frame(motion.pose(t), t)


def _telemetry(clip: Clip, operator: Motion, picture: Motion, rng: np.random.Generator) -> Iterable[Sample] | None:
    tracker = Tracker(clip.seed)
    match clip.telemetry:
        case "none":
            return None
        case "driver":
            return tracker.samples(operator, 0.0, clip.seconds)
        case "other_human":
            return tracker.samples(Take(Performer(clip.seed + 7919, "lively"), 11.0), 0.0, clip.seconds)
        case "looped_with_video":
            return tracker.samples(picture, 0.0, clip.seconds)
        case "bot_same_signal" | "bot_sine":
            bot = picture if clip.telemetry == "bot_same_signal" else Automaton(int(rng.integers(1 << 30)))
            return Tracker(clip.seed, white=0.02, drift=0.0, lost=0.0).samples(bot, 0.0, clip.seconds)
        case _:
            raise ValueError(f"no telemetry {clip.telemetry!r}")


def _challenge(clip: Clip, performer: Performer, delay: float, rng: np.random.Generator) -> list[Truth]:
    """Ask for the gestures; the operator of a ``challenged`` clip makes them."""
    asked, t = [], 2.0 + float(rng.uniform(0, 0.4))
    for gesture in clip.gestures:
        entry: Truth = {"t_issued": round(t, 2), "gesture": gesture.value, "visible": True}
        end = t
        if clip.kind == "challenged":
            seen = t + delay  # the request reaches the operator with the delay of the stream
            begin, end = (x - BEGIN for x in performer.answer(gesture, BEGIN + seen))
            entry |= {
                "t_start": round(begin + delay, 3), "t_end": round(end + delay, 3),
                "t_start_telemetry": round(begin, 3), "t_end_telemetry": round(end, 3),
                "reaction_s": round(begin - seen, 2),
            }  # fmt: skip
        asked.append(entry)
        t = max(end + delay, t + 2.2) + float(rng.uniform(0.8, 1.6))
    return [a for a in asked if a.get("t_end", a["t_issued"] + 3) < clip.seconds]


def _truth(clip: Clip) -> Truth:
    driven = clip.kind in ("driven", "swapped", "challenged", "challenge_ignored")
    picture = clip.picture_of or clip.name
    return {
        "name": clip.name, "kind": clip.kind, "avatar": clip.avatar, "split": "sample",
        "operator_driving": driven, "human_present": clip.kind != "ai_driven" or clip.telemetry == "other_human",
        "likeness": "registered until swap_t, then another avatar" if clip.kind == "swapped" else "registered",
        "telemetry_kind": clip.telemetry, "duration_s": clip.seconds, "overlay": list(clip.overlays),
        "background": clip.backdrop, "file": f"clips/{picture}.mp4",
        "telemetry": None if clip.telemetry == "none" else f"clips/{clip.name}.telemetry.jsonl",
        "size": "640x360", "fps": FPS, "face_animated": True, "eyes_visible": True, **clip.truth,
    }  # fmt: skip


def write_telemetry(path: Path, samples: Iterable[Sample]) -> None:
    """Write a feed, one JSON object a line."""
    with path.open("w") as lines:
        lines.writelines(json.dumps(sample, separators=(",", ":")) + "\n" for sample in samples)


def write_video(path: Path, pictures: Iterable[Picture], *, kbit: int = 750) -> None:
    """Write ``pictures`` as H.264 in MP4, 25 a second, a keyframe every two seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.options = {
            "preset": "veryfast", "threads": "1", "g": str(2 * FPS), "maxrate": f"{kbit}k", "bufsize": f"{2 * kbit}k",
            "crf": "23",
        }  # fmt: skip
        for k, picture in enumerate(pictures):
            if k == 0:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
