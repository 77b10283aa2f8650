"""The library: a small set of clips and portraits in one folder, with a manifest."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from samples.studio.avatar import AVATARS
from samples.studio.clip import FPS, Clip, film
from samples.studio.gesture import Gesture
from samples.studio.portrait import portraits

__all__ = ["programme", "write_library"]

BACKDROPS = ("bedroom", "studio", "shop", "stage", "sky")
OVERLAYS = (("badge", "chat"), ("badge", "chat", "hearts"), ("badge", "banner", "chat", "gift"), (), ("chat", "hearts"))
TEMPERS = ("lively", "average", "calm", "average", "lively", "shy")
G = Gesture


def programme(seed: int = 0, seconds: float = 20.0) -> list[Clip]:
    """The clips of the set: every kind, every avatar."""
    clips: list[Clip] = []

    def add(kind: str, telemetry: str, *, gestures: Sequence[Gesture] = (), fade: float = 0.0) -> None:
        k = len(clips)
        swap = AVATARS[(k + 3) % len(AVATARS)] if kind == "swapped" else ""
        clips.append(Clip(
            name=f"s{k + 1:03d}", kind=kind, avatar=AVATARS[k % len(AVATARS)], seed=1000 * seed + 17 * k + 5,
            telemetry=telemetry, temperament=TEMPERS[k % len(TEMPERS)], backdrop=BACKDROPS[k % len(BACKDROPS)],
            overlays=OVERLAYS[k % len(OVERLAYS)], seconds=seconds, second_avatar=swap,
            gestures=tuple(gestures), fade=fade,
        ))  # fmt: skip

    for _ in range(5):
        add("driven", "driver")
    add("looped", "other_human")
    add("looped", "looped_with_video", fade=0.4)
    for telemetry in ("none", "other_human", "bot_sine", "bot_same_signal"):
        add("ai_driven", telemetry)
    for _ in range(2):
        add("swapped", "driver")
    add("challenged", "driver", gestures=(G.LOOK_LEFT, G.NOD, G.RAISE_HAND, G.OPEN_MOUTH))
    add("challenged", "driver", gestures=(G.SHAKE, G.TILT_RIGHT, G.BLINK_TWICE, G.LOOK_RIGHT))
    add("challenged", "driver", gestures=(G.TILT_LEFT, G.OPEN_MOUTH, G.NOD, G.SHAKE))
    return clips + _shared(clips)


def _shared(clips: Sequence[Clip]) -> list[Clip]:
    """Clips that show the picture of a driven one, with the telemetry of another or requests nobody answered."""
    driven = [c for c in clips if c.kind == "driven"]
    made = [_again(c, "mismatched", "other_human") for c in driven[:4]]
    ignored = (G.TILT_LEFT, G.BLINK_TWICE, G.LOOK_LEFT, G.RAISE_HAND)
    made += [_again(c, "challenge_ignored", "driver", ignored) for c in driven[:2]]
    return [replace(c, name=f"s{len(clips) + k + 1:03d}") for k, c in enumerate(made)]


def _again(clip: Clip, kind: str, telemetry: str, gestures: tuple[Gesture, ...] = ()) -> Clip:
    return replace(clip, kind=kind, telemetry=telemetry, gestures=gestures, picture_of=clip.name)


def write_library(
    folder: Path,
    *,
    seed: int = 0,
    seconds: float = 20.0,
    kinds: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Write portraits, clips, telemetry and MANIFEST.json into ``folder``; ``tell`` is told of each clip."""
    folder.mkdir(parents=True, exist_ok=True)
    avatars = {}
    for k, name in enumerate(AVATARS):
        stills = portraits(name, folder / "stills" / name, seed + k)
        avatars[name] = {
            "style": "drawn", "stills": [str(p.relative_to(folder)) for p in stills], "face_animated": True,
            "eyes_visible": True, "licence": "Apache-2.0",
        }  # fmt: skip
    truths = []
    for clip in _chosen(programme(seed, seconds), kinds):
        tell(f"{clip.name} {clip.kind} {clip.avatar}")
        truths.append(film(clip, folder))
    manifest = {
        "version": 1, "split": "sample", "video": {"fps": FPS, "size": "640x360", "codec": "h264"}, "telemetry_hz": 30,
        "avatars": avatars, "clips": truths,
    }  # fmt: skip
    (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _chosen(clips: Sequence[Clip], kinds: Sequence[str]) -> list[Clip]:
    """The clips of ``kinds`` (all where none is named) and those whose picture they share."""
    wanted = [c for c in clips if not kinds or c.kind in kinds]
    needed = {c.picture_of or c.name for c in wanted} | {c.name for c in wanted}
    return [c for c in clips if c.name in needed]
