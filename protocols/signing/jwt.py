"""JSON Web Tokens with HMAC-SHA256 (RFC 7515, RFC 7519): the only algorithm that is made, and the only one believed."""

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

LEEWAY = 60
"""Seconds that the other side's clock may be off."""

LONGEST = 8192
"""Characters of a token; more is not read."""

_HEADER = {"alg": "HS256", "typ": "JWT"}


class TokenRefused(ValueError):
    """A token that is not from who holds the secret, not of now, or none at all; the text says which."""


def sign(claims: Mapping[str, Any], secret: str) -> str:
    """Return the token that says ``claims``."""
    content = f"{_part(_HEADER)}.{_part(claims)}"
    return f"{content}.{_encoded(_mac(content, secret))}"


def read(token: str, secret: str, *, now: float) -> Mapping[str, Any]:
    """Return the claims of an authentic token that is valid now, which has an ``exp``. Raises TokenRefused."""
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != 3:
        raise TokenRefused("this is no token")
    header, claims = _read(parts[0]), _read(parts[1])
    if header.get("alg") != "HS256":
        raise TokenRefused("the token is not signed with HS256")
    if not hmac.compare_digest(_decoded(parts[2]), _mac(f"{parts[0]}.{parts[1]}", secret)):
        raise TokenRefused("the token's signature is not that of the secret")
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(begins, int | float):
        raise TokenRefused("the token does not say when it is valid")
    if not begins - LEEWAY <= now <= expires + LEEWAY:
        raise TokenRefused("the token is not valid now")
    return claims


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TokenRefused("this is no token") from None


def _read(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        raise TokenRefused("this is no token") from None
    if not isinstance(value, dict):
        raise TokenRefused("this is no token")
    return value


def _mac(content: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), content.encode(), hashlib.sha256)
