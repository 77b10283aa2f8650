"""Passkeys: leads the ceremonies. Challenges are random or bound, expire, and are answered once.

Whose passkeys they are does not matter here: an operator's and a moderator's ceremonies are the same.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from protocols.passkey.ceremony import (
    CHALLENGE_BYTES,
    WITHIN_S,
    PasskeyRefused,
    RelyingParty,
    assertion_options,
    credential_id,
    register,
    registration_options,
    verify,
)
from registry import passkey as remembered
from registry.error import NotFound
from registry.passkey import Ceremony, Passkey
from registry.state import Purpose

_UNKNOWN = "This passkey is not registered here; use the one that was, or ask for an invitation."
_SYNCED = "This passkey may be on several devices, which does not count here; use a security key or this device's own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A ceremony for a page: its id, and the options that the browser is given as they are."""

    ceremony: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A passkey has answered: whose it is, and the ceremony with what it was begun for."""

    passkey: Passkey
    ceremony: Ceremony


class Passkeys:
    """Ceremonies for one relying party. ``clock`` is the time of day."""

    def __init__(self, passkeys: remembered.Passkeys, party: RelyingParty, clock: Callable[[], datetime]) -> None:
        self.party = party
        self._passkeys = passkeys
        self._clock = clock

    async def begin_registration(self, code: str) -> Begun:
        """Begin to register a passkey by an invitation's code. Raises NotFound for a code that is not good."""
        invitation = await self._passkeys.invited(code, now=self._clock())
        known = [passkey.credential for passkey in await self._passkeys.of(invitation.holder)]
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        ceremony = await self._begin(Purpose.REGISTER, challenge, invitation.holder, {"invitation": invitation.id})
        label = f"{self.party.name} {invitation.holder}"
        options = registration_options(
            self.party, holder=invitation.holder, label=label, challenge=challenge, known=known
        )
        return Begun(ceremony=ceremony, options=options)

    async def finish_registration(self, ceremony: str, credential: Mapping[str, Any]) -> Passkey:
        """Register the passkey that answered; the invitation is used up. Raises PasskeyRefused, RegistryError."""
        now = self._clock()
        begun = await self._passkeys.take(ceremony, Purpose.REGISTER, now=now)
        made = register(self.party, credential, begun.challenge)
        await self._passkeys.accept(begun.context["invitation"], at=now)
        return await self._passkeys.add(
            holder=begun.holder or "",
            credential=made.credential,
            key=made.key,
            sign_count=made.sign_count,
            synced=made.synced,
            aaguid=made.aaguid,
            at=now,
        )

    async def begin(
        self,
        purpose: Purpose,
        *,
        holder: str | None = None,
        challenge: bytes | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Begun:
        """Ask for an assertion, of ``holder``'s passkeys or of whichever the authenticator offers.

        ``challenge``: 32 bytes that are bound to something and hold a nonce; random ones where absent.
        """
        asked = challenge or secrets.token_bytes(CHALLENGE_BYTES)
        ceremony = await self._begin(purpose, asked, holder, context or {})
        return Begun(ceremony=ceremony, options=await self._options(holder, asked))

    async def options(self, ceremony: Ceremony) -> dict[str, Any]:
        """The options of a ceremony that was begun, again."""
        return await self._options(ceremony.holder, ceremony.challenge)

    async def finish(
        self, ceremony: str, purpose: Purpose, credential: Mapping[str, Any], *, synced: bool = True
    ) -> Proof:
        """Check an assertion; ``synced``: whether a passkey that may be on several devices counts.

        The ceremony is over whatever comes of it. Raises PasskeyRefused, RegistryError.
        """
        now = self._clock()
        begun = await self._passkeys.take(ceremony, purpose, now=now)
        try:
            passkey = await self._passkeys.by_credential(credential_id(credential))
        except NotFound:
            raise PasskeyRefused(_UNKNOWN) from None
        if begun.holder not in (None, passkey.holder):
            raise PasskeyRefused(_UNKNOWN)
        asserted = verify(
            self.party, credential, challenge=begun.challenge, key=passkey.key, sign_count=passkey.sign_count
        )
        if (passkey.synced or asserted.synced) and not synced:
            raise PasskeyRefused(_SYNCED)
        return Proof(passkey=await self._passkeys.used(passkey, sign_count=asserted.sign_count, at=now), ceremony=begun)

    async def _options(self, holder: str | None, challenge: bytes) -> dict[str, Any]:
        known = [] if holder is None else [passkey.credential for passkey in await self._passkeys.of(holder)]
        return assertion_options(self.party, challenge=challenge, allowed=known)

    async def _begin(self, purpose: Purpose, challenge: bytes, holder: str | None, context: Mapping[str, Any]) -> str:
        expires_at = self._clock() + timedelta(seconds=WITHIN_S)
        begun = await self._passkeys.begin(purpose, challenge, holder=holder, expires_at=expires_at, context=context)
        return begun.id
