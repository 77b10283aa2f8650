"""Tokens: what jwt.io shows, and what must not be believed."""

import json
from base64 import urlsafe_b64encode

import pytest

from protocols.signing.jwt import LONGEST, TokenRefused, read, sign

NOW = 1_700_000_000
CLAIMS = {"iss": "key", "exp": NOW + 10, "nbf": NOW - 10}


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_token_is_made_as_rfc_7519_has_it() -> None:
    token = sign({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}, "your-256-bit-secret")
    assert token == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    )


def test_what_is_signed_is_read() -> None:
    assert read(sign(CLAIMS, "s"), "s", now=NOW) == CLAIMS


@pytest.mark.parametrize("now", [NOW - 71, NOW + 71])
def test_a_token_of_another_time_is_refused(now: float) -> None:
    with pytest.raises(TokenRefused, match="not valid now"):
        read(sign(CLAIMS, "s"), "s", now=now)


@pytest.mark.parametrize("claims", [{}, {"exp": "never"}, {"exp": NOW, "nbf": None}])
def test_a_token_without_an_end_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(TokenRefused, match="when it is valid"):
        read(sign(claims, "s"), "s", now=NOW)


def test_another_secret_and_another_algorithm_are_refused() -> None:
    with pytest.raises(TokenRefused, match="signature"):
        read(sign(CLAIMS, "other"), "s", now=NOW)
    for algorithm in ("none", "HS512", "RS256", None):
        token = f"{encoded({'alg': algorithm})}.{encoded(CLAIMS)}."
        with pytest.raises(TokenRefused, match="HS256"):
            read(token, "s", now=NOW)


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.b.c.d", "x" * (LONGEST + 1), "!.!.!", f"{encoded([])}.{encoded({})}.x", "é.é.é", "a.b.c"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused, match="this is no token"):
        read(token, "s", now=NOW)


def test_a_signature_that_is_no_base64_is_refused() -> None:
    header, claims, _ = sign(CLAIMS, "s").split(".")
    with pytest.raises(TokenRefused):
        read(f"{header}.{claims}.a", "s", now=NOW)
