"""The tally: quantiles, and exact confidence bounds on shares and on rates of rare events."""

import math
from collections.abc import Callable, Sequence

__all__ = ["TWO_SIDED", "poisson_bounds", "quantile", "share_bounds"]

TWO_SIDED = 0.95
_STEPS = 60  # halvings; more than a double holds


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that at least ``share`` (0..1) of ``values`` reach; infinity may be among them.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("no values have no quantile")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def poisson_bounds(count: int, confidence: float = TWO_SIDED) -> tuple[float, float]:
    """Exact bounds on the mean of a Poisson count (F. Garwood, Biometrika 28, 1936)."""
    tail = (1 - confidence) / 2
    high = _root(lambda mean: poisson_cdf(count, mean) - tail, 0.0, count + 40.0 + 10 * math.sqrt(count + 1))
    if count == 0:
        return 0.0, high
    return _root(lambda mean: poisson_cdf(count - 1, mean) - (1 - tail), 0.0, float(count)), high


def share_bounds(count: int, of: int, confidence: float = TWO_SIDED) -> tuple[float, float]:
    """Exact bounds on a share (C. Clopper and E. Pearson, Biometrika 26, 1934). ``of`` is at least 1."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _root(lambda p: _binomial_cdf(count - 1, of, p) - (1 - tail), 0.0, 1.0)
    high = 1.0 if count == of else _root(lambda p: _binomial_cdf(count, of, p) - tail, 0.0, 1.0)
    return low, high


def poisson_cdf(count: int, mean: float) -> float:
    """Probability of at most ``count`` where ``mean`` are expected."""
    if mean <= 0:
        return 1.0
    return min(1.0, sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(count + 1)))


def _binomial_cdf(count: int, of: int, p: float) -> float:
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or count >= of else 0.0
    log_p, log_q, all_ways = math.log(p), math.log1p(-p), math.lgamma(of + 1)
    ways = (all_ways - math.lgamma(n + 1) - math.lgamma(of - n + 1) for n in range(count + 1))
    return min(1.0, sum(math.exp(w + n * log_p + (of - n) * log_q) for n, w in enumerate(ways)))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where ``falling`` crosses zero between ``low`` and ``high``, by halving."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
