"""How fast sessions are simulated: hours a minute of one core, honest and not as a policy author plays them."""

import statistics
import time
from typing import Any

from monitor.simulation.measured import load
from monitor.simulation.simulation import simulate
from monitor.simulation.species import SPECIES
from protocols.policy import STANDARD

FIGURES = ("simulate_hours_per_minute",)
RUNS = 5
LIMIT = 1000.0
HOURS, ATTACKS = 70.0, 2  # as many to one as in the command's default


def figures() -> dict[str, dict[str, Any]]:
    """Return simulate_hours_per_minute."""
    load()
    speeds = [_run(seed) for seed in range(RUNS)]
    return {
        "simulate_hours_per_minute": {
            "value": round(statistics.median(speeds), 1),
            "unit": "h/min",
            "limit": LIMIT,
            "how": (
                f"simulated session-hours per minute of CPU, every species under the standard policy"
                f" ({HOURS:g} honest hours to {ATTACKS} sessions of each attack), median; higher is better"
            ),
            "runs": RUNS,
            "min": round(min(speeds), 1),
            "max": round(max(speeds), 1),
        }
    }


def _run(seed: int) -> float:
    began = time.process_time()
    rows = simulate(list(SPECIES.values()), policy=STANDARD, measured=load(), seed=seed, hours=HOURS, attacks=ATTACKS)
    hours = sum(row.hours for row in rows)
    return hours * 60 / (time.process_time() - began)


if __name__ == "__main__":
    print(figures())
