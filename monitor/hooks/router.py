"""The route that media servers call: who asks is checked, what is asked is read, the gate decides, in time."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol, assert_never

import structlog
from fastapi import APIRouter, HTTPException, Request, Response

from monitor.hooks.hook import Asked, Dialect, Hook, HookRefused, Moment
from protocols.session import Placement

log = structlog.get_logger()

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

BODY_BYTES = 64 * 1024
SECONDS = 2.0
"""How long the gate may think; a media server waits for us, and so does everybody who wants to publish."""


class Gate(Protocol):
    """Who decides about publishing. A refusal is a sentence for people; None permits."""

    async def may_publish(self, placement: Placement, *, operator: str | None) -> str | None:
        """Whether a stream may go on air; ``operator`` is whom its publisher says to be, where one does."""

    async def may_go_on(self, placement: Placement) -> str | None:
        """Whether a stream that is on air may stay; asked every few seconds."""

    async def ended(self, placement: Placement) -> None:
        """The publisher of the stream has left."""

    def unseen(self, placement: Placement, *, operator: str | None) -> None:
        """A stream was let on air although nothing could be decided; it has to be, later."""


class WhenBlind(StrEnum):
    """What a media server is told while the gate cannot decide: a fault of ours must not cut, so PERMIT is usual."""

    PERMIT = "permit"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """Which media servers there are and whom we believe to be one.

    ``servers`` are the names in placements, and how each asks; ``networks`` those that hooks may come from, and
    ``token`` a secret that must stand in the URL's query as ``token`` where there is one: both for servers that do not
    sign. ``when_blind`` holds for publishing anew; a stream on air is never ended because we cannot decide.
    """

    servers: Mapping[str, Dialect]
    networks: Sequence[Network] = LOOPBACK
    token: str | None = field(default=None, repr=False)
    when_blind: WhenBlind = WhenBlind.PERMIT


def hook_router(gate: Gate, settings: HookSettings, now: Callable[[], float] = time.time) -> APIRouter:
    """Return the route that media servers call. ``now`` is the time of day in seconds since 1970."""
    router = APIRouter(prefix="/hooks", include_in_schema=False)

    @router.post("/{kind}/{server}")
    async def hook(kind: str, server: str, request: Request) -> Response:
        """Answer a media server in its own way."""
        dialect = settings.servers.get(server)
        _admit(request, settings, signed=dialect is not None and dialect.signed)
        if dialect is None or dialect.kind != kind:
            raise HTTPException(404, "no media server of the settings has this name and kind")
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = dict(request.query_params)
        asked = _read(dialect, Hook(server=server, headers=headers, query=query, body=await _body(request), now=now()))
        if asked is None or (refusal := await _decide(gate, settings, asked)) is None:
            return dialect.permit(asked)
        log.info("publish.refused", server=server, app=asked.placement.app, because=refusal)
        return await dialect.refuse(asked, refusal)

    return router


def _read(dialect: Dialect, hook: Hook) -> Asked | None:
    try:
        return dialect.read(hook)
    except HookRefused as refused:
        log.info("hook.refused", server=hook.server, kind=dialect.kind, because=str(refused))
        raise HTTPException(refused.status, str(refused)) from refused


async def _decide(gate: Gate, settings: HookSettings, asked: Asked) -> str | None:
    """Return why the stream must not be on air, None where it may."""
    match asked.moment:
        case Moment.PUBLISH:
            permits = settings.when_blind is WhenBlind.PERMIT
            return await _asked(
                gate.may_publish(asked.placement, operator=asked.operator),
                permits,
                lambda: gate.unseen(asked.placement, operator=asked.operator),
            )
        case Moment.STAY:
            return await _asked(gate.may_go_on(asked.placement), permit_when_blind=True)
        case Moment.ENDED:
            return await _asked(gate.ended(asked.placement), permit_when_blind=True)
        case _:
            assert_never(asked.moment)


def _admit(request: Request, settings: HookSettings, *, signed: bool) -> None:
    """Raise HTTPException where the caller is no media server of ours; one that signs proves itself later."""
    if signed:
        return
    peer = _address(request.client.host if request.client is not None else "")
    if peer is None or not any(peer.version == network.version and peer in network for network in settings.networks):
        raise HTTPException(403, "hooks are not taken from this address")
    given = request.query_params.get("token", "").encode()
    if settings.token is not None and not hmac.compare_digest(given, settings.token.encode()):
        raise HTTPException(403, "the token of the hook is missing or wrong")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


async def _body(request: Request) -> bytes:
    """Read at most BODY_BYTES, in time; HTTPException 413 or 408 where there is more or it does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise HTTPException(413, f"a notification has at most {BODY_BYTES} bytes")
    except TimeoutError:
        raise HTTPException(408, "the notification did not arrive in time") from None
    return bytes(body)


async def _asked(
    asking: Awaitable[str | None], permit_when_blind: bool, unseen: Callable[[], None] = lambda: None
) -> str | None:
    """Return the gate's refusal; where the gate fails or takes too long, what is to be said then.

    ``unseen`` is told of what is permitted then.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await asking
    except Exception as error:  # whatever the gate's trouble is, it is ours and not the publisher's
        log.warning("hook.blind", error=type(error).__name__, permitted=permit_when_blind)
        if permit_when_blind:
            unseen()
        return None if permit_when_blind else "The monitor cannot decide at the moment; try again in a minute."
