"""The spool: evidence on disk before a cut leaves, until it is in the store. What a killed service left is taken up.

Files by a name of ours in a folder of the machine; with the evidence store's key they are encrypted like its files.
"""

import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.error import Unavailable
from registry.evidence_store import EvidenceDamaged, Folder

_SEALED = b"NKHS1"
_PLAIN = b"NKHP1"
_NONCE = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class Spool:
    """A folder of files by name. It blocks: for threads."""

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self._folder = folder
        self._place = Folder(folder)
        self._seal = None if key is None else AESGCM(key)

    def put(self, name: str, content: bytes) -> None:
        """Keep ``content``, whole, over the end of this program. Raises Unavailable.

        Not synced: a cut waits for this, and a large file that is synced holds up the ledger's own syncs. What is lost
        is what a power cut takes within seconds.
        """
        stored = _PLAIN + content
        if self._seal is not None:
            nonce = secrets.token_bytes(_NONCE)
            stored = _SEALED + nonce + self._seal.encrypt(nonce, content, name.encode())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f".{name}.{secrets.token_hex(4)}"
            try:
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    out.write(stored)
                fresh.replace(self._folder / name)
            except BaseException:
                fresh.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise Unavailable(f"The evidence spool cannot be used now: {error.strerror}.") from error

    def get(self, name: str) -> bytes:
        """The content. Raises EvidenceDamaged, Unavailable."""
        try:
            stored = self._place.read(name)
        except OSError as error:
            raise Unavailable(f"The evidence spool cannot be used now: {error.strerror}.") from error
        start = len(_SEALED)
        if stored.startswith(_PLAIN):
            return stored[start:]
        try:
            if self._seal is not None and stored.startswith(_SEALED):
                return self._seal.decrypt(stored[start : start + _NONCE], stored[start + _NONCE :], name.encode())
        except (InvalidTag, ValueError):
            pass
        raise EvidenceDamaged(f"The spooled evidence {name} was altered, or is encrypted with another key.")

    def remove(self, name: str) -> None:
        """Delete it; nothing where it is not there. Raises Unavailable."""
        try:
            self._place.remove(name)
        except OSError as error:
            raise Unavailable(f"The evidence spool cannot be used now: {error.strerror}.") from error

    def names(self) -> Iterator[tuple[str, datetime]]:
        """What is there, and since when."""
        if self._folder.is_dir():
            for file in sorted(self._folder.iterdir()):
                if _NAME.fullmatch(file.name) and file.is_file():
                    yield file.name, datetime.fromtimestamp(file.stat().st_mtime, UTC)
