"""A stream in quarantine is told of once: an event, an entry, and a report for a moderator. It is not cut."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.quarantine import Quarantined
from monitor.workers.pool import SetApart
from protocols.session import SessionState
from registry.error import Unavailable
from registry.state import ReportKind
from tests.unit.monitor.broadcast import Broadcast, broadcast, clock
from tests.virtual_time import in_virtual_time

WEEK = timedelta(days=7)


def quarantined(stage: Broadcast) -> tuple[Quarantined, SetApart]:
    told = SetApart(stream=stage.session.id, deaths=5, within_s=600.0)
    return Quarantined(stage.registry, stage.journal, asyncio.Queue(), within=WEEK), told


@in_virtual_time
async def test_it_is_entered_and_reported_once_over_restarts_and_nobody_is_cut(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        for _ in range(2):
            telling, told = quarantined(stage)
            await telling.tell(told)
        [report] = (await stage.registry.reports.list(waiting=True)).items
        assert (report.kind, report.session) == (ReportKind.QUARANTINE, stage.session.id)
        assert "5 processes within 10 minutes" in report.text
        [entry] = await stage.noted("session.quarantined")
        assert entry == {
            "deaths": 5, "within_s": 600.0, "report": report.id, "kind": "session.quarantined", "subject": report.id,
        }  # fmt: skip
        assert (await stage.registry.cuts.list()).items == ()


@in_virtual_time
async def test_of_a_session_that_is_over_nothing_is_told(tmp_path: Path) -> None:
    async with broadcast(tmp_path) as stage:
        telling, told = quarantined(stage)
        move = stage.registry.sessions.move
        await move(stage.session.id, SessionState.ENDED, because="over", epoch=stage.session.epoch, at=clock())
        await telling.tell(told)
        assert (await stage.registry.reports.list()).items == ()


@in_virtual_time
async def test_what_cannot_be_written_is_tried_again_and_what_is_unknown_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with broadcast(tmp_path) as stage:
        apart: asyncio.Queue[SetApart] = asyncio.Queue()
        _, told = quarantined(stage)
        apart.put_nowait(SetApart(stream="ses_nowhere", deaths=3, within_s=600.0))
        apart.put_nowait(told)
        monkeypatch.setattr(stage.registry.reports, "file", failing_once(stage.registry.reports.file))
        running = asyncio.create_task(Quarantined(stage.registry, stage.journal, apart, within=WEEK).run())
        await stage.noted("session.quarantined")
        assert len((await stage.registry.reports.list()).items) == 1
        running.cancel()
        await asyncio.wait([running])


def failing_once(file: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    failures = [Unavailable("the database is away")]

    async def tried(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return await file(*args, **kwargs)

    return tried
