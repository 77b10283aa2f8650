"""The breaker at work: many channels go down at once, and nobody is cut until a person has looked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.breaker import MassBreaker
from monitor.pipeline import Pipeline
from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.observation import Presence
from protocols.verdict import Driver
from registry.error import Unavailable
from tests.unit.monitor.broadcast import Broadcast, broadcast
from tests.virtual_time import in_virtual_time


def presence(connected: bool, cause: str = "the connection is down") -> Presence:
    return Presence(at=0.0, operator="op", connected=connected, cause=cause)


@contextlib.asynccontextmanager
async def watching(stage: Broadcast, pipeline: Pipeline, page_url: str | None = None) -> AsyncIterator[MassBreaker]:
    breaker = stage.breaker(pipeline, page_url=page_url)
    telling = asyncio.create_task(breaker.run())
    try:
        for number in range(5):
            breaker.heard(f"s{number}", presence(connected=True, cause="hello"))
        yield breaker
    finally:
        telling.cancel()
        await asyncio.wait({telling})


def lapse(breaker: MassBreaker, *causes: str) -> None:
    for number, cause in enumerate(causes):
        breaker.heard(f"s{number}", presence(connected=False, cause=cause))


@in_virtual_time
async def test_many_lapses_at_once_hold_the_ladder_and_page_a_person(tmp_path: Path) -> None:
    url = "https://pager.example/hook"
    async with (
        broadcast(tmp_path) as stage,
        stage.keeping_in_sight() as pipeline,
        watching(stage, pipeline, url) as breaker,
    ):
        stage.judge.says(Driver.AI, RuleName.DRIVING)
        await stage.until(lambda: pipeline.ladder.rung is Rung.GRACE)
        lapse(breaker, "the connection is down", "silent", "the connection broke the protocol: bad_seal")
        assert breaker.tripped is not None
        assert pipeline.ladder.held is True
        await asyncio.sleep(3_600)
        assert (pipeline.ladder.rung, await stage.cuts()) == (Rung.GRACE, ())
        (held,) = [entry for entry in await stage.ledger.read() if entry.kind == "cuts.held"]
        assert held.content["losses"] == {"channel_down": 1, "no_answer": 1, "protocol": 1}
        (paged,) = await stage.registry.outbox.due(stage.journal.clock())
        assert (paged.url, json.loads(paged.body)["type"]) == (url, "cuts.held")
        assert breaker.release(by="key_1", because="the provider's network is back") is True
        assert breaker.release(by="key_1", because="again") is False
        await stage.noted("cut.intended")


@in_virtual_time
async def test_the_ladder_goes_on_by_itself_once_the_operators_are_back(tmp_path: Path) -> None:
    async with (
        broadcast(tmp_path) as stage,
        stage.keeping_in_sight() as pipeline,
        watching(stage, pipeline) as breaker,
    ):
        lapse(breaker, *["the connection is down"] * 4)
        assert (breaker.lost, pipeline.ladder.held) == (4, True)
        breaker.joined(pipeline)
        for number in range(3):
            breaker.heard(f"s{number}", presence(connected=True, cause="hello"))
        assert (breaker.tripped, pipeline.ladder.held) == (None, False)
        lapse(breaker, *["the operator has left"] * 3)
        breaker.over("s3")
        breaker.joined(pipeline)
        assert (breaker.lost, pipeline.ladder.held) == (0, False)


@in_virtual_time
async def test_a_session_that_begins_meanwhile_is_held_and_the_end_of_those_lost_lets_go(tmp_path: Path) -> None:
    async with (
        broadcast(tmp_path) as stage,
        stage.keeping_in_sight() as pipeline,
        watching(stage, pipeline) as breaker,
    ):
        lapse(breaker, *["silent"] * 3)
        pipeline.release()
        breaker.joined(pipeline)
        assert pipeline.ladder.held is True
        breaker.over("s0")
        breaker.over("s1")
        assert pipeline.ladder.held is False


@in_virtual_time
async def test_a_ledger_that_fails_is_told_once_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        broadcast(tmp_path) as stage,
        stage.keeping_in_sight() as pipeline,
        watching(stage, pipeline) as breaker,
    ):
        announce, failures = stage.journal.announce, [Unavailable("locked")]

        async def failing(*args: Any, **kwargs: Any) -> Any:
            if failures:
                raise failures.pop()
            return await announce(*args, **kwargs)

        monkeypatch.setattr(stage.journal, "announce", failing)
        lapse(breaker, *["silent"] * 3)
        await asyncio.sleep(5)
        assert [entry.kind for entry in await stage.ledger.read()].count("cuts.held") == 1
