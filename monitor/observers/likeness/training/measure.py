"""Figures of a verification test: equal error rate, acceptance at one per cent false accepts, and calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.evidence import Finding

Chances = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
LEAST_AGAINST = 0.5  # confidence of a look from which it can speak against an avatar
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Similarities of looks to their own avatar and to others; ``first`` looks were most like their own."""

    genuine: NDArray[np.float64]
    impostor: NDArray[np.float64]
    first: int


def together(parts: Sequence[Scores]) -> Scores:
    """Several tests as one."""
    return Scores(
        genuine=np.concatenate([p.genuine for p in parts]),
        impostor=np.concatenate([p.impostor for p in parts]),
        first=sum(p.first for p in parts),
    )


def equal_error(scores: Scores) -> tuple[float, float]:
    """The error rate where as many are wrongly refused as wrongly accepted, and the threshold there."""
    cuts = np.unique(np.concatenate([scores.genuine, np.quantile(scores.impostor, np.linspace(0.5, 1, 2001))]))
    refused = np.searchsorted(np.sort(scores.genuine), cuts, side="left") / len(scores.genuine)
    accepted = 1 - np.searchsorted(np.sort(scores.impostor), cuts, side="left") / len(scores.impostor)
    at = int(np.argmin(np.abs(refused - accepted)))
    return float((refused[at] + accepted[at]) / 2), float(cuts[at])


def figures(scores: Scores, tried: int | None) -> dict[str, Any]:
    """One row of the table; ``tried``: how many looks there were, found or not."""
    if not len(scores.genuine) or not len(scores.impostor):
        return {}
    rate, cut = equal_error(scores)
    edge = float(np.quantile(scores.impostor, 0.99))
    return {
        "looks": len(scores.genuine),
        "not found": None if tried is None else 1 - len(scores.genuine) / tried,
        "rank 1": scores.first / len(scores.genuine) if scores.first else None,
        "equal error": rate,
        "at": round(cut, 3),
        "accepted at 1 % false": float((scores.genuine > edge).mean()),
    }


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as a table."""
    names = ["looks", "not found", "rank 1", "equal error", "at", "accepted at 1 % false"]
    lines = ["| condition | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for title, row in rows.items():
        cells = [_cell(name, row.get(name)) for name in names]
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if name in {"looks", "at"} else f"{value:.1%}"


def verdicts(table: dict[str, dict[str, dict[Finding, int]]]) -> str:
    """Verdicts by condition as a table."""
    lines = ["| condition | own: pass / unknown / fail | others: fail / unknown / pass |", "|---|---|---|"]
    for name, row in table.items():
        own, others = [str(n) for n in row["own"].values()], [str(n) for n in reversed(row["others"].values())]
        lines.append(f"| {name} | {' / '.join(own)} | {' / '.join(others)} |")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Brier score and expected calibration error of probabilities; for each bin its share, mean and what was true."""

    brier: float
    error: float
    bins: tuple[tuple[float, float, float], ...]

    def markdown(self) -> str:
        """As a table."""
        lines = [
            f"Brier {self.brier:.4f}, ECE {self.error:.4f}",
            "",
            "| told | share of looks | true |",
            "|---|---|---|",
        ]
        lines += [f"| {told:.1%} | {share:.1%} | {true:.1%} |" for share, told, true in self.bins]
        return "\n".join(lines)


def chances(scores: Scores, fit: dict[str, float]) -> Chances:
    """Probability (n,) of each score under ``fit``, truth (n,) and weight (n,): genuine and impostor weigh the same."""
    score = np.concatenate([scores.genuine, scores.impostor])
    true = np.concatenate([np.ones(len(scores.genuine)), np.zeros(len(scores.impostor))])
    weight = np.where(true == 1, 0.5 / max(1, len(scores.genuine)), 0.5 / max(1, len(scores.impostor)))
    return 1 / (1 + np.exp(-fit["slope"] * (score - fit["centre"]))), true, weight


def reliability(parts: Sequence[Chances]) -> Reliability:
    """Of all parts together."""
    told, true, weight = (np.concatenate([p[n] for p in parts]) for n in range(3))
    weight = weight / weight.sum()
    index = np.minimum((told * BINS).astype(int), BINS - 1)
    share = np.bincount(index, weights=weight, minlength=BINS)
    filled = share > 0
    means = [np.bincount(index, weights=weight * v, minlength=BINS)[filled] / share[filled] for v in (told, true)]
    return Reliability(
        brier=float((weight * (told - true) ** 2).sum()),
        error=float((share[filled] * np.abs(means[0] - means[1])).sum()),
        bins=tuple((float(s), float(t), float(y)) for s, t, y in zip(share[filled], *means, strict=True)),
    )


def calibration(scores: Scores, over_time: Scores) -> dict[str, float]:
    """What a similarity means, from single looks and from fused ones.

    The slope is that of a logistic regression on single looks, genuine and impostor weighing the same. The centre
    lies half-way between that regression's and the threshold of equal errors over time: looks at one impostor
    repeat each other, so that the single looks' centre, pulled down by hidden heads, would let too many pass.
    """
    x = np.concatenate([scores.genuine, scores.impostor])
    y = np.concatenate([np.ones(len(scores.genuine)), np.zeros(len(scores.impostor))])
    weight = np.where(y == 1, 0.5 / len(scores.genuine), 0.5 / len(scores.impostor))
    theta = np.array([10.0, -5.0])
    design = np.stack([x, np.ones_like(x)], axis=1)
    for _ in range(100):  # Newton with a little ridge
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (weight * (p - y)) + 1e-6 * theta
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        theta = theta - np.linalg.solve(hessian, gradient)
    return {
        "centre": round((float(-theta[1] / theta[0]) + equal_error(over_time)[1]) / 2, 4),
        "slope": round(float(theta[0]), 3),
        "cap": 4.0,
        "memory": 0.5,
        "independent_s": 2.0,
        "least_confidence": 0.3,
        "full_confidence": 0.7,
        "stale_s": 20.0,
        "least_against": LEAST_AGAINST,
    }
