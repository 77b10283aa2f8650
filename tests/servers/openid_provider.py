"""An OpenID provider of our own making: authorization code flow with PKCE, discovery and keys, as OpenID Connect Core
1.0 and Discovery 1.0 say. It signs in whoever comes, and lies where a test wants it to."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers.web import Web

CLIENT, SECRET = "nakanohito", "s3cret:with+signs"


@dataclass
class OpenIdServer:
    """A provider; ``async with server.web`` serves it. What is public may be changed while it runs."""

    subject: str = "b2f6c0d1"
    groups: list[str] = field(default_factory=lambda: ["moderators"])
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the next ID tokens, in place of those that are true; None leaves one out."""
    answer: dict[str, str | None] = field(default_factory=dict)
    """Values of the next answers to the browser, in place of those that are true."""
    metadata: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "ES256"
    down: bool = False
    ahead: timedelta = timedelta(0)
    """By how much the client's clock is ahead."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """What the browser was sent with."""

    def __post_init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.signed_in_at = int(time.time())
        self._codes: dict[str, dict[str, str]] = {}
        self.web = Web(
            Starlette(
                routes=[
                    Route("/.well-known/openid-configuration", self._discovery),
                    Route("/authorize", self._authorize),
                    Route("/token", self._token, methods=["POST"]),
                    Route("/keys", self._keys),
                    Route("/logout", self._logout),
                ]
            )
        )

    @property
    def issuer(self) -> str:
        return self.web.url

    def rotate(self) -> None:
        """Sign with another key from now on; the one before is forgotten."""
        self.key = ECKey.generate_key("P-256", {"kid": f"k{secrets.token_hex(4)}"})

    async def _discovery(self, request: Request) -> Response:
        if self.down:
            return PlainTextResponse("bad gateway", 502)
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(told | self.metadata)

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.asked.append(query)
        wrong = [
            query.get("response_type") != "code",
            query.get("client_id") != CLIENT,
            "openid" not in query.get("scope", "").split(),
            query.get("code_challenge_method") != "S256",
            not query.get("redirect_uri", "").startswith("http"),
        ]
        if any(wrong):
            return PlainTextResponse("invalid_request", 400)
        if query.get("max_age") == "0" or query.get("prompt") == "login":
            self.signed_in_at = int(time.time())
        code = secrets.token_urlsafe(24)
        self._codes[code] = query
        told: dict[str, str | None] = {"code": code, "state": query["state"], "iss": self.issuer}
        back = {name: value for name, value in (told | self.answer).items() if value is not None}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if not _is_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"] or not _is_verifier(form, asked):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])})

    def id_token(self, nonce: str) -> str:
        """What is signed of the person."""
        now = int(time.time())
        true = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "auth_time": self.signed_in_at,
            "groups": self.groups,
            "email": "hoshiko@id.example",
            "name": "Hoshiko Tsukino",
        }
        claims = {name: value for name, value in (true | self.claims).items() if value is not None}
        if self.algorithm in {"none", "HS256"}:  # which anybody can make: the latter with the public key for a secret
            head = json.dumps({"alg": self.algorithm, "kid": self.key.kid})
            said = f"{_encoded(head.encode())}.{_encoded(json.dumps(claims).encode())}"
            mac = hmac.digest(self.key.as_pem(private=False), said.encode(), "sha256")
            return f"{said}.{'' if self.algorithm == 'none' else _encoded(mac)}"
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key, algorithms=["ES256"])

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _logout(self, request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Corp</title><p>Signed out of Corp</p>")


def _is_client(request: Request, form: dict[str, str]) -> bool:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        name, _, secret = base64.b64decode(given).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
    return (form.get("client_id"), form.get("client_secret", SECRET)) == (CLIENT, SECRET)


def _is_verifier(form: dict[str, str], asked: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return _encoded(digest) == asked["code_challenge"]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
