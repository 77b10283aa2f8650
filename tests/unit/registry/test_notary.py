"""Checkpoints and proofs over the real ledger: what was signed holds, and whatever was changed since is found."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import merkle
from protocols.chain import GENESIS, link
from protocols.checkpoint import Checkpoint, CheckpointRefused, opened
from registry.error import NotFound
from registry.ledger import Ledger
from registry.notary import CHECKPOINT, Notary, audit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@asynccontextmanager
async def written(path: Path, *bodies: int) -> AsyncIterator[tuple[Ledger, Notary]]:
    ledger = await Ledger.open(path)
    try:
        await append(ledger, *bodies)
        yield ledger, Notary(ledger, KEY, "log.example")
    finally:
        await ledger.close()


async def append(ledger: Ledger, *bodies: int) -> None:
    for body in bodies:
        await ledger.append("verdict.changed", "ses_a", "", {"number": body}, AT)


def rewritten(path: Path, change: str, *values: object) -> None:
    """Change a ledger as somebody may who has its file: no trigger, no head beside it, and every hash made anew."""
    path.with_name(path.name + ".head").unlink()
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(change, values)
        previous = GENESIS
        columns = "number, at, kind, session, subject, body"
        for number, at, kind, session, subject, body in database.execute(
            f"SELECT {columns} FROM entries ORDER BY number"
        ).fetchall():
            fingerprint = link(
                previous=previous, number=number, at=at, kind=kind, session=session, subject=subject, body=body
            )
            database.execute(
                "UPDATE entries SET previous = ?, hash = ? WHERE number = ?", (previous, fingerprint, number)
            )
            previous = fingerprint


async def test_a_checkpoint_counts_what_is_there_and_grows_with_it(tmp_path: Path) -> None:
    async with written(tmp_path / "l.sqlite") as (ledger, notary):
        assert opened(await notary.checkpoint(), notary.verifier) == Checkpoint(
            origin="log.example", size=0, root=merkle.EMPTY
        )
        sizes = []
        for size in range(1, 12):
            await append(ledger, size)
            counted = opened(await notary.checkpoint(), notary.verifier)
            leaves = [merkle.leaf(entry.hash) for entry in await ledger.read()]
            assert counted.root == merkle.root(leaves)
            sizes.append(counted.size)
        assert sizes == list(range(1, 12))


async def test_a_checkpoint_is_entered_only_where_something_is_new(tmp_path: Path) -> None:
    async with written(tmp_path / "l.sqlite", 1, 2) as (ledger, notary):
        entered = await notary.enter(AT)
        assert entered is not None
        assert opened(entered.content["note"], notary.verifier).size == 2
        assert await notary.enter(AT) is None
        await append(ledger, 3)
        again = await notary.enter(AT)
        assert again is not None
        assert opened(again.content["note"], notary.verifier).size == 4
        assert [entry.number for entry in await ledger.read(kind=CHECKPOINT)] == [3, 5]


async def test_every_entry_is_shown_to_be_in_the_ledger(tmp_path: Path) -> None:
    async with written(tmp_path / "l.sqlite", *range(9)) as (_, notary):
        for number in range(1, 10):
            found = await notary.inclusion(number)
            counted = opened(found.note, notary.verifier)
            assert found.entry.number == number
            fingerprint = merkle.leaf(found.entry.hash)
            assert merkle.includes(counted.root, counted.size, number - 1, fingerprint, found.proof)
        for number in (0, 10):
            with pytest.raises(NotFound, match=f"no entry {number}"):
                await notary.inclusion(number)


async def test_every_earlier_checkpoint_is_shown_to_be_part_of_the_ledger(tmp_path: Path) -> None:
    async with written(tmp_path / "l.sqlite") as (ledger, notary):
        earlier = []
        for number in range(9):
            await append(ledger, number)
            earlier.append(opened(await notary.checkpoint(), notary.verifier))
        for before in earlier:
            found = await notary.consistency(before.size)
            now = opened(found.note, notary.verifier)
            assert merkle.extends((before.size, before.root), (now.size, now.root), found.proof)
        for size in (0, 10):
            with pytest.raises(NotFound, match="name a size"):
                await notary.consistency(size)


async def test_while_others_append_each_checkpoint_holds(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path) as (ledger, notary):
        async with asyncio.TaskGroup() as group:
            group.create_task(append(ledger, *range(200)))
            kept = [group.create_task(notary.checkpoint()) for _ in range(10)]
            for _ in range(5):
                group.create_task(notary.enter(AT))
        found, held = audit(path, notary.verifier, [note.result() for note in kept])
        assert found.ok, found.flaw
        sizes = {opened(note.result(), notary.verifier).size for note in kept} - {0}
        assert held == len(sizes) + len(await ledger.read(kind=CHECKPOINT))


async def test_a_history_that_was_rewritten_is_found_by_a_checkpoint_in_it(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(6)) as (ledger, notary):
        await notary.enter(AT)
        await append(ledger, 6)
    assert audit(path, notary.verifier)[0].ok
    rewritten(path, "UPDATE entries SET body = ? WHERE number = 3", b'{"number":9}')
    found, held = audit(path, notary.verifier)
    assert (found.ok, found.first_bad, held) == (False, 7, 0)
    assert "not those before it" in str(found.flaw)


async def test_an_end_that_was_taken_off_is_found_by_a_checkpoint_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(6)) as (_, notary):
        kept = await notary.checkpoint()
    rewritten(path, "DELETE FROM entries WHERE number > 4")
    assert audit(path, notary.verifier)[0].ok
    found, _ = audit(path, notary.verifier, [kept])
    assert (found.ok, found.first_bad) == (False, 5)
    assert "taken off" in str(found.flaw)


async def test_other_entries_in_the_place_of_the_signed_ones_are_found_by_a_kept_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(6)) as (_, notary):
        kept = await notary.checkpoint()
    rewritten(path, "UPDATE entries SET session = 'ses_b' WHERE number = 2")
    found, _ = audit(path, notary.verifier, [kept])
    assert (found.ok, found.first_bad) == (False, 6)


@pytest.mark.parametrize(
    "body", [b'{"note":"a forgery"}', b'{"else":1}', b"[]", b"not JSON", b'{"note":null}'], ids=range(5)
)
async def test_an_entry_that_only_claims_to_be_a_checkpoint_is_found(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(3)) as (_, notary):
        await notary.enter(AT)
    rewritten(path, "UPDATE entries SET body = ? WHERE number = 4", body)
    found, _ = audit(path, notary.verifier)
    assert (found.ok, found.first_bad) == (False, 4)
    assert "no checkpoint of log.example" in str(found.flaw)


async def test_a_checkpoint_over_entries_that_come_after_it_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(3)) as (ledger, notary):
        early = await ledger.append(CHECKPOINT, "", "", {"note": "later"}, AT)
        await append(ledger, 4)
        note = await notary.checkpoint()
    rewritten(path, "UPDATE entries SET body = ? WHERE number = ?", f'{{"note":"{note}"}}'.encode(), early.number)
    assert not audit(path, notary.verifier)[0].ok


async def test_a_split_log_and_a_foreign_checkpoint_are_refused(tmp_path: Path) -> None:
    path, second = tmp_path / "l.sqlite", tmp_path / "second.sqlite"
    async with written(path, 1) as (ledger, notary), written(second, 2) as (_, split):
        kept = [await notary.checkpoint(), await split.checkpoint()]
        with pytest.raises(CheckpointRefused, match="disagree over 1 entries"):
            audit(path, notary.verifier, kept)
        foreign = await Notary(ledger, OTHER, "log.example").checkpoint()
        with pytest.raises(CheckpointRefused, match="no signature"):
            audit(path, notary.verifier, [foreign])


async def test_any_bit_that_is_flipped_in_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    async with written(path, *range(20)) as (_, notary):
        await notary.enter(AT)
        kept = await notary.checkpoint()
    dice = random.Random(7)
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
    for _ in range(120):
        column, number = dice.choice(["at", "kind", "session", "body", "previous", "hash"]), dice.randint(1, 21)
        with sqlite3.connect(path, isolation_level=None) as database:
            database.execute("BEGIN")
            stored = database.execute(
                f"SELECT CAST({column} AS BLOB), typeof({column}) FROM entries WHERE number = ?", (number,)
            ).fetchone()
            bent = bytearray(stored[0])
            bent[dice.randrange(len(bent))] ^= 1 << dice.randrange(8)
            kind = "BLOB" if stored[1] == "blob" else "TEXT"
            change = f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE number = ?"
            database.execute(change, (bytes(bent), number))
            database.execute("COMMIT")
            assert not audit(path, notary.verifier, [kept])[0].ok, (column, number)
            database.execute(change, (stored[0], number))
    assert audit(path, notary.verifier, [kept])[0].ok
