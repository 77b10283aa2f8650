"""A simulation: every species played under a policy, and what became of them."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from monitor.simulation.measured import Measured
from monitor.simulation.session import Outcome, Play
from monitor.simulation.species import Species
from monitor.simulation.tally import poisson_bounds, quantile, share_bounds
from protocols.policy import Policy

__all__ = ["Row", "play", "row", "simulate", "total"]

_PER = 10_000.0  # hours that wrongful cuts are told for


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of the sessions of one species. Bounds are exact, two-sided, 95 %.

    ``caught`` and ``wrongful`` are None for the other sort; times in seconds from when nobody drove any more, infinity
    where too few were cut for the quantile; ``causes``: what the cuts were for; ``human_s``: median time to HUMAN.
    """

    species: Species
    sessions: int
    hours: float
    cuts: int
    caught: tuple[float, float, float] | None
    cut_median_s: float | None
    cut_p99_s: float | None
    wrongful: tuple[float, float, float] | None
    causes: tuple[tuple[str, int], ...]
    human_s: float | None

    def document(self) -> dict[str, Any]:
        """As JSON; a time that is not reached is null."""
        return {
            "species": self.species.name,
            "honest": self.species.honest,
            "sessions": self.sessions,
            "hours": round(self.hours, 2),
            "cuts": self.cuts,
            "caught": _triple(self.caught, "share"),
            "cut_median_s": _finite(self.cut_median_s),
            "cut_p99_s": _finite(self.cut_p99_s),
            "wrongful_per_10000_h": _triple(self.wrongful, "rate"),
            "causes": dict(self.causes),
            "human_s": _finite(self.human_s),
        }


def play(species: Species, number: int, *, policy: Policy, measured: Measured, seed: int) -> Outcome:
    """The session ``number`` of a species: the same for the same seed, whatever else is played."""
    rng = Random(f"{seed}/{species.name}/{number}")  # noqa: S311 - dice of a simulation
    script = species.write(measured, rng)
    return Play(script, policy, measured.likeness, rng.random).run()


def simulate(
    chosen: Sequence[Species],
    *,
    policy: Policy,
    measured: Measured,
    seed: int,
    hours: float,
    attacks: int,
    tell: Callable[[Species, float], None] = lambda species, share: None,
) -> Iterator[Row]:
    """Play ``hours`` of honest broadcasts, shared equally, and ``attacks`` sessions of each attack.

    Rows come as species are done; ``tell`` hears how much of one is (0..1).
    """
    honest = sum(species.honest for species in chosen)
    for species in chosen:
        outcomes: list[Outcome] = []
        played, wanted = 0.0, hours * 3600 / max(1, honest)
        while played < wanted if species.honest else len(outcomes) < attacks:
            outcomes.append(play(species, len(outcomes), policy=policy, measured=measured, seed=seed))
            played += outcomes[-1].seconds
            tell(species, played / wanted if species.honest else len(outcomes) / attacks)
        yield row(species, outcomes)


def row(species: Species, outcomes: Sequence[Outcome]) -> Row:
    """The row of a species."""
    hours = sum(outcome.seconds for outcome in outcomes) / 3600
    waits = [math.inf if o.cut_at is None else o.cut_at - (o.wrong_from or 0.0) for o in outcomes]
    cuts = sum(math.isfinite(wait) for wait in waits)
    rate = tuple(bound * _PER / hours for bound in poisson_bounds(cuts))
    return Row(
        species=species,
        sessions=len(outcomes),
        hours=hours,
        cuts=cuts,
        caught=None if species.honest else (cuts / len(outcomes), *share_bounds(cuts, len(outcomes))),
        cut_median_s=None if species.honest else quantile(waits, 0.5),
        cut_p99_s=None if species.honest else quantile(waits, 0.99),
        wrongful=(cuts * _PER / hours, rate[0], rate[1]) if species.honest else None,
        causes=tuple(Counter(o.cause.value for o in outcomes if o.cause is not None).most_common()),
        human_s=quantile([math.inf if o.human_at is None else o.human_at for o in outcomes], 0.5),
    )


def total(found: Sequence[Row]) -> tuple[int, float, tuple[float, float, float]] | None:
    """All honest species together: cuts, hours, and wrongful cuts per 10,000 hours with bounds; None without any."""
    honest = [r for r in found if r.wrongful is not None]
    cuts, hours = sum(r.cuts for r in honest), sum(r.hours for r in honest)
    if not hours:
        return None
    low, high = (bound * _PER / hours for bound in poisson_bounds(cuts))
    return cuts, hours, (cuts * _PER / hours, low, high)


def _triple(value: tuple[float, float, float] | None, name: str) -> dict[str, float] | None:
    return None if value is None else dict(zip((name, "low", "high"), (round(v, 5) for v in value), strict=True))


def _finite(value: float | None) -> float | None:
    return round(value, 2) if value is not None and math.isfinite(value) else None
