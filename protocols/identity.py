"""Verified identities: what an identity provider says of a person, read from a signed token: no more than is needed.

Two forms, both JSON Web Tokens that the issuer has signed: an OpenID Connect ID token with ``verified_claims`` (OpenID
Connect for Identity Assurance 1.0, section 5), and an assertion of a platform, with the type
``nakanohito-verification+jwt`` and the claims ``assurance`` and ``verified_at``. Of a person there is taken: who says
it, the pairwise pseudonym, to which level, and when. Names, numbers and documents in the token are never looked at.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

LONGEST = 16_384
"""Characters of a token; more is not read."""
LEEWAY = timedelta(seconds=60)
"""How far the issuer's clock may be off."""
ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")
"""Signatures by a private key alone: what a shared secret makes, anybody who checks it can make too."""
ASSERTION_TYPE = "nakanohito-verification+jwt"
_NUMBER_OF_DOCUMENT = re.compile(r"\d{17}[\dXx]|\+?\d{6,20}|[^@\s]+@[^@\s]+")


class Form(StrEnum):
    """How an issuer writes what it has verified."""

    OPENID = "openid"
    ASSERTION = "assertion"


class IdentityRefused(ValueError):
    """A token that verifies nobody; the text says what to do, and nothing of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An issuer that is believed: its name in tokens, for whom they must be, and which levels of assurance count."""

    name: str
    form: Form
    audience: str
    assurances: frozenset[str]
    longest: timedelta = timedelta(minutes=10)
    """How old a token may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedIdentity:
    """A person as the issuer knows them, under a pseudonym that is for us alone."""

    issuer: str
    pseudonym: str
    assurance: str
    verified_at: datetime


def issuer_of(token: str) -> str:
    """Who claims to have issued a token, which nobody has checked yet. Raises IdentityRefused."""
    if not 1 <= len(token) <= LONGEST:
        raise IdentityRefused(f"A token has 1 to {LONGEST} characters; send the ID token or assertion as it is.")
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError, RecursionError):
        claims = None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str):
        raise IdentityRefused("This is no signed token that names its issuer; send the ID token or assertion as it is.")
    return issuer


def key_of(token: str) -> str | None:
    """The id of the key that claims to have signed a token. Raises IdentityRefused."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError):
        raise IdentityRefused("This is no signed token; send the ID token or assertion as it is.") from None
    return kid if isinstance(kid, str) else None


def verified(token: str, issuer: Issuer, keys: Mapping[str, Any], *, now: datetime) -> VerifiedIdentity:
    """Read a token of ``issuer``, whose JWK set is ``keys``. Raises IdentityRefused."""
    header, claims = _signed(token, keys)
    # 1. It is of this issuer, for us, and of now.
    if claims.get("iss") != issuer.name:
        raise IdentityRefused("The token is another issuer's.")
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise IdentityRefused(f"The token is not for {issuer.audience}.")
    issued, expires = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if not issued - LEEWAY <= now < min(expires, issued + issuer.longest) + LEEWAY:
        raise IdentityRefused("The token is too old, or of the future; ask the issuer for a new one.")
    # 2. It says that a person was verified, to a level that counts, in the past.
    match issuer.form:
        case Form.OPENID:
            found = _openid(claims, issuer)
        case Form.ASSERTION:
            found = _assertion(header, claims, issuer)
        case _:  # pragma: no cover
            assert_never(issuer.form)
    assurance, verified_at = found
    if verified_at > now + LEEWAY:
        raise IdentityRefused("The person was verified in the future, says the token; the issuer's clock is wrong.")
    # 3. The person has a pseudonym, which is not what it should stand for.
    return VerifiedIdentity(
        issuer=issuer.name, pseudonym=_pseudonym(claims), assurance=assurance, verified_at=min(verified_at, now)
    )


def _signed(token: str, keys: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(keys["keys"]) > 1 and key_of(token) is None:
        raise IdentityRefused("The token does not say which key of the issuer has signed it (kid).")
    try:
        found = jwt.decode(token, KeySet.import_key_set({"keys": list(keys["keys"])}), algorithms=ALGORITHMS)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise IdentityRefused("No key of the issuer has signed this token.") from None
    return found.header, found.claims


def _openid(claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, datetime]:
    """The newest verification of those that count."""
    told = claims.get("verified_claims")
    listed = told if isinstance(told, list) else [told]
    found = [one for one in (_verification(each) for each in listed) if one is not None]
    counting = [one for one in found if one[0] in issuer.assurances]
    if not counting:
        raise IdentityRefused(_too_low(issuer, [assurance for assurance, _ in found]))
    return max(counting, key=lambda one: one[1])


def _verification(verified_claims: object) -> tuple[str, datetime] | None:
    verification = verified_claims.get("verification") if isinstance(verified_claims, dict) else None
    if not isinstance(verification, dict):
        return None
    level, time = verification.get("assurance_level", verification.get("trust_framework")), verification.get("time")
    if not isinstance(level, str) or not isinstance(time, str):
        return None
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (level, moment.astimezone(UTC))


def _assertion(header: Mapping[str, Any], claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, datetime]:
    if header.get("typ") != ASSERTION_TYPE:
        raise IdentityRefused(f"An assertion has the type {ASSERTION_TYPE} in its header.")
    assurance = claims.get("assurance")
    if assurance not in issuer.assurances:
        raise IdentityRefused(_too_low(issuer, [assurance] if isinstance(assurance, str) else []))
    return str(assurance), _moment(claims.get("verified_at"))


def _too_low(issuer: Issuer, found: Sequence[str]) -> str:
    wanted = " or ".join(sorted(issuer.assurances))
    return f"The token verifies nobody to the level {wanted} (it says: {', '.join(found)[:80] or 'nothing'})."


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 4e9:
        raise IdentityRefused("The token does not say when; its times are seconds since 1970.")
    return datetime.fromtimestamp(seconds, UTC)


def _pseudonym(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,119}", subject):
        raise IdentityRefused("The token names nobody by a pseudonym (sub) of 1 to 120 letters, digits or ._:@-")
    if _NUMBER_OF_DOCUMENT.fullmatch(subject):
        raise IdentityRefused(
            "The token's sub is a number or an address of the person; have the issuer give a pseudonym."
        )
    return subject
