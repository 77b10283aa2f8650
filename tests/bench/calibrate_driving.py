"""Refit the calibration of driving on recorded clips, and say how honest it is.

    python -m tests.bench.calibrate_driving [SET …] [--fit] [--strangers N]

SET is a folder with MANIFEST.json, clips and telemetry (default: ../shared/clips, or where NAKANOHITO_SHARED says).
Each picture is judged with its own telemetry, and with that of every third other take (of N at most), as a stranger's.
Folds hold out one avatar at a time, with every window of it. Prints AUC over windows and clips, the expected
calibration error, the Brier score and how often what was said with which probability was so; the error rates of the
sequential decision beside what Wald's bounds state; and (``--fit``) the constants that the folds agree on, to be put
into Calibration.
"""

import argparse
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from monitor.observers.motion import MotionObserver
from protocols.driving.calibration import CALIBRATION, Calibration
from protocols.driving.correlation import measure
from protocols.driving.lag import LagBelief
from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.policy import STANDARD
from protocols.telemetry import TelemetrySample

WINDOW = 10.0
SHARED = Path(os.environ.get("NAKANOHITO_SHARED", "../shared"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """A measured window: strengths (76,), nats of both sides, variety, whether it was driven, whose avatar, clip."""

    strengths: np.ndarray
    operator: float
    picture: float
    variety: float
    driven: bool
    avatar: str
    clip: str


def watched(path: Path) -> MotionTrack:
    """The motion of the whole of a video."""
    track, observer = MotionTrack(horizon=1e9), MotionObserver()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            motion = observer.observe(np.asarray(frame.to_ndarray(format="gray"), np.uint8), float(frame.time or 0.0))
            if motion is not None:
                track.add(motion)
    return track


def reported(path: Path) -> TelemetryTrack:
    """The telemetry of a file of JSON lines."""
    track = TelemetryTrack(horizon=1e9)
    for line in path.read_text().splitlines():
        track.add(TelemetrySample.from_wire(json.loads(line)))
    return track


def takes(clip: dict[str, object]) -> set[object]:
    """Every recording that a clip's picture or telemetry comes from."""
    return {clip.get("take"), clip.get("telemetry_take")} - {None}


def windows(root: Path, most: int | None = None) -> Iterator[Window]:
    """Every window of every clip of a set, with its own telemetry and with strangers'."""
    clips = json.loads((root / "MANIFEST.json").read_text())["clips"]
    told = {c["name"]: reported(root / c["telemetry"]) for c in clips if c["telemetry"]}
    for number, clip in enumerate(clips):
        motion = watched(root / clip["file"])
        own = [clip] if clip["telemetry"] else []
        others = [c for c in clips[number % 3 :: 3] if c["telemetry"] and not takes(c) & takes(clip) and takes(clip)]
        for other in [*own, *others[:most]]:
            driven = other is clip and bool(clip["operator_driving"]) and clip["telemetry_kind"] == "driver"
            for start in np.arange(0.0, clip["duration_s"] - WINDOW + 0.1, WINDOW):
                found = measure(told[other["name"]], motion, float(start), float(start) + WINDOW)
                if found is not None:
                    strengths, operator, picture, variety = found
                    yield Window(
                        strengths=strengths,
                        operator=operator,
                        picture=picture,
                        variety=variety,
                        driven=driven,
                        avatar=clip["avatar"],
                        clip=f"{clip['name']}/{other['name']}",
                    )


def score(window: Window, calibration: Calibration, belief: LagBelief | None = None) -> tuple[float, np.ndarray]:
    """Log-likelihood ratio of a window and its profile by lag."""
    information = calibration.information(window.operator, window.picture) * window.variety
    profile = calibration.likelihood(window.strengths, information)
    return (belief or LagBelief.uninformed()).marginal(profile), profile


def loss(group: Sequence[Window], calibration: Calibration) -> float:
    """Mean log loss at even odds; driven and not driven count the same however many there are."""
    driven = [np.logaddexp(0.0, -score(w, calibration)[0]) for w in group if w.driven]
    others = [np.logaddexp(0.0, score(w, calibration)[0]) for w in group if not w.driven]
    return float(np.mean(driven) + np.mean(others)) / 2


def fitted(group: Sequence[Window]) -> Calibration:
    """The constants of least loss, by one coordinate after the other, twice."""
    best = CALIBRATION
    for _ in range(2):
        for mean, spread in itertools.product((5.0, 6.0, 7.5, 9.0), (2.0, 2.8, 3.6)):
            best = min((best, replace(best, mean=mean, spread=spread)), key=lambda c: loss(group, c))
        for tail in (1.8, 2.2, 2.6, 3.0):
            best = min((best, replace(best, tail=tail)), key=lambda c: loss(group, c))
        for constant, slope, seen in itertools.product((-3.0, -2.0, -1.0, 0.0), (0.7, 1.5, 2.5), (0.0, 0.5, 1.0)):
            best = min((best, replace(best, seen=(constant, slope, seen))), key=lambda c: loss(group, c))
    return best


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Probability that a positive is above a negative."""
    p, n = np.array(positive)[:, None], np.array(negative)[None]
    return float((p > n).mean() + 0.5 * (p == n).mean())


def report(name: str, scored: Sequence[tuple[float, bool]]) -> None:
    """AUC, and calibration at even odds: driven windows weigh as much as the others together."""
    values, labels = np.array([s for s, _ in scored]), np.array([d for _, d in scored])
    weight = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())
    probability = 1 / (1 + np.exp(-np.clip(values, -CALIBRATION.cap, CALIBRATION.cap)))
    brier = float((weight * (probability - labels) ** 2).sum())
    error = 0.0
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (probability >= low) & (probability < low + 0.1 + 1e-9 * (low > 0.85))
        if inside.any():
            error += abs(float((weight * (probability - labels))[inside].sum()))
    found = auc(values[labels].tolist(), values[~labels].tolist())
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (probability >= low) & (probability < low + 0.1 + 1e-9 * (low > 0.85))
        if inside.any():
            said = float(np.average(probability[inside], weights=weight[inside]))
            was = float(np.average(labels[inside], weights=weight[inside]))
            print(
                f"  said {low:.1f} to {low + 0.1:.1f}: {inside.sum():4d} times, on average {said:.3f}, and so {was:.3f}"
            )
    print(
        f"{name}: AUC {found:.4f}  ECE {error:.3f}  Brier {brier:.3f}  ({labels.sum()} driven, {(~labels).sum()} not)"
    )


def sequential(groups: Sequence[Sequence[tuple[float, bool]]]) -> None:
    """Errors of the decision that is open at every window, beside the bounds for a test that goes on for ever.

    Wald (1945): who is not driven passes e^human_at against him with a probability of at most e^-human_at; and the
    other way round."""
    policy = STANDARD.fusion
    wrong, count = {True: 0, False: 0}, {True: 0, False: 0}
    for group in groups:
        total, driven, ever = 0.0, group[0][1], False
        for gained, _ in group:
            total += float(np.clip(gained, -CALIBRATION.cap, CALIBRATION.cap))
            ever |= total <= -policy.ai_at if driven else total >= policy.human_at
        wrong[driven] += ever
        count[driven] += 1
    for driven, called, at in ((False, "HUMAN", policy.human_at), (True, "AI", policy.ai_at)):
        share, bound = wrong[driven] / count[driven], float(np.exp(-at))
        who = "driven" if driven else "not driven"
        print(
            f"{who}, ever called {called}: {wrong[driven]} of {count[driven]} = {share:.3f}, stated at most {bound:.3f}"
        )


def main() -> None:
    """Measure, cross-validate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path, default=[SHARED / "clips"])
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--strangers", type=int)
    options = parser.parse_args()
    everything = [window for root in options.sets for window in windows(root, options.strangers)]
    report("windows, as calibrated", [(score(w, CALIBRATION)[0], w.driven) for w in everything])
    clips, runs = [], []
    for _, group in itertools.groupby(everything, key=lambda w: w.clip):
        belief, total, driven = LagBelief.uninformed(), 0.0, False
        runs.append([])
        for window in group:
            gained, profile = score(window, CALIBRATION, belief)
            total, belief, driven = total + gained, belief.after(profile), window.driven
            runs[-1].append((gained, driven))
        clips.append((total, driven))
    report("clips, as calibrated", clips)
    sequential(runs)
    if options.fit:
        held = []
        for avatar in sorted({w.avatar for w in everything}):
            calibration = fitted([w for w in everything if w.avatar != avatar])
            print(
                f"  without {avatar}: {calibration.mean=} {calibration.spread=} {calibration.tail=} {calibration.seen=}"
            )
            held += [(score(w, calibration)[0], w.driven) for w in everything if w.avatar == avatar]
        report("windows, held-out avatars", held)
        print(fitted(everything))


if __name__ == "__main__":
    main()
