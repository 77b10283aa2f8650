"""The ledger when the process is killed, and when its disk is full: what was acknowledged is there, the chain whole."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.chain import Entry
from registry.error import LedgerFailure
from registry.ledger import Ledger, verify
from registry.ledger_reader import LedgerReader
from tests.unit.registry.conftest import NOW, file_size_limit
from tests.unit.registry.ledger_writer import BATCH

ROUNDS = 15
ROOT = Path(__file__).parents[3]


def killed_writer(path: Path, lines: int, mode: str = "waiters") -> dict[int, str]:
    """Let a writer run until it has told of ``lines`` acknowledgements, kill it; what it acknowledged in all."""
    command = [sys.executable, "-m", "tests.unit.registry.ledger_writer", mode, str(path)]
    acknowledged = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged.append(line)
            if len(acknowledged) == lines:
                writer.send_signal(signal.SIGKILL)  # what is still in the pipe was acknowledged too
    assert writer.returncode == -signal.SIGKILL
    whole = [line.split() for line in acknowledged if line.endswith(b"\n")]
    return {int(number): fingerprint.decode() for number, fingerprint in whole}


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    chance = random.Random()  # another moment each time; what must hold, holds at any
    before = 0
    for _ in range(ROUNDS):
        acknowledged = killed_writer(path, chance.randint(1, 400))
        found = verify(path)
        assert found.ok, found.flaw
        with contextlib.closing(LedgerReader(path)) as reader:
            present = {entry.number: entry.hash.hex() for entry in reader.read(after=before, limit=100_000)}
        assert acknowledged.items() <= present.items()
        assert found.entries == before + len(present)
        before = found.entries


def test_a_batch_is_there_whole_or_not_at_all_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    chance = random.Random()
    for _ in range(5):
        before = verify(path).entries if path.exists() else 0
        acknowledged = killed_writer(path, chance.randint(1, 60), "batches")
        found = verify(path)
        assert found.ok, found.flaw
        assert found.entries >= max(acknowledged)
        with contextlib.closing(LedgerReader(path)) as reader:
            sizes = Counter(entry.content["batch"] for entry in reader.read(after=before, limit=1_000_000))
        assert set(sizes.values()) == {BATCH}
        assert set(sizes) == set(range(len(sizes)))


async def fill(ledger: Ledger) -> tuple[list[Entry], str]:
    """Append until the disk is full; what was acknowledged, and what the failure said."""
    entries: list[Entry] = []
    for round_ in range(2000):
        batch = await asyncio.gather(
            *(ledger.append("verdict", "ses_1", f"{round_}-{n}", {"filling": "x" * 2000}, NOW) for n in range(8)),
            return_exceptions=True,
        )
        entries += [result for result in batch if isinstance(result, Entry)]
        failures = [result for result in batch if isinstance(result, BaseException)]
        if failures:
            assert all(isinstance(failure, LedgerFailure) for failure in failures)
            return entries, str(failures[0])
    pytest.fail("the disk never filled")


async def test_a_file_that_cannot_grow_is_told_and_the_ledger_goes_on_when_it_can(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = await Ledger.open(path)
    with file_size_limit(300_000):
        acknowledged, message = await fill(ledger)
        assert "nothing acknowledged is lost" in message
        with pytest.raises(LedgerFailure):
            await ledger.append("verdict", "ses_1", "x", {"filling": "x" * 400_000}, NOW)
    again = await ledger.append("verdict", "ses_1", "again", {}, NOW)
    assert again.number > acknowledged[-1].number
    present = {entry.number: entry for entry in await ledger.read(limit=100_000)}
    assert all(present[entry.number] == entry for entry in acknowledged)
    found = await ledger.verify()
    assert found.ok, found.flaw
    await ledger.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    gc.collect()  # a connection that a failed test left open would keep the disk busy
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_is_told_and_the_ledger_goes_on_when_there_is_space(small_disk: Path) -> None:
    filling = small_disk / "filling"
    filling.write_bytes(bytes(400_000))
    path = small_disk / "ledger.sqlite"
    ledger = await Ledger.open(path)
    acknowledged, message = await fill(ledger)
    assert acknowledged
    assert "nothing acknowledged is lost" in message.lower()
    for _ in range(3):
        with pytest.raises(LedgerFailure):
            await ledger.append("verdict", "ses_1", "x", {"filling": "x" * 300_000}, NOW)
    filling.unlink()
    again = await ledger.append("verdict", "ses_1", "again", {}, NOW)
    present = {entry.number: entry for entry in await ledger.read(limit=100_000)}
    assert all(present[entry.number] == entry for entry in [*acknowledged, again])
    found = await ledger.verify()
    assert found.ok, found.flaw
    await ledger.close()


async def test_a_ledger_on_a_disk_that_cannot_be_written_is_verified_but_not_opened(small_disk: Path) -> None:
    path = small_disk / "ledger.sqlite"
    ledger = await Ledger.open(path)
    await ledger.append("verdict", "ses_1", "x", {}, NOW)
    await ledger.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: ASYNC221
    with pytest.raises(LedgerFailure, match="cannot be written"):
        await Ledger.open(path)
    assert (verify(path).ok, verify(path).entries) == (True, 1)
