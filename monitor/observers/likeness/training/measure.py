"""Figures of a verification test: equal error rate, acceptance at one per cent false accepts, and calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
    }
