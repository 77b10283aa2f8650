"""How much group commit gives: durable appends per second with 16 writers, against one commit for every row."""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from protocols.chain import canonical, timestamp
from registry.ledger import Ledger
from registry.ledger_file import Draft, LedgerFile

FIGURES = ("ledger_group_ratio",)
WRITERS = 16
ROWS = 8_000
SINGLE_ROWS = 1_000
RUNS = 7
LIMIT = 4.0
BODY = {"driver": "HUMAN", "p_human": 0.9312, "log_odds": 2.605, "filling": "x" * 240}


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    ratios, grouped, single = [], [], []
    # On the disk of the checkout, not on a memory disk that may be behind /tmp: fsync must cost what it costs.
    with tempfile.TemporaryDirectory(prefix=".ledger-", dir=Path.cwd()) as place:
        for run in range(RUNS):
            single.append(_one_commit_a_row(Path(place) / f"single{run}.sqlite"))
            grouped.append(asyncio.run(_sixteen_writers(Path(place) / f"grouped{run}.sqlite")))
            ratios.append(grouped[-1] / single[-1])
    return {
        "ledger_group_ratio": {
            "value": round(statistics.median(ratios), 2),
            "unit": "ratio",
            "limit": LIMIT,
            "how": (
                f"{WRITERS} tasks appending {ROWS} chained rows through the ledger"
                f" ({statistics.median(grouped):.0f}/s), against one synchronous commit a row"
                f" ({statistics.median(single):.0f}/s), interleaved, median; higher is better"
            ),
            "runs": RUNS,
            "min": round(min(ratios), 2),
            "max": round(max(ratios), 2),
        }
    }


def _one_commit_a_row(path: Path) -> float:
    """Rows per second of the same file, same fields and same chain, with nobody to share a commit with."""
    file = LedgerFile.open(path)
    began = time.perf_counter()
    for number in range(SINGLE_ROWS):
        at = timestamp(datetime.now(UTC))
        file.append([Draft(at=at, kind="verdict", session="ses_1", subject=f"s{number}", body=canonical(BODY))])
    taken = time.perf_counter() - began
    file.close()
    return SINGLE_ROWS / taken


async def _sixteen_writers(path: Path) -> float:
    """Rows per second acknowledged to tasks of which each waits for its row before it appends the next."""
    ledger = await Ledger.open(path)

    async def work() -> None:
        for number in range(ROWS // WRITERS):
            await ledger.append("verdict", "ses_1", f"s{number}", BODY, datetime.now(UTC))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(work())
    taken = time.perf_counter() - began
    await ledger.close()
    return ROWS / taken
