"""Signing in at an OpenID provider: what is asked of it, and whom its answer names (OpenID Connect Core 1.0, 3.1).

Of a person there is taken: a digest of the issuer and the subject, by which the account is found again, the roles that
the provider's claims stand for, and when and how the person was asked last. Names and addresses in the token are never
looked at; an account is bound to the issuer and the subject, never to an e-mail address, which can pass to another.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from protocols.channel.seal import base64url
from protocols.identity import ALGORITHMS, LEEWAY, LONGEST, IdentityRefused, key_of

SECRET_BYTES = 32
OLDEST = timedelta(minutes=10)
"""How old an ID token may be: it was made for the question that was just asked."""
_LONGEST_SUBJECT = 255  # ASCII characters, says the standard
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class OpenIdRefused(ValueError):
    """What the provider has answered signs nobody in; the text says why, and nothing of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What we are to a provider. ``claim`` names the claim whose values stand for roles, such as ``groups`` or
    ``realm_access.roles``; ``roles`` are those values by role, the first that matches counts. ``acr_values``: how the
    person must have been asked, any way where empty."""

    issuer: str
    client_id: str
    claim: str = "groups"
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scopes: Sequence[str] = ("openid",)
    acr_values: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is spoken to, from its metadata. ``names_issuer``: its answers say whose they are (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    names_issuer: bool
    secret_in_body: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a provider: ``state`` names it, and only the browser that was given ``secret`` may bring the
    answer. The verifier (RFC 7636) and the nonce follow from the secret, which the service does not keep."""

    state: str
    secret: bytes
    back: str

    @property
    def verifier(self) -> str:
        """The PKCE code verifier, 43 characters."""
        return base64url(self._derived(b"verifier"))

    @property
    def nonce(self) -> str:
        """What the ID token has to repeat."""
        return base64url(self._derived(b"nonce"))

    def _derived(self, label: bytes) -> bytes:
        return hmac.digest(self.secret, b"nakanohito/openid/v1\0" + label, hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Whom a provider names: ``subject`` is a digest of issuer and subject, ``role`` the one that the claims stand
    for, ``authenticated_at`` when the person was asked last, where the provider tells."""

    subject: bytes
    role: str | None
    authenticated_at: datetime | None


def endpoints(document: object, client: Client) -> Endpoints:
    """Read a provider's metadata (OpenID Connect Discovery 1.0, 3). Raises OpenIdRefused."""
    if not isinstance(document, dict) or document.get("issuer") != client.issuer:
        raise OpenIdRefused(f"What stands where the metadata should be is not of {client.issuer}.")
    for name, needed in (("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")):
        offered = document.get(name)
        if isinstance(offered, list) and needed not in offered:
            raise OpenIdRefused(f"The provider {client.issuer} does not offer what is needed: {name} has no {needed}.")
    ways = document.get("token_endpoint_auth_methods_supported")
    return Endpoints(
        authorization=_endpoint(document, "authorization_endpoint", client),
        token=_endpoint(document, "token_endpoint", client),
        keys=_endpoint(document, "jwks_uri", client),
        end_session=_endpoint(document, "end_session_endpoint", client) if "end_session_endpoint" in document else None,
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body=isinstance(ways, list) and "client_secret_basic" not in ways,
    )


def asked(client: Client, at: Endpoints, question: Question, *, again: bool) -> str:
    """The address that the browser is sent to; ``again``: the person must be asked, signed in there or not."""
    challenge = hashlib.sha256(question.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": question.back,
        "scope": " ".join(client.scopes),
        "state": question.state,
        "nonce": question.nonce,
        "code_challenge": base64url(challenge),
        "code_challenge_method": "S256",
    }
    if again:
        query |= {"max_age": "0", "prompt": "login"}
    if client.acr_values:
        query["acr_values"] = " ".join(client.acr_values)
    return _with(at.authorization, query)


def left(client: Client, at: Endpoints, back: str) -> str | None:
    """The address at which the person signs out of the provider too; None where it has none
    (OpenID Connect RP-Initiated Logout 1.0)."""
    if at.end_session is None:
        return None
    return _with(at.end_session, {"client_id": client.client_id, "post_logout_redirect_uri": back})


def own_answer(client: Client, at: Endpoints, issuer: str | None) -> None:
    """Check that an answer comes from the provider that was asked. Raises OpenIdRefused (RFC 9207, 2.4)."""
    if issuer != client.issuer and (issuer is not None or at.names_issuer):
        raise OpenIdRefused("This answer comes from another provider than was asked; begin again.")


def identified(
    token: str,
    client: Client,
    keys: Mapping[str, Any],
    *,
    nonce: str,
    now: datetime,
    asked_at: datetime | None = None,
) -> Identified:
    """Whom an ID token names, whose issuer's JWK set is ``keys``; ``asked_at``: the person was to be asked since then.

    Raises OpenIdRefused (OpenID Connect Core 1.0, 3.1.3.7).
    """
    claims = _signed(token, keys)
    # 1. It is of this issuer, for us alone, and of now.
    if claims.get("iss") != client.issuer:
        raise OpenIdRefused("The ID token is another issuer's.")
    _for_us(claims, client)
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if not issued - LEEWAY <= now < min(expires, issued + OLDEST) + LEEWAY:
        raise OpenIdRefused("The ID token is too old, or of the future; begin again.")
    # 2. It answers this question.
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode("utf-8", "replace"), nonce.encode()):
        raise OpenIdRefused("The ID token answers another question; begin again.")
    # 3. The person was asked as was wanted.
    if client.acr_values and claims.get("acr") not in client.acr_values:
        wanted = " or ".join(client.acr_values)
        raise OpenIdRefused(f"The provider did not ask as is needed here (acr: {wanted}).")
    authenticated_at = _moment(claims, "auth_time") if "auth_time" in claims else None
    if asked_at is not None and (authenticated_at is None or authenticated_at < asked_at - LEEWAY):
        raise OpenIdRefused("The provider did not ask the person again; begin again.")
    # 4. Who it is, and what they may do here.
    return Identified(
        subject=_subject(claims, client),
        role=_role(claims, client),
        authenticated_at=None if authenticated_at is None else min(authenticated_at, now),
    )


def signing_key(token: object) -> str | None:
    """The id of the key that claims to have signed an ID token. Raises OpenIdRefused."""
    if not isinstance(token, str) or not 1 <= len(token) <= LONGEST:
        raise OpenIdRefused("The provider has sent no ID token.")
    try:
        return key_of(token)
    except IdentityRefused:
        raise OpenIdRefused("The provider has sent no ID token.") from None


def secure(url: str) -> bool:
    """Whether an address is reached over TLS, or on this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _endpoint(document: Mapping[str, Any], name: str, client: Client) -> str:
    url = document.get(name)
    try:
        good = isinstance(url, str) and re.fullmatch(r"[!-~]{1,2000}", url) is not None and secure(url)
    except ValueError:
        good = False
    if not good:
        raise OpenIdRefused(f"The metadata of {client.issuer} has no {name} that is reached over TLS.")
    return str(url)


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def _signed(token: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    if signing_key(token) is None and len(keys["keys"]) > 1:
        raise OpenIdRefused("The ID token does not say which key of the provider has signed it (kid).")
    try:
        return jwt.decode(token, KeySet.import_key_set({"keys": list(keys["keys"])}), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise OpenIdRefused("No key of the provider has signed this ID token.") from None


def _for_us(claims: Mapping[str, Any], client: Client) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    named = audience if isinstance(audience, list) else [audience]
    if client.client_id not in named or (party is not None and party != client.client_id):
        raise OpenIdRefused("The ID token is for another client of the provider.")
    if len(named) > 1 and party is None:
        raise OpenIdRefused("The ID token is for several, and does not say to whom it was given (azp).")


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 4e9:
        raise OpenIdRefused(f"The ID token does not say when: {name} is no number of seconds since 1970.")
    return datetime.fromtimestamp(seconds, UTC)


def _subject(claims: Mapping[str, Any], client: Client) -> bytes:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isascii() or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise OpenIdRefused("The ID token names nobody (sub).")
    return hashlib.sha256(f"nakanohito/subject/v1\0{client.issuer}\0{subject}".encode()).digest()


def _role(claims: Mapping[str, Any], client: Client) -> str | None:
    held = _held(claims, client.claim)
    return next((role for role, values in client.roles.items() if held & values), None)


def _held(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The values of a claim, by its name or by a path of names with dots."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    return frozenset(value for value in values if isinstance(value, str))
