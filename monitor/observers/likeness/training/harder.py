"""The harder test: persons held back from training, seen as streams show them at their worst.

    python -m monitor.observers.likeness.training.harder ../shared/training --model build/encoder.onnx

Six clean references an avatar, then looks through locator and encoder under each condition; every look is compared
with every held-back avatar. Prints tables; ``--calibrate OUT`` fits what a similarity means and writes the model
with that in its metadata.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.encoder import CALIBRATION_KEY, DEFAULT
from monitor.observers.likeness.sight import BUST_SIDE
from monitor.observers.likeness.training import configuration, measure, pictures
from monitor.observers.likeness.training.conditions import CONDITIONS, Rng
from monitor.observers.likeness.training.looks import Eyes, Looks, looks, references
from protocols.evidence import Finding
from protocols.likeness import LikenessCalibration, LikenessTrack, similarity
from protocols.observation import Look
from protocols.policy import LikenessPolicy

Known = dict[int, NDArray[np.float32]]
Seen = dict[str, Looks]


def scores(seen: Looks, known: Known, data: pictures.Pictures) -> measure.Scores:
    """Every look against every avatar; pairs of one person in two outfits are neither genuine nor impostor."""
    person = data.person_of()
    genuine, impostor, first = [], [], 0
    for vector, owner in zip(seen.vectors, seen.identity, strict=True):
        against = {i: similarity(r, vector) for i, r in known.items()}
        genuine.append(against[int(owner)])
        impostor += [s for i, s in against.items() if person[i] != person[int(owner)]]
        first += person[max(against, key=lambda i: against[i])] == person[int(owner)]
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=first)


def fused(seen: Seen, known: Known, data: pictures.Pictures) -> measure.Scores:
    """Mean similarity of three looks at one avatar, each under another condition, in a fixed rotation."""
    person = data.person_of()
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


def lookalikes(rng: Rng, data: pictures.Pictures, eyes: Eyes, known: Known, plain: Looks) -> measure.Scores:
    """Genuine looks against looks at the three most similar avatars of the whole set, for each held-back one."""
    person = data.person_of()
    everyone = references(rng, data, eyes, list(range(len(data.identity_names))))
    genuine = [similarity(known[int(o)], v) for v, o in zip(plain.vectors, plain.identity, strict=True)]
    impostor: list[float] = []
    for identity, own in known.items():
        others = [i for i in everyone if person[i] != person[identity]]
        near = sorted(others, key=lambda i: -float((own @ everyone[i].T).mean()))[:3]
        seen = looks(rng, data, eyes, near, CONDITIONS["plain"], 4)
        impostor += [similarity(own, v) for v in seen.vectors]
    return measure.Scores(genuine=np.array(genuine), impostor=np.array(impostor), first=0)


def over_time(
    seen: Looks, known: Known, data: pictures.Pictures, calibration: LikenessCalibration, most: int = 6
) -> dict[str, dict[Finding, int]]:
    """Verdicts of ``LikenessTrack`` after up to ``most`` looks, without a gallery: on the own claim and on others'."""
    person = data.person_of()
    counts = {who: dict.fromkeys((Finding.PASS, Finding.UNKNOWN, Finding.FAIL), 0) for who in ("own", "others")}
    for identity in known:
        chosen = np.flatnonzero(seen.identity == identity)[:most]
        for claimed, vectors in known.items():
            if claimed != identity and person[claimed] == person[identity]:
                continue
            track, verdict = LikenessTrack(vectors, {}, calibration, LikenessPolicy()), Finding.UNKNOWN
            for number, row in enumerate(chosen):
                look = Look(at=2.0 * number, vector=seen.vectors[row], confidence=float(seen.confidence[row]))
                verdict = track.look(look).verdict
            counts["own" if claimed == identity else "others"][verdict] += 1
    return counts


def calibrated(seen: Seen, known: Known, data: pictures.Pictures, identities: list[int]) -> dict[str, float]:
    """The calibration that looks at ``identities`` give, compared with each other only; from looks that are clear."""
    some = {i: known[i] for i in identities}
    own = {n: s.where(np.isin(s.identity, identities)) for n, s in seen.items()}
    clear = [s.where(s.confidence >= measure.LEAST_AGAINST) for s in own.values()]
    single = measure.together([scores(s, some, data) for s in clear if len(s.identity)])
    return measure.calibration(single, fused(own, some, data))


def reliability(seen: Seen, known: Known, data: pictures.Pictures) -> measure.Reliability:
    """How true the probabilities of single looks are, each half of the persons judged by the other's calibration."""
    person = data.person_of()
    parts = []
    for half in (0, 1):
        fit = calibrated(seen, known, data, [i for i in known if person[i] % 2 != half])
        tested = {i: r for i, r in known.items() if person[i] % 2 == half}
        for found in seen.values():
            clear = (found.confidence >= measure.LEAST_AGAINST) & np.isin(found.identity, list(tested))
            parts.append(measure.chances(scores(found.where(clear), tested, data), fit))
    return measure.reliability(parts)


def _style(letter: str, seen: Seen, known: Known, data: pictures.Pictures) -> dict[str, Any]:
    """All conditions, within one style: every impostor is drawn like the claimed avatar."""
    of_style = {i: r for i, r in known.items() if data.identity_names[i][0] == letter}
    parts = [scores(found.where(np.isin(found.identity, list(of_style))), of_style, data) for found in seen.values()]
    return measure.figures(measure.together(parts), None)


def _rows(rng: Rng, data: pictures.Pictures, eyes: Eyes, seen: Seen, known: Known) -> dict[str, dict[str, Any]]:
    """The table: all conditions, each, styles and look-alikes."""
    table = {name: scores(s, known, data) for name, s in seen.items()}
    clear = [s.where(s.confidence >= measure.LEAST_AGAINST) for s in seen.values()]
    tried = sum(s.tried for s in seen.values())
    rows = {"all conditions": measure.figures(measure.together(list(table.values())), tried)}
    rows["all conditions, seen clearly"] = measure.figures(
        measure.together([scores(s, known, data) for s in clear if len(s.identity)]), tried
    )
    rows |= {name: measure.figures(table[name], seen[name].tried) for name in table}
    rows["three looks fused, each in another condition"] = measure.figures(fused(seen, known, data), None)
    rows |= {f"style {letter}": _style(letter, seen, known, data) for letter in "vmacnq"}
    rows["look-alikes"] = measure.figures(lookalikes(rng, data, eyes, known, seen["plain"]), None)
    return rows


def main() -> None:
    """Read the arguments, measure, print, perhaps calibrate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--locator", type=Path, help="another locator than the package's")
    parser.add_argument("--cache", type=Path, default=Path("build/likeness"))
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--calibrate", type=Path)
    given = parser.parse_args()
    config = configuration.config()
    data = pictures.read(given.folder, given.cache)
    eyes, rng = Eyes(given.model, given.locator), np.random.default_rng(given.seed)
    held = np.isin(data.person, data.held_back(share=config["held_back"], seed=config["seed"]))
    identities = [int(i) for i in np.unique(data.identity[held])]
    known = references(rng, data, eyes, identities)
    seen = {name: looks(rng, data, eyes, identities, c, given.each) for name, c in CONDITIONS.items()}
    print(measure.markdown(_rows(rng, data, eyes, seen, known)))  # noqa: T201
    calibration = calibrated(seen, known, data, identities)
    fitted = LikenessCalibration(**calibration)
    print(measure.verdicts({name: over_time(s, known, data, fitted) for name, s in seen.items()}))  # noqa: T201
    print(reliability(seen, known, data).markdown())  # noqa: T201
    print(json.dumps(calibration))  # noqa: T201
    if given.calibrate:
        stamp(given.model, given.calibrate, calibration)


def stamp(source: Path, target: Path, calibration: dict[str, float]) -> None:
    """Write the ONNX file ``source`` to ``target`` with ``calibration`` in its metadata."""
    import onnx

    network = onnx.load(str(source))
    del network.metadata_props[:]
    onnx.helper.set_model_props(network, {CALIBRATION_KEY: json.dumps(calibration), "likeness.bust": str(BUST_SIDE)})
    onnx.save(network, str(target))


if __name__ == "__main__":
    main()
