import asyncio
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocols.chain import Entry, Head
from registry import ledger as module
from registry.error import LedgerDamaged, LedgerFailure, LedgerHeld, Refused
from registry.ledger import Ledger, verify
from registry.ledger_file import LedgerFile
from tests.unit.registry.conftest import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


async def append(ledger: Ledger, number: int, kind: str = "verdict") -> Entry:
    return await ledger.append(kind, "ses_1", f"s{number}", {"n": number}, NOW)


async def test_many_waiters_share_commits_and_each_gets_its_own_entry(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    real = LedgerFile.append

    def counted(self: LedgerFile, drafts: object) -> list[Entry]:
        entries = real(self, drafts)  # type: ignore[arg-type]
        commits.append(len(entries))
        return entries

    monkeypatch.setattr(LedgerFile, "append", counted)
    ledger = await Ledger.open(path)
    entries = await asyncio.gather(*(append(ledger, number) for number in range(500)))
    assert [entry.content["n"] for entry in entries] == list(range(500))
    assert [entry.number for entry in entries] == list(range(1, 501))
    assert sum(commits) == 500
    assert len(commits) < 100
    assert (await ledger.verify()).entries == 500
    await ledger.close()


async def test_an_appended_entry_is_seen_by_every_reader(path: Path) -> None:
    ledger = await Ledger.open(path)
    entry = await ledger.append("cut.intended", "ses_1", "cut_1", {"cause": "星"}, NOW)
    assert (entry.number, entry.kind, entry.session, entry.subject) == (1, "cut.intended", "ses_1", "cut_1")
    assert (entry.moment, entry.content) == (NOW, {"cause": "星"})
    assert await ledger.read(kind="cut.intended", session="ses_1", subject="cut_1") == (entry,)
    assert await ledger.read(after=1) == ()
    assert await ledger.open_intents() == (entry,)
    await ledger.append("cut.confirmed", "ses_1", "cut_1", {}, NOW)
    assert await ledger.open_intents() == ()
    assert verify(path) == await ledger.verify()
    await ledger.close()


async def test_closing_writes_what_waits_and_then_refuses(path: Path) -> None:
    ledger = await Ledger.open(path)
    waiting = [asyncio.create_task(append(ledger, number)) for number in range(50)]
    await asyncio.sleep(0)
    await ledger.close()
    await ledger.close()
    assert [entry.number for entry in await asyncio.gather(*waiting)] == list(range(1, 51))
    with pytest.raises(LedgerFailure, match="closed"):
        await append(ledger, 50)
    assert not ledger._thread.is_alive()


async def test_who_is_cancelled_harms_nobody(path: Path) -> None:
    ledger = await Ledger.open(path)
    waiting = [asyncio.create_task(append(ledger, number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, Entry) for result in results[1::2])
    assert (await ledger.verify()).ok
    await ledger.close()


async def test_more_than_fit_wait_their_turn(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 4)
    longest = 0
    ledger = await Ledger.open(path)
    real = ledger._next_batch

    def watched() -> list[object]:
        nonlocal longest
        batch = real()
        longest = max(longest, len(batch))
        return batch  # type: ignore[return-value]

    monkeypatch.setattr(ledger, "_next_batch", watched)
    entries = await asyncio.gather(*(append(ledger, number) for number in range(100)))
    assert len({entry.number for entry in entries}) == 100
    assert 0 < longest <= 4
    await ledger.close()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"at": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001
        ({"body": {"a": float("nan")}}, "entered"),
        ({"body": {"a": b""}}, "bytes is no JSON value"),
        ({"kind": ""}, "kind"),
        ({"kind": "x" * 65}, "kind"),
        ({"session": "\ud800"}, "session"),
        ({"subject": "a\0b"}, "subject"),
    ],
)
async def test_what_cannot_be_an_entry_is_refused(path: Path, values: dict[str, object], problem: str) -> None:
    ledger = await Ledger.open(path)
    given = {"kind": "k", "session": "", "subject": "", "body": {}, "at": NOW, **values}
    with pytest.raises(Refused, match=problem):
        await ledger.append(**given)  # type: ignore[arg-type]
    assert (await append(ledger, 1)).number == 1
    await ledger.close()


async def test_a_second_writer_is_refused(path: Path) -> None:
    ledger = await Ledger.open(path)
    with pytest.raises(LedgerHeld):
        await Ledger.open(path)
    await ledger.close()
    await (await Ledger.open(path)).close()


async def test_a_failed_commit_is_told_to_everybody_and_the_ledger_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await Ledger.open(path)
    await append(ledger, 0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger._file._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr]
    results = await asyncio.gather(*(append(ledger, number) for number in range(3)), return_exceptions=True)
    other.execute("ROLLBACK")
    other.close()
    failures = [result for result in results if isinstance(result, LedgerFailure)]
    assert failures
    assert all("nothing acknowledged is lost" in str(failure) for failure in failures)
    # Every waiter has an error of its own, so that tracebacks do not run together.
    assert len({id(failure) for failure in failures}) == len(failures)
    acknowledged = 1 + sum(isinstance(result, Entry) for result in results)
    assert (await append(ledger, 9)).number == acknowledged + 1
    await ledger.close()
    assert verify(path).ok


async def test_a_fault_of_our_own_does_not_leave_anybody_waiting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await Ledger.open(path)
    with monkeypatch.context() as patch:
        patch.setattr(ledger._file, "append", lambda _: 1 / 0)
        with pytest.raises(LedgerFailure, match="ZeroDivisionError"):
            await append(ledger, 0)
    assert (await append(ledger, 1)).number == 1
    await ledger.close()


async def test_a_ledger_exchanged_under_a_running_service_takes_no_more_entries(path: Path, tmp_path: Path) -> None:
    ledger = await Ledger.open(path)
    await append(ledger, 0)
    await ledger.close()
    shutil.copy(path, tmp_path / "old")
    ledger = await Ledger.open(path)
    await append(ledger, 1)
    ledger._file._disconnect()  # as after a failure
    shutil.copy(tmp_path / "old", path)
    with pytest.raises(LedgerDamaged, match="acknowledged 2"):
        await append(ledger, 2)
    await ledger.close()


def test_a_loop_that_ends_without_closing_leaves_no_writer_behind(path: Path) -> None:
    async def forget() -> Ledger:
        ledger = await Ledger.open(path)
        task = asyncio.create_task(append(ledger, 0))
        await asyncio.sleep(0)
        task.cancel()
        return ledger

    ledger = asyncio.run(forget())
    with ledger._condition:
        ledger._closing = True
        ledger._condition.notify()
    ledger._thread.join(5)
    assert not ledger._thread.is_alive()
    assert verify(path).ok


class LedgerMachine(RuleBasedStateMachine):
    """The ledger against a plain list."""

    directory: Path

    @initialize()
    def begin(self) -> None:
        LedgerMachine.directory.mkdir(exist_ok=True)
        self.path = LedgerMachine.directory / f"{id(self)}.sqlite"
        self.runner = asyncio.Runner()
        self.model: list[Entry] = []
        self.ledger = self.runner.run(Ledger.open(self.path))

    @rule(
        drafts=st.lists(
            st.tuples(
                st.sampled_from(["cut.intended", "cut.confirmed", "verdict"]),
                st.sampled_from(["", "ses_1", "ses_2"]),
                st.sampled_from(["cut_1", "cut_2", "cut_3"]),
                st.dictionaries(st.text("ab", max_size=2), st.integers(), max_size=2),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def append(self, drafts: list[tuple[str, str, str, dict[str, int]]]) -> None:
        async def work() -> list[Entry]:
            return await asyncio.gather(*(self.ledger.append(*draft, NOW) for draft in drafts))

        entries = self.runner.run(work())
        assert [(e.kind, e.session, e.subject, e.content) for e in entries] == drafts
        self.model += entries

    @rule(kind=st.sampled_from([None, "verdict"]), session=st.sampled_from([None, "ses_1"]), after=st.integers(0, 9))
    def read(self, kind: str | None, session: str | None, after: int) -> None:
        found = self.runner.run(self.ledger.read(kind=kind, session=session, after=after))
        assert list(found) == [
            entry for entry in self.model[after:] if kind in (None, entry.kind) and session in (None, entry.session)
        ]

    @rule()
    def reopen(self) -> None:
        self.runner.run(self.ledger.close())
        self.ledger = self.runner.run(Ledger.open(self.path))

    @rule()
    def lose_the_connection(self) -> None:
        self.ledger._file._disconnect()

    @rule()
    def list_open_intents(self) -> None:
        expected = [
            entry
            for entry in self.model
            if entry.kind == "cut.intended"
            and not any(
                other.kind == "cut.confirmed" and other.subject == entry.subject and other.number > entry.number
                for other in self.model
            )
        ]
        assert list(self.runner.run(self.ledger.open_intents())) == expected

    @invariant()
    def the_chain_is_whole(self) -> None:
        if not hasattr(self, "ledger"):
            return
        found = self.runner.run(self.ledger.verify())
        assert (found.ok, found.entries) == (True, len(self.model))
        assert found.head == (Head(number=len(self.model), hash=self.model[-1].hash) if self.model else Head())

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.runner.run(self.ledger.close())
            self.runner.close()


def test_the_ledger_behaves_as_a_list_that_only_grows(tmp_path: Path) -> None:
    LedgerMachine.directory = tmp_path / "machine"
    machine = LedgerMachine.TestCase
    machine.settings = settings(
        max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine("runTest").runTest()
