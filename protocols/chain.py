"""The chain of the ledger: each entry carries the hash of the one before, so that no entry can be altered in silence.

    hash = SHA-256( tag ‖ previous ‖ for each field: length (8 bytes, big endian) ‖ field )

with the fields number (8 bytes, big endian), at, kind, session, subject (UTF-8) and body (bytes as stored). Lengths
go before the fields, so that nothing can be moved from one into the next, and the tag keeps such a hash from passing
for one of another purpose. A chain shows alteration and removal inside of it; that nothing was taken off its end can
only be shown by a head that is kept elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TAG = b"nakanohito/ledger/v1\0"
GENESIS = bytes(32)
"""What the first entry has for the hash of the one before."""

LONGEST_BODY = 4 * 1024 * 1024
"""Bytes of one entry's body."""

DEEPEST_BODY = 64
"""Levels of objects and lists within each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the ledger, as stored. ``at`` is RFC 3339 in UTC with microseconds; ``number`` counts from 1."""

    number: int
    at: str
    kind: str
    session: str
    subject: str
    body: bytes
    previous: bytes
    hash: bytes

    @property
    def moment(self) -> datetime:
        """``at`` as an aware datetime."""
        return datetime.fromisoformat(self.at)

    @property
    def content(self) -> dict[str, Any]:
        """``body`` read as JSON."""
        value: dict[str, Any] = json.loads(self.body)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain ends: the number of entries and the hash of the last."""

    number: int = 0
    hash: bytes = GENESIS


def canonical(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON in the one form that is stored: UTF-8, keys sorted by code point, no space.

    Raises ValueError for what is not JSON: NaN and infinity, keys that are not text, half characters, values of
    other kinds; and for more than 4 MiB or 64 levels.
    """
    plain = _plain(body, DEEPEST_BODY)
    written = json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    encoded = written.encode("utf-8")
    if len(encoded) > LONGEST_BODY:
        raise ValueError(f"the body has {len(encoded)} bytes, more than {LONGEST_BODY}")
    return encoded


def _plain(value: Any, levels: int) -> Any:
    """``value`` in the types that ``json`` knows; refuses what it would write differently from what it reads."""
    if levels < 0:
        raise ValueError(f"the body has more than {DEEPEST_BODY} levels")
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            if strange := [key for key in value if not isinstance(key, str)]:
                raise ValueError(f"the key {strange[0]!r} is not text")
            return {key: _plain(item, levels - 1) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, levels - 1) for item in value]
        case _:
            raise ValueError(f"{type(value).__name__} is no JSON value")


def timestamp(at: datetime) -> str:
    """``at`` as stored. Raises ValueError for a moment without a zone."""
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone could be anybody's")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(*, previous: bytes, number: int, at: str, kind: str, session: str, subject: str, body: bytes) -> bytes:
    """The hash of an entry (32 bytes). Raises ValueError for text with half characters (lone surrogates)."""
    digest = hashlib.sha256(TAG + previous)
    texts = (field.encode("utf-8") for field in (at, kind, session, subject))
    for field in (number.to_bytes(8, "big"), *texts, body):
        digest.update(len(field).to_bytes(8, "big"))
        digest.update(field)
    return digest.digest()


def follow(head: Head, *, at: str, kind: str, session: str, subject: str, body: bytes) -> Entry:
    """The entry that comes after ``head``."""
    number = head.number + 1
    fingerprint = link(previous=head.hash, number=number, at=at, kind=kind, session=session, subject=subject, body=body)
    return Entry(
        number=number,
        at=at,
        kind=kind,
        session=session,
        subject=subject,
        body=body,
        previous=head.hash,
        hash=fingerprint,
    )


def flaw(entry: Entry, head: Head) -> str | None:
    """What is wrong with ``entry`` as the one after ``head``; None where it follows."""
    if entry.number != head.number + 1:
        return f"entry {head.number + 1} is missing"
    if entry.previous != head.hash:
        return f"entry {entry.number} does not follow the one before it"
    return None if is_itself(entry) else f"entry {entry.number} was altered"


def is_itself(entry: Entry) -> bool:
    """Whether the hash of ``entry`` is that of its fields."""
    expected = link(
        previous=entry.previous,
        number=entry.number,
        at=entry.at,
        kind=entry.kind,
        session=entry.session,
        subject=entry.subject,
        body=entry.body,
    )
    return entry.hash == expected
