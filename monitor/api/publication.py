"""Publications: who may publish to a WHIP session, and which publisher is there."""

import asyncio
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from protocols.session import SessionId
from registry.identity import fresh

_DOMAIN = b"nakanohito/publish/v1\0"


class PublishTokens:
    """One token per session, made from a secret of the service: nothing is stored that could leak."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError(f"the secret that publish tokens are made from has {len(secret)} bytes; 32 are needed")
        self._secret = secret

    def token(self, session: SessionId) -> str:
        """What a publisher of ``session`` presents as Bearer token."""
        return urlsafe_b64encode(hmac.digest(self._secret, _DOMAIN + session.encode(), sha256)).decode().rstrip("=")

    def fits(self, token: str, session: SessionId) -> bool:
        """Whether ``token`` is that of ``session``, compared in constant time."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token(session).encode())


@dataclass(slots=True)
class Place:
    """Where one session is published: one offer at a time, and the publication that is there."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    publication: str | None = None

    def begin(self) -> str:
        """A new publication; the one before is over."""
        self.publication = fresh("pub")
        return self.publication


class Publications:
    """The places of the sessions that were published to since the service started."""

    def __init__(self) -> None:
        self._places: dict[SessionId, Place] = {}

    def place(self, session: SessionId) -> Place:
        """The place of ``session``."""
        return self._places.setdefault(session, Place())

    def known(self, session: SessionId) -> Place | None:
        """The place of ``session``, if it was ever published to."""
        return self._places.get(session)

    def forget(self, session: SessionId) -> None:
        """The session is over; nobody publishes to it again."""
        self._places.pop(session, None)
