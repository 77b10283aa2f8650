"""How the list of cases, its search and a case's page keep up with 100,000 cases: p95 to that of an empty database."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from protocols.case import CaseAct, CaseState
from protocols.evidence import RuleName
from protocols.session import CutId, SessionId
from registry.registry import Registry
from registry.schema import case_words, cases
from tests.servers.postgresql import running
from tests.unit.monitor.api.world import NOW, World, build, cut

FIGURES = ("case_page_ratio",)
CASES = 100_000
ROUNDS = 60
AT_ONCE = 5_000
LIMIT = 3.0
NAMES = ("Hoshi", "Kuro", "Sakura", "Bolt", "Nia", "Yuki", "Kon", "Raiden")
SERVERS = tuple(f"edge-{number}" for number in range(20))


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    with tempfile.TemporaryDirectory(prefix="bench-cases-") as folder, running() as server:
        return asyncio.run(_measure(Path(folder), server))


async def _measure(folder: Path, server: Any) -> dict[str, dict[str, Any]]:
    told, ratios = [], []
    async with AsyncExitStack() as stack:
        for kind in ("SQLite", "PostgreSQL"):
            worlds = []
            for name, count in (("few", 0), ("many", CASES)):
                url = f"sqlite:///{folder / name}.sqlite"
                if kind == "PostgreSQL":
                    url = await stack.enter_async_context(server.database(migrated=True))
                registry = await Registry.open(url, folder / f"{kind}-{name}.ledger")
                stack.push_async_callback(registry.close)
                world = await build(folder / f"{kind}-{name}", registry)
                stack.push_async_callback(world.client.aclose)
                worlds.append((world, await _fill(world, count)))
            few, many = await _compare(worlds)
            ratios.append(many / few)
            told.append(f"{kind} {1000 * many:.1f} ms to {1000 * few:.1f} ms")
    how = f"p95 of listing, filtering, searching and reading by the API, {CASES} cases: {', '.join(told)}; the worse"
    return {
        "case_page_ratio": {
            "value": round(max(ratios), 2), "unit": "ratio", "limit": LIMIT, "how": how, "runs": ROUNDS,
            "min": round(min(ratios), 2), "max": round(max(ratios), 2),
        }
    }  # fmt: skip


async def _fill(world: World, count: int) -> str:
    """Some real cases, behind so many others; the id of one of the real ones."""
    session = str((await world.attached())["id"])
    one = (await world.registry.cases.of_cut(CutId(await cut(world, session)))).id
    dice = np.random.default_rng(1)
    for start in range(0, count, AT_ONCE):
        rows = [_row(world, SessionId(session), number, dice) for number in range(start, start + AT_ONCE)]
        async with world.registry._database.writing() as connection:
            await connection.execute(insert(cases), rows)
            words = [{"word": word, "case": row["seq"]} for row in rows for word in _words(row)]
            await connection.execute(insert(case_words), words)
    return one


def _row(world: World, session: SessionId, number: int, dice: np.random.Generator) -> dict[str, Any]:
    rules = list(RuleName)
    states = (CaseState.OPEN, CaseState.UPHELD, CaseState.UPHELD, CaseState.UPHELD, CaseState.OVERTURNED)
    return {
        "seq": 1000 + number, "id": f"case_{number:013d}", "act": CaseAct.FORBID, "cut": None, "session": session,
        "avatar": world.avatar, "avatar_name": NAMES[dice.integers(len(NAMES))],
        "operators": [f"op_{dice.integers(5000)}"], "account": f"channel-{dice.integers(3000)}",
        "server": SERVERS[dice.integers(len(SERVERS))], "app": "live", "stream": f"room-{dice.integers(3000)}",
        "rule": rules[dice.integers(len(rules))].value, "cause": "nobody drives the avatar", "driver": "AI",
        "p_human": 0.01, "policy": "standard@1", "opened_at": NOW + timedelta(minutes=number), "four_eyes": False,
        "state": states[dice.integers(len(states))], "version": 1, "restored_at": NOW, "stated_at": NOW,
    }  # fmt: skip


def _words(row: dict[str, Any]) -> set[str]:
    named = (row["id"], row["avatar_name"].casefold(), row["operators"][0], row["rule"], row["server"][:4])
    return {*named, *row["account"].split("-"), *row["stream"].split("-"), "live", "nobody", "drives", "avatar"}


async def _compare(worlds: Sequence[tuple[World, str]]) -> tuple[float, float]:
    """p95 over all kinds of questions, asked in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(-3, ROUNDS):  # the first ones warm up
        for times, (world, case) in zip(taken, worlds, strict=True):
            for path, params in _questions(case, max(0, number)):
                began = time.perf_counter()
                answer = await world.client.get(path, params=params)
                seconds = time.perf_counter() - began
                assert answer.status_code == 200, answer.text
                if number >= 0:
                    times.append(seconds)
    few, many = (statistics.quantiles(times, n=20)[-1] for times in taken)
    return few, many


def _questions(case: str, number: int) -> list[tuple[str, dict[str, Any]]]:
    at = NOW + timedelta(minutes=1000 * (number % 90))
    span = {"since": at.isoformat(), "before": (at + timedelta(days=1)).isoformat()}
    wanted: list[dict[str, Any]] = [
        {},
        {"state": ["open", "more_asked"]},
        {"rule": "likeness", "state": "open"},
        {"server": SERVERS[number % len(SERVERS)], "rule": "presence"},
        {"operator": f"op_{number}"},
        {"account": f"channel-{number}"},
        span,
        {"text": "nobody dri"},
        {"text": f"room {number}"},
        {"text": NAMES[number % len(NAMES)][:3], "state": "overturned"},
        {"text": f"case_{number:013d}"[:17]},
    ]
    return [("/v1/cases", {"limit": 50, **one}) for one in wanted] + [(f"/v1/cases/{case}", {})]
