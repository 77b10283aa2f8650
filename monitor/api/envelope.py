"""The envelope round every request: an id, limits on its body, security headers, a count, and no stack trace."""

import asyncio
import secrets

import structlog
from fastapi import HTTPException
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.api.problem import problem
from monitor.metrics import REQUESTS

_log = structlog.get_logger()

BODY_BYTES = 256 * 1024
PICTURES_BYTES = 64 * 1024 * 1024
PORTAL_BYTES = 16 * 1024 * 1024
"""Of a report filed on the public page: strangers send these."""
SDP_BYTES = 64 * 1024
BODY_SECONDS = 30.0
PICTURES_SECONDS = 120.0

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_WITH_PICTURES = frozenset({"/v1/avatars", "/v1/protected", "/v1/negatives", "/v1/reports/likeness"})
_CLOSED = "default-src 'none'; frame-ancestors 'none'"
_READING = (  # the API reference's pages, with a script of their own in the page
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'"
)
_KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Envelope:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and put the envelope round its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["nakanohito.request"] = name = secrets.token_hex(8)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _seal(scope, message, name)
            await send(message)

        limited = _Body(scope, receive)
        try:
            await self._app(scope, limited.receive, sending)
        except Exception as failure:
            _log.exception("request.failed", request=name, path=_route(scope), error=type(failure).__name__)
            if begun:
                raise
            words = "Something went wrong in the service; quote the instance to whoever runs it."
            await problem(500, words, request_id=name)(scope, receive, sending)


class _Body:
    """A request's body, of limited size and arriving in limited time."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._most, seconds = _limits(scope)
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._declared = _declared(scope)
        self._had = 0
        self._whole = False

    async def receive(self) -> Message:
        """The next message. Raises HTTPException where the body is too large or too slow."""
        if self._whole:
            return await self._receive()
        self._check(self._declared)
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time.", {"connection": "close"}) from None
        self._had += len(message.get("body", b""))
        self._check(self._had)
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _check(self, size: int) -> None:
        if size > self._most:
            words = f"The body may have {self._most} bytes at most."
            raise HTTPException(413, words, {"connection": "close"})


def _limits(scope: Scope) -> tuple[int, float]:
    path = scope["path"]
    if path.startswith("/v1/whip/"):
        return SDP_BYTES, BODY_SECONDS
    if path == "/report/likeness":
        return PORTAL_BYTES, PICTURES_SECONDS
    if path.rstrip("/") in _WITH_PICTURES or (path.startswith("/v1/avatars/") and path.endswith("/outfits")):
        return PICTURES_BYTES, PICTURES_SECONDS
    return BODY_BYTES, BODY_SECONDS


def _declared(scope: Scope) -> int:
    for header, value in scope["headers"]:
        if header == b"content-length" and value.isdigit() and len(value) < 19:
            return int(value)
    return 0


def _seal(scope: Scope, message: Message, name: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["x-request-id"] = name
    for header, value in _HEADERS.items():
        headers.setdefault(header, value)
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("content-security-policy", _READING if scope["path"].startswith("/docs") else _CLOSED)
    method = scope["method"] if scope["method"] in _KNOWN else "other"
    REQUESTS.labels(method=method, status=f"{message['status'] // 100}xx").inc()


def _route(scope: Scope) -> str:
    """The path's pattern: the path itself may hold an id."""
    return str(getattr(scope.get("route"), "path", "unknown"))
