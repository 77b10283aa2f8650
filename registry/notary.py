"""Notary: signs how far the ledger has come, with a key that the ledger's file does not hold, and proves what is in it.

The leaf of an entry in the tree is the entry's hash. The checkpoints that are entered in the ledger itself let anybody
who has the public key verify its history; one that is kept elsewhere shows that its end was not taken off since.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import merkle
from protocols.chain import Entry
from protocols.checkpoint import Checkpoint, CheckpointRefused, Verifier, opened, signed
from registry.error import LedgerDamaged, LedgerFailure, NotFound
from registry.ledger import Ledger, LedgerReader, Verification

CHECKPOINT = "ledger.checkpoint"
"""The kind of an entry that holds a checkpoint over the entries before it, as ``{"note": text}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """That ``entry`` is among those that the checkpoint in ``note`` counts: at ``entry.number - 1``, by ``proof``."""

    entry: Entry
    note: str
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """That the entries that the checkpoint in ``note`` counts begin with the first ``size``, by ``proof``."""

    size: int
    note: str
    proof: tuple[bytes, ...]


class Notary:
    """Signs for one ledger, on the event loop that opened it. ``name`` is the log's origin and its key's name."""

    def __init__(self, ledger: Ledger, key: Ed25519PrivateKey, name: str) -> None:
        self.verifier = Verifier(name=name, public=key.public_key().public_bytes_raw())
        self._ledger = ledger
        self._key = key
        self._tree = merkle.Tree()
        self._entered = 0
        self._alone = asyncio.Lock()

    async def checkpoint(self) -> str:
        """The signed checkpoint of the ledger as it is now. Raises LedgerFailure."""
        async with self._alone:
            await asyncio.to_thread(self._grow, self._ledger.head.number)
            return self._signed(self._tree.size, self._tree.root())

    async def enter(self, at: datetime) -> Entry | None:
        """Enter a checkpoint, where the ledger has grown since the last; else None. Raises LedgerFailure."""
        if self._ledger.head.number <= self._entered:
            return None
        note = await self.checkpoint()
        entry = await self._ledger.append(CHECKPOINT, "", "", {"note": note}, at)
        self._entered = entry.number
        return entry

    async def inclusion(self, number: int) -> Inclusion:
        """Prove that entry ``number`` is in the ledger. Raises NotFound, LedgerFailure."""
        entries = await self._ledger.read(after=number - 1, limit=1) if number > 0 else ()
        if not entries or entries[0].number != number:
            raise NotFound(f"The ledger has no entry {number}.")
        leaves = await self._leaves()
        proof = await asyncio.to_thread(merkle.inclusion, leaves, number - 1)
        return Inclusion(entry=entries[0], note=self._note(leaves), proof=tuple(proof))

    async def inclusions(self, entries: Sequence[Entry]) -> tuple[Inclusion, ...]:
        """Prove that ``entries``, as the ledger gave them, are in it, by one checkpoint. Raises LedgerFailure."""
        leaves = await self._leaves()
        note = self._note(leaves)

        def work() -> tuple[Inclusion, ...]:
            return tuple(
                Inclusion(entry=entry, note=note, proof=tuple(merkle.inclusion(leaves, entry.number - 1)))
                for entry in entries
            )

        return await asyncio.to_thread(work)

    async def consistency(self, size: int) -> Consistency:
        """Prove that the ledger still begins with its first ``size`` entries. Raises NotFound, LedgerFailure."""
        leaves = await self._leaves()
        if not 1 <= size <= len(leaves):
            raise NotFound(f"The ledger has {len(leaves)} entries; name a size of 1 to that.")
        proof = await asyncio.to_thread(merkle.consistency, leaves, size)
        return Consistency(size=size, note=self._note(leaves), proof=tuple(proof))

    async def _leaves(self) -> list[bytes]:
        def work() -> list[bytes]:
            with contextlib.closing(LedgerReader(self._ledger.path)) as reader:
                return [merkle.leaf(fingerprint) for fingerprint in reader.hashes(0, self._ledger.head.number)]

        return await asyncio.to_thread(work)

    def _grow(self, size: int) -> None:
        with contextlib.closing(LedgerReader(self._ledger.path)) as reader:
            for fingerprint in reader.hashes(self._tree.size, size):
                self._tree.add(fingerprint)
        if self._tree.size < size:
            raise LedgerDamaged(f"The ledger {self._ledger.path} has {self._tree.size} of {size} acknowledged entries.")

    def _note(self, leaves: list[bytes]) -> str:
        return self._signed(len(leaves), merkle.root(leaves))

    def _signed(self, size: int, root: bytes) -> str:
        return signed(Checkpoint(origin=self.verifier.name, size=size, root=root), self.verifier, self._key.sign)


def audit(path: Path, verifier: Verifier, kept: Iterable[str] = ()) -> tuple[Verification, int]:
    """Check the ledger at ``path`` against every checkpoint in it and those ``kept`` elsewhere.

    Returns what was found, and how many checkpoints hold. Raises CheckpointRefused for a kept one that is none of
    ``verifier``'s key, LedgerFailure where there is no ledger.
    """
    wanted: dict[int, bytes] = {}
    for note in kept:
        checkpoint = opened(note, verifier)
        if wanted.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            raise CheckpointRefused(
                f"two of the checkpoints disagree over {checkpoint.size} entries: the log was split"
            )
    with contextlib.closing(LedgerReader(path)) as reader:
        auditor = _Auditor(verifier, wanted, _entered(reader, verifier))
        found = reader.verify(auditor.flaw)
    if found.ok and (beyond := max(wanted, default=0)) > found.entries:
        why = f"a checkpoint was signed over {beyond} entries, and {found.entries} are here: its end was taken off"
        found = Verification(ok=False, entries=found.entries, first_bad=found.entries + 1, flaw=why, head=found.head)
    return found, auditor.held


def _entered(reader: LedgerReader, verifier: Verifier) -> dict[int, Checkpoint | CheckpointRefused]:
    """The checkpoints in the ledger, by the number of their entry; or why one is none."""
    found: dict[int, Checkpoint | CheckpointRefused] = {}
    with contextlib.suppress(LedgerFailure, ValueError):  # damage, which following the chain will tell
        while entries := reader.read(kind=CHECKPOINT, after=max(found, default=0)):
            for entry in entries:
                found[entry.number] = _opened(entry, verifier)
    return found


def _opened(entry: Entry, verifier: Verifier) -> Checkpoint | CheckpointRefused:
    try:
        return opened(str(entry.content["note"]), verifier)
    except CheckpointRefused as refused:
        return refused
    except (ValueError, TypeError, KeyError):
        return CheckpointRefused("it holds no note")


class _Auditor:
    """Follows a ledger entry by entry and compares the tree with what was signed."""

    def __init__(
        self,
        verifier: Verifier,
        kept: Mapping[int, bytes],
        entered: Mapping[int, Checkpoint | CheckpointRefused],
    ) -> None:
        self._verifier = verifier
        self._kept = kept
        self._entered = entered
        self._tree = merkle.Tree()
        self._roots = dict.fromkeys((c.size for c in entered.values() if isinstance(c, Checkpoint)), merkle.EMPTY)
        self.held = 0

    def flaw(self, entry: Entry) -> str | None:
        """What is wrong with the entry by what was signed."""
        wrong = self._against_entered(entry.number) if entry.number in self._entered else None
        self._tree.add(entry.hash)
        return wrong or self._against_kept()

    def _against_entered(self, number: int) -> str | None:
        match self._entered[number]:
            case CheckpointRefused() as refused:
                return f"entry {number} is no checkpoint of {self._verifier.name}: {refused}"
            case Checkpoint(size=size, root=root) if size < number and self._roots[size] == root:
                self.held += 1
                return None
            case Checkpoint(size=size):
                return f"entry {number} was signed over {size} entries that are not those before it"

    def _against_kept(self) -> str | None:
        size = self._tree.size
        if size in self._roots:
            self._roots[size] = self._tree.root()
        if size not in self._kept:
            return None
        if self._tree.root() != self._kept[size]:
            return f"the first {size} entries are not those that a checkpoint was signed over"
        self.held += 1
        return None
