"""The harder test: persons held back from training, seen as streams show them at their worst.

    python -m monitor.observers.likeness.training.harder ../shared/training --model build/encoder.onnx

Six clean references an avatar, then looks through locator and encoder under each condition; every look is compared
with every held-back avatar. Prints a table; ``--calibrate OUT`` fits what a similarity means and writes the model
with that in its metadata.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness import model
from monitor.observers.likeness.encoder import CALIBRATION_KEY, DEFAULT
from monitor.observers.likeness.locator import Locator
from monitor.observers.likeness.scaling import square
from monitor.observers.likeness.sight import BUST_SIDE, CROP, LEAST_CONFIDENCE, OUTSIDE, bust, clearness, prominent
from monitor.observers.likeness.training import measure, pictures, scene, spoil, train
from protocols.likeness import similarity

REFERENCES = 6
SEEN = 0.3  # least confidence, as in the calibration
FRAME = (640, 360)
Rng = np.random.Generator
Degrade = Callable[[Rng, scene.Scene], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the looks of one row of the table are made: which head sizes and places, then what is done to the frame."""

    degrade: Degrade
    heads: tuple[float, float] = (0.22, 0.6)
    spread: float = 0.12
    turned: bool = False
    others: int = 0


def _plain(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    return spoil.h264([spoil.light(rng, made.frame)], {"preset": "veryfast", "qp": "27"})[0]


def _starved(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    """The second key frame of a moving picture at 150 kbit/s."""
    frames: list[NDArray[np.uint8]] = []
    width, height = FRAME
    for n in range(51):
        shift = np.array([6 * np.sin(n / 7), 4 * np.sin(n / 5)])
        matrix = spoil.placing(
            (width / 2, height / 2),
            1 + 0.02 * np.sin(n / 9),
            2 * np.sin(n / 11),
            False,
            (width / 2 + shift[0], height / 2 + shift[1]),
        )
        moved = cv2.warpAffine(made.frame, matrix, FRAME, borderMode=cv2.BORDER_REPLICATE)
        frames.append(np.asarray(moved, dtype=np.uint8))
    options = {"preset": "veryfast", "b": "150k", "maxrate": "150k", "bufsize": "150k", "g": "50", "bf": "0"}
    return spoil.h264(frames, options)[50]


def _covered(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    """Half of the head hidden behind a card or a picture."""
    x, y, w, h = (int(v) for v in made.boxes[0])
    half = [(x, y, w // 2, h), (x + w // 2, y, w // 2, h), (x, y, w, h // 2), (x, y + h // 2, w, h // 2)]
    frame = np.ascontiguousarray(made.frame)
    spoil.panel(rng, frame, half[int(rng.integers(4))], 1.0)
    return _plain(rng, scene.Scene(frame=frame, boxes=made.boxes))


def _busy(rng: Rng, made: scene.Scene) -> NDArray[np.uint8]:
    frame = np.ascontiguousarray(made.frame)
    spoil.overlays(rng, frame, often=0.6)
    return _plain(rng, scene.Scene(frame=frame, boxes=made.boxes))


CONDITIONS = {
    "plain": Condition(degrade=_plain),
    "150 kbit/s": Condition(degrade=_starved),
    "50 % of the head hidden": Condition(degrade=_covered),
    "head turned 33 to 50 degrees": Condition(degrade=_plain, turned=True),
    "small (head 9 to 15 % of the height)": Condition(degrade=_plain, heads=(0.09, 0.15), spread=0.2),
    "off-centre, overlays, a second avatar": Condition(degrade=_busy, spread=0.3, others=1),
}


class Eyes:
    """Locator and a bare encoder, before it has a calibration."""

    def __init__(self, encoder: Path) -> None:
        self._locator = Locator.load()
        self._encoder = model.session(model.contents(encoder), encoder.name)

    def vectors(self, frame: NDArray[np.uint8], head: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
        """The vector of the most prominent avatar, or of the one at ``head``; None where it is not found."""
        heads = self._locator.heads(frame, least=LEAST_CONFIDENCE)
        heads = [h for h in prominent(heads) if h.confidence * clearness(h.box) >= SEEN]
        if not heads:
            return None
        box = bust(heads[0].box)
        if head is not None:  # a look at the other avatar of the frame is a miss, not an error of the encoder
            x, y, w, h = head
            if not (x - w / 4 < box.centre[0] < x + w * 1.25 and y - h / 4 < box.y + box.h * 0.4 < y + h * 1.25):
                return None
        tile = square(frame, box.centre, box.w, CROP, OUTSIDE)
        vector: NDArray[np.float32] = self._encoder.run(None, {self._encoder.get_inputs()[0].name: tile[None]})[0][0]
        return vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Vectors (k, d) of the looks that found an avatar, the identity of each, and how many looks there were."""

    vectors: NDArray[np.float32]
    identity: NDArray[np.int64]
    tried: int


def references(rng: Rng, data: pictures.Pictures, eyes: Eyes, identities: list[int]) -> dict[int, NDArray[np.float32]]:
    """Six clean pictures of each identity, 512x512, the first a frontal one."""
    out = {}
    for identity in identities:
        rows = np.flatnonzero(data.identity == identity)
        order = [rows[0], *rng.permutation(rows[1:])]
        found: list[NDArray[np.float32]] = []
        for row in order:
            made = scene.stage(rng, data, [int(row)], (512, 512), heads=(0.35, 0.7), spread=0.05)
            vector = eyes.vectors(made.frame, made.boxes[0])
            if vector is not None:
                found.append(vector)
            if len(found) == REFERENCES:
                break
        out[identity] = np.stack(found)
    return out


def looks(
    rng: Rng, data: pictures.Pictures, eyes: Eyes, identities: list[int], condition: Condition, each: int
) -> Looks:
    """``each`` looks at every identity under ``condition``."""
    vectors, owners = [], []
    for identity in identities:
        rows = np.flatnonzero(data.identity == identity)
        if condition.turned:
            turned = rows[np.abs(data.angles[rows, 0]) >= 33]
            rows = turned if len(turned) else rows[np.argsort(-np.abs(data.angles[rows, 0]))[:4]]
        for _ in range(each):
            cast = [int(rng.choice(rows)), *(int(r) for r in rng.integers(len(data.boxes), size=condition.others))]
            made = scene.stage(rng, data, cast, FRAME, heads=condition.heads, spread=condition.spread)
            vector = eyes.vectors(condition.degrade(rng, made), made.boxes[0])
            if vector is not None:
                vectors.append(vector)
                owners.append(identity)
    return Looks(vectors=np.stack(vectors), identity=np.array(owners), tried=each * len(identities))


def scores(seen: Looks, known: dict[int, NDArray[np.float32]], data: pictures.Pictures) -> measure.Scores:
    """Every look against every avatar; pairs of one person in two outfits are neither genuine nor impostor."""
    person = {i: int(data.person[np.flatnonzero(data.identity == i)[0]]) for i in range(len(data.identity_names))}
    genuine, impostor, first = [], [], 0
    for vector, owner in zip(seen.vectors, seen.identity, strict=True):
        against = {i: similarity(r, vector) for i, r in known.items()}
        genuine.append(against[int(owner)])
        impostor += [s for i, s in against.items() if person[i] != person[int(owner)]]
        first += person[max(against, key=lambda i: against[i])] == person[int(owner)]
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=first)


def fused(seen: dict[str, Looks], known: dict[int, NDArray[np.float32]], data: pictures.Pictures) -> measure.Scores:
    """Mean similarity of three looks at one avatar, each under another condition, in a fixed rotation."""
    person = {i: int(data.person[np.flatnonzero(data.identity == i)[0]]) for i in range(len(data.identity_names))}
    genuine: list[float] = []
    impostor: list[float] = []
    first = 0
    for identity in known:
        found = [s.vectors[s.identity == identity] for s in seen.values()]
        for turn in range(max(len(f) for f in found)):
            some = [found[(turn + 2 * n) % len(found)] for n in range(3)]
            views = np.stack([f[turn % len(f)] for f in some if len(f)])
            against = {i: float(np.mean([similarity(r, v) for v in views])) for i, r in known.items()}
            genuine.append(against[identity])
            impostor += [s for i, s in against.items() if person[i] != person[identity]]
            first += person[max(against, key=lambda i: against[i])] == person[identity]
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=first)


def lookalikes(
    rng: Rng, data: pictures.Pictures, eyes: Eyes, known: dict[int, NDArray[np.float32]], plain: Looks
) -> measure.Scores:
    """Genuine looks against looks at the three most similar avatars of the whole set, for each held-back one."""
    person = {i: int(data.person[np.flatnonzero(data.identity == i)[0]]) for i in range(len(data.identity_names))}
    everyone = references(rng, data, eyes, list(range(len(data.identity_names))))
    genuine = [similarity(known[int(o)], v) for v, o in zip(plain.vectors, plain.identity, strict=True)]
    impostor: list[float] = []
    for identity, own in known.items():
        others = [i for i in everyone if person[i] != person[identity]]
        near = sorted(others, key=lambda i: -float((own @ everyone[i].T).mean()))[:3]
        seen = looks(rng, data, eyes, near, CONDITIONS["plain"], 4)
        impostor += [similarity(own, v) for v in seen.vectors]
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=0)


def main() -> None:
    """Read the arguments, measure, print, perhaps calibrate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--cache", type=Path, default=Path("build/likeness"))
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--calibrate", type=Path)
    given = parser.parse_args()
    config = train.config()
    data, eyes, rng = pictures.read(given.folder, given.cache), Eyes(given.model), np.random.default_rng(given.seed)
    held = np.isin(data.person, data.held_back(share=config["held_back"], seed=config["seed"]))
    identities = [int(i) for i in np.unique(data.identity[held])]
    known = references(rng, data, eyes, identities)
    seen = {name: looks(rng, data, eyes, identities, c, given.each) for name, c in CONDITIONS.items()}
    table: dict[str, measure.Scores] = {name: scores(s, known, data) for name, s in seen.items()}
    overall = measure.together(list(table.values()))
    over_time = fused(seen, known, data)
    rows: dict[str, dict[str, Any]] = {"all conditions": measure.figures(overall, sum(s.tried for s in seen.values()))}
    rows |= {name: measure.figures(table[name], seen[name].tried) for name in table}
    rows["three looks fused, each in another condition"] = measure.figures(over_time, None)
    rows |= {f"style {letter}": _style(letter, seen, known, data) for letter in "vmacnq"}
    rows["look-alikes"] = measure.figures(lookalikes(rng, data, eyes, known, seen["plain"]), None)
    print(measure.markdown(rows))  # noqa: T201
    if given.calibrate:
        calibration = measure.calibration(overall, over_time)
        stamp(given.model, given.calibrate, calibration)
        print(json.dumps(calibration))  # noqa: T201


def _style(
    letter: str, seen: dict[str, Looks], known: dict[int, NDArray[np.float32]], data: pictures.Pictures
) -> dict[str, Any]:
    """All conditions, within one style: every impostor is drawn like the claimed avatar."""
    of_style = {i: r for i, r in known.items() if data.identity_names[i][0] == letter}
    parts = []
    for found in seen.values():
        chosen = np.isin(found.identity, list(of_style))
        part = Looks(vectors=found.vectors[chosen], identity=found.identity[chosen], tried=0)
        parts.append(scores(part, of_style, data))
    return measure.figures(measure.together(parts), None)


def stamp(source: Path, target: Path, calibration: dict[str, float]) -> None:
    """Write the ONNX file ``source`` to ``target`` with ``calibration`` in its metadata."""
    import onnx

    network = onnx.load(str(source))
    del network.metadata_props[:]
    onnx.helper.set_model_props(network, {CALIBRATION_KEY: json.dumps(calibration), "likeness.bust": str(BUST_SIDE)})
    onnx.save(network, str(target))


if __name__ == "__main__":
    main()
