"""The ledger's head, kept beside it: who writes the ledger, and how far it had come when it was last acknowledged.

The chain shows that nothing inside was altered, but not that the file was put back to an earlier state (an old copy
restored, the write-ahead log deleted). So the head is noted here after every commit, and opening compares. Two slots
are written in turn, so that a torn write spoils only one. It is a guard against accidents, not against forgers.
"""

import contextlib
import fcntl
import os
import zlib
from pathlib import Path

from protocols.chain import Head
from registry.error import LedgerDamaged, LedgerFailure, LedgerHeld

_SLOT = 512
_OWNER = 2 * _SLOT
_SIZE = 3 * _SLOT


class HeadFile:
    """The file beside the ledger; holding it is the right to write the ledger."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._slot = 0

    @classmethod
    def hold(cls, path: Path) -> "HeadFile":
        """Take the right to write. Raises LedgerHeld where another process has it; it ends with the process."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerFailure(f"The ledger cannot be opened: {path} cannot be written ({error.strerror}).") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(descriptor, _SLOT, _OWNER).rstrip(b"\0 ").decode("ascii", "replace")
            os.close(descriptor)
            who = f" (process {owner})" if owner.isdecimal() else ""
            raise LedgerHeld(
                f"The ledger beside {path} is written by another process{who}; only one may. "
                "Stop that one, or ask it through its API."
            ) from error
        try:
            # Room for everything at once: later writes are in place and need no space on a full disk.
            if os.fstat(descriptor).st_size < _SIZE:
                os.pwrite(descriptor, bytes(_SIZE - os.fstat(descriptor).st_size), os.fstat(descriptor).st_size)
            os.pwrite(descriptor, str(os.getpid()).encode().ljust(_SLOT), _OWNER)
        except OSError as error:
            os.close(descriptor)
            raise LedgerFailure(f"The ledger cannot be opened: {path} cannot be written ({error.strerror}).") from error
        return cls(path, descriptor)

    def read(self) -> Head | None:
        """The head noted last; None where none was."""
        return _newest(os.pread(self._descriptor, _OWNER, 0), self.path)

    def note(self, head: Head) -> None:
        """Note a head whose entries are durable. Never raises: an older head only makes the guard weaker."""
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, _written(head), self._slot * _SLOT)
            self._slot ^= 1

    def release(self) -> None:
        """Make the head durable and let others write."""
        with contextlib.suppress(OSError):
            os.fsync(self._descriptor)
        os.close(self._descriptor)


def read_head(path: Path) -> Head | None:
    """The head noted in the file at ``path`` while somebody else may be writing; None where there is none."""
    try:
        return _newest(path.read_bytes()[:_OWNER], path)
    except FileNotFoundError:
        return None


def _written(head: Head) -> bytes:
    text = f"{head.number} {head.hash.hex()} "
    return f"{text}{zlib.crc32(text.encode()):08x}\n".encode().ljust(_SLOT, b"\0")


def _newest(slots: bytes, path: Path) -> Head | None:
    if not slots.strip(b"\0"):
        return None
    heads = [head for slot in (slots[:_SLOT], slots[_SLOT:]) if (head := _parsed(slot)) is not None]
    if not heads:
        raise LedgerDamaged(
            f"{path}, which says how far the ledger had come, cannot be read. "
            "Verify the ledger; if it is whole, delete this file and open the ledger again."
        )
    return max(heads, key=lambda head: head.number)


def _parsed(slot: bytes) -> Head | None:
    try:
        number, fingerprint, check = slot.rstrip(b"\0").decode("ascii").split()
        head = Head(number=int(number), hash=bytes.fromhex(fingerprint))
    except ValueError:
        return None
    return head if _written(head) == slot and len(check) == 8 else None
