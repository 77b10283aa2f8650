"""Sign-ins of operators on their own page: a cookie that the service itself can check, so that nothing is stored.

It says who and by which passkey, and ends; the passkey is looked up at each use, so that one revoked counts no more.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

LASTS = timedelta(hours=16)
"""A long evening; then the passkey is asked for again."""

_DOMAIN = b"nakanohito/own/v1\0"
_LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSignedIn:
    """An operator who is signed in until ``ends_at``, by ``passkey``."""

    operator: str
    passkey: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OwnTokens:
    """Makes and reads the tokens with a secret of the service (32 bytes or more)."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def token(self, operator: str, passkey: str, *, now: datetime) -> str:
        """A token for ``operator``, from ``now`` on."""
        said = f"{operator} {passkey} {int((now + LASTS).timestamp())}".encode()
        return f"{_text(said)}.{_text(self._seal(said))}"

    def read(self, token: str, *, now: datetime) -> OwnSignedIn | None:
        """Who is signed in by ``token``; None where it is not ours, or over."""
        said, seal = _parts(token)
        if not hmac.compare_digest(seal, self._seal(said)):
            return None
        operator, passkey, ends = said.decode().split(" ")
        signed_in = OwnSignedIn(operator=operator, passkey=passkey, ends_at=datetime.fromtimestamp(int(ends), UTC))
        return signed_in if now < signed_in.ends_at else None

    def _seal(self, said: bytes) -> bytes:
        return hmac.digest(self.secret, _DOMAIN + said, sha256)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _parts(token: str) -> tuple[bytes, bytes]:
    """What is said and its seal; both empty where there are not exactly these."""
    said, dot, seal = token.partition(".")
    if not dot or len(token) > _LONGEST:
        return b"", b""
    try:
        return _bytes(said), _bytes(seal)
    except (Base64Error, ValueError):
        return b"", b""


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
