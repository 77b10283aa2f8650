"""Idempotency-Key: a POST that is sent twice is done once and answered the same both times.

After draft-ietf-httpapi-idempotency-key-header: 422 where the key was used for another request, 409 while the first
is being answered. Answers may hold secrets that are shown once, so they are stored encrypted under the caller's own
API key, or its cookie's token: who reads the database cannot read them.
"""

import hashlib
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Header, Request, Response

from monitor.api.auth import GuardedRoute, identified, secret_of
from monitor.api.service import Service, of
from registry.error import RegistryError
from registry.idempotency import StoredResponse, Ticket

_log = structlog.get_logger()

_KEPT_HEADERS = ("content-type", "location")
_NONCE = 12

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any text that is new for each request, such as a UUID. Sent again with the same body within 24 "
        "hours, the first answer is given again, marked `Idempotent-Replayed: true`.",
        examples=["3d1c0f2e-7d44-4b0e-9a55-0d8a2c9b7f10"],
    ),
]


class IdempotentRoute(GuardedRoute):
    """A guarded route whose POSTs may carry an Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Any]]:
        """The handler, done once for each key."""
        handler = super().get_route_handler()

        async def once(request: Request) -> Any:
            name = request.headers.get("idempotency-key")
            if request.method != "POST" or not name or len(name) > 255:
                return await handler(request)
            return await _once(request, name, handler)

        return once


async def _once(request: Request, name: str, handler: Callable[[Request], Coroutine[Any, Any, Any]]) -> Response:
    service = of(request)
    key = await identified(request, service)
    digest = _digest(request, await request.body())
    begun = await service.registry.idempotency.begin(key.id, name, digest=digest, now=service.clock())
    cipher = AESGCM(hashlib.sha256(b"nakanohito/idempotency/v1\0" + secret_of(request).encode()).digest())
    if isinstance(begun, StoredResponse):
        return _replayed(begun, cipher, digest)
    try:
        response: Response = await handler(request)
    except BaseException:
        await _abandon(service, begun)
        raise
    if response.status_code >= 500:
        await _abandon(service, begun)
    else:
        await _finish(service, begun, response, cipher, digest)
    return response


def _digest(request: Request, body: bytes) -> bytes:
    head = f"{request.method}\0{request.url.path}\0{request.url.query}\0{request.headers.get('content-type', '')}\0"
    return hashlib.sha256(head.encode() + body).digest()


def _replayed(stored: StoredResponse, cipher: AESGCM, digest: bytes) -> Response:
    body = cipher.decrypt(stored.body[:_NONCE], stored.body[_NONCE:], digest)
    return Response(body, stored.status, headers={**stored.headers, "idempotent-replayed": "true"})


async def _finish(service: Service, ticket: Ticket, response: Response, cipher: AESGCM, digest: bytes) -> None:
    nonce = os.urandom(_NONCE)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = nonce + cipher.encrypt(nonce, bytes(response.body), digest)
    try:
        await service.registry.idempotency.finish(
            ticket, StoredResponse(status=response.status_code, headers=headers, body=body)
        )
    except RegistryError as error:  # it is done; that it cannot be said again must not make it look undone
        _log.error("idempotency.not_stored", because=type(error).__name__)


async def _abandon(service: Service, ticket: Ticket) -> None:
    try:
        await service.registry.idempotency.abandon(ticket)
    except RegistryError as error:
        _log.error("idempotency.not_abandoned", because=type(error).__name__)
