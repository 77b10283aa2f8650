"""From which probability on two registrations are reviewed as one likeness: what is found then, and what falsely.

    python -m monitor.observers.likeness.training.duplicates ../shared/training

Each identity of the set is registered twice, by four clean pictures and by four others, as the conflict check sees
them; two outfits of one person count neither way. Says so of all identities and of the held-back ones.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.encoder import DEFAULT, Encoder
from monitor.observers.likeness.training import configuration, pictures
from monitor.observers.likeness.training.looks import Eyes, references
from protocols.conflict import resemblance
from protocols.likeness import LikenessCalibration

EACH = 4  # pictures of a registration
EDGES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
Sets = dict[int, NDArray[np.float32]]


def chances(
    first: Sets, second: Sets, person: NDArray[np.int64], calibration: LikenessCalibration
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities that two registrations are one likeness: of the same one (n,), and of two (n, others)."""
    same, other = [], []
    for identity, own in first.items():
        against = {i: resemblance(own, held, calibration) for i, held in second.items()}
        told = {i: 0.0 if found is None else found.probability for i, found in against.items()}
        same.append(told[identity])
        other.append([told[i] if person[i] != person[identity] else 0.0 for i in second])
    return np.array(same), np.array(other)


def table(same: NDArray[np.float64], other: NDArray[np.float64]) -> str:
    """For each edge: second registrations that are reviewed, pairs of two that are, and submissions that meet one."""
    lines = [
        f"| from | of {len(same)} second ones | of pairs of two | submissions that meet a false one |",
        "|---|---|---|---|",
    ]
    for edge in EDGES:
        false = other >= edge
        lines.append(f"| {edge} | {(same >= edge).mean():.1%} | {false.mean():.3%} | {false.any(axis=1).mean():.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--cache", type=Path, default=Path("build/likeness"))
    given = parser.parse_args()
    config, data, eyes = configuration.config(), pictures.read(given.folder, given.cache), Eyes(given.model)
    person, calibration = data.person_of(), Encoder.load(given.model).calibration
    everyone = list(range(len(data.identity_names)))
    sets = references(np.random.default_rng(7), data, eyes, everyone, 2 * EACH)
    held = data.held_back(share=config["held_back"], seed=config["seed"])
    for name, some in (("all identities", everyone), ("held back", [i for i in everyone if person[i] in held])):
        first, second = ({i: sets[i][part] for i in some} for part in (slice(EACH), slice(EACH, None)))
        print(f"{name}\n{table(*chances(first, second, person, calibration))}\n")  # noqa: T201


if __name__ == "__main__":
    main()
