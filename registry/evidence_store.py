"""The evidence store: files by their SHA-256, in a folder or in any object store that fsspec reaches (S3 and others).

What is read is checked against its name, so that a file that was altered or swapped is never taken for evidence. With
a key, files are encrypted where they lie (AES-256-GCM): the name stays that of the content.
"""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, Protocol

import fsspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.error import NotFound, Refused, RegistryError, Unavailable

_SEALED = b"NKHE1"
_NONCE = 12
KEY_BYTES = 32


class EvidenceDamaged(RegistryError):
    """A file of the evidence store is not what it was."""


class Place(Protocol):
    """Where files lie, by name. Raises OSError; FileNotFoundError for one that is not there."""

    def write(self, name: str, content: bytes) -> None:
        """Keep a file; it is whole and durable once this returns."""

    def read(self, name: str) -> bytes:
        """The file."""

    def remove(self, name: str) -> None:
        """Delete it; nothing where it is not there."""


class Folder:
    """A folder of the machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, name: str, content: bytes) -> None:
        """As ``Place``: written beside, made durable, then given its name."""
        file = self._path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, name: str) -> bytes:
        """As ``Place``."""
        return (self._path / name).read_bytes()

    def remove(self, name: str) -> None:
        """As ``Place``."""
        (self._path / name).unlink(missing_ok=True)


class Bucket:
    """An object store by its URL, such as ``s3://evidence/nakanohito``; fsspec's package for it must be installed."""

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        try:
            self._files, self._root = fsspec.url_to_fs(url, **(options or {}))
        except (ImportError, ValueError) as error:
            raise Refused(f"The evidence store {url.partition('://')[0]}:// cannot be used: {error}") from error

    def write(self, name: str, content: bytes) -> None:
        """As ``Place``."""
        with contextlib.suppress(FileExistsError):
            self._files.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(self._at(name), content)

    def read(self, name: str) -> bytes:
        """As ``Place``."""
        return bytes(self._files.cat_file(self._at(name)))

    def remove(self, name: str) -> None:
        """As ``Place``."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


class EvidenceStore:
    """Files by their SHA-256. It blocks: for threads."""

    def __init__(self, place: Place, key: bytes | None = None) -> None:
        if key is not None and len(key) != KEY_BYTES:
            raise Refused(f"The evidence store's key has {KEY_BYTES} bytes, this one {len(key)}.")
        self._place = place
        self._seal = None if key is None else AESGCM(key)

    def put(self, content: bytes) -> bytes:
        """Keep ``content``; returns its SHA-256. Raises Unavailable."""
        digest = hashlib.sha256(content).digest()
        stored = content
        if self._seal is not None:
            nonce = secrets.token_bytes(_NONCE)
            stored = _SEALED + nonce + self._seal.encrypt(nonce, content, digest)
        with _translated():
            self._place.write(_name(digest), stored)
        return digest

    def get(self, digest: bytes) -> bytes:
        """The content of this SHA-256. Raises NotFound, EvidenceDamaged, Unavailable."""
        with _translated():
            stored = self._place.read(_name(digest))
        content = self._opened(stored, digest) if stored.startswith(_SEALED) and self._seal is not None else stored
        if hashlib.sha256(content).digest() != digest:
            raise EvidenceDamaged(
                f"The evidence {digest.hex()[:12]}… was altered where it lies, or is encrypted with a key that is not "
                "in the settings; bring back its file or its key."
            )
        return content

    def remove(self, digest: bytes) -> None:
        """Delete it; nothing where it is not there. Raises Unavailable."""
        with _translated():
            self._place.remove(_name(digest))

    def _opened(self, stored: bytes, digest: bytes) -> bytes:
        start = len(_SEALED)
        assert self._seal is not None  # noqa: S101 - seen to by who calls
        try:
            return self._seal.decrypt(stored[start : start + _NONCE], stored[start + _NONCE :], digest)
        except (InvalidTag, ValueError):
            return b""


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("This evidence is not in the store any more.") from error
    except OSError as error:
        raise Unavailable(
            f"The evidence store cannot be used now: {error.strerror or type(error).__name__}."
        ) from error


def _name(digest: bytes) -> str:
    text = digest.hex()
    return f"{text[:2]}/{text}"
