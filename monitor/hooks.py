"""Publish hooks: the media server asks us before a stream goes on air, while it is, and tells us when it ends."""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol
from urllib.parse import unquote_to_bytes

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from protocols.session import Placement

log = structlog.get_logger()

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

BODY_BYTES = 16 * 1024
FIELDS = 100
SECONDS = 2.0
"""How long the gate may think; a media server waits for us, and so does everybody who wants to publish."""

_NAME = re.compile(r"[!-~]{1,256}")
_OURS = ("call", "name", "app", "addr", "clientid")


class Gate(Protocol):
    """Who decides about publishing. A refusal is a sentence for people; None permits."""

    async def may_publish(self, placement: Placement, address: str) -> str | None:
        """Whether a stream may go on air, sent from the address."""

    async def may_go_on(self, placement: Placement) -> str | None:
        """Whether a stream that is on air may stay; asked every few seconds."""

    async def ended(self, placement: Placement) -> None:
        """The publisher of the stream has left."""


class WhenBlind(StrEnum):
    """What a media server is told while the gate cannot decide: a fault of ours must not cut, so PERMIT is usual."""

    PERMIT = "permit"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """Which media servers there are and whom we believe to be one.

    ``servers`` are the names in placements; ``networks`` those that hooks may come from; ``token`` a secret that must
    stand in the URL's query as ``token`` where there is one. ``when_blind`` holds for publishing anew; a stream that
    is on air is never ended because we cannot decide.
    """

    servers: Collection[str]
    networks: Sequence[Network] = LOOPBACK
    token: str | None = field(default=None, repr=False)
    when_blind: WhenBlind = WhenBlind.PERMIT


def hook_router(gate: Gate, settings: HookSettings) -> APIRouter:
    """Return the routes that media servers call."""
    router = APIRouter(prefix="/hooks", include_in_schema=False)

    @router.post("/nginx-rtmp/{server}")
    async def nginx_rtmp(server: str, request: Request) -> Response:
        """Answer a notification of nginx-rtmp: 200 lets a stream go on air or stay, anything else does not."""
        _admit(request, server, settings)
        fields = parse_form(await _body(request))
        if (refusal := await _decide(gate, settings, server, fields)) is None:
            return PlainTextResponse("permitted")
        log.info("publish.refused", server=server, app=fields["app"], because=refusal)
        return PlainTextResponse(refusal, status_code=403)

    return router


async def _decide(gate: Gate, settings: HookSettings, server: str, fields: Mapping[str, str]) -> str | None:
    """Return why nginx must end the stream, None where it must not."""
    match fields.get("call"):
        case "publish":
            place = _placement(server, fields)
            asking = gate.may_publish(place, fields.get("addr", ""))
            return await _asked(asking, settings.when_blind is WhenBlind.PERMIT)
        case "update_publish":
            return await _asked(gate.may_go_on(_placement(server, fields)), permit_when_blind=True)
        case "publish_done":
            return await _asked(gate.ended(_placement(server, fields)), permit_when_blind=True)
        case None:
            raise HTTPException(400, "the notification does not say what it is about")
        case _:
            return None  # players, connections and recordings are not ours to judge


def parse_form(body: bytes) -> dict[str, str]:
    """Read a urlencoded form; HTTPException 400 for one that cannot be ours.

    A publisher writes the end of it: what stands after a question mark in its URL is appended as it is. So a field of
    nginx's own that comes twice is an attempt to pass for another stream. A plus sign is a plus sign: nginx writes a
    space as %20.
    """
    pairs = [part.partition(b"=") for part in body.split(b"&") if part]
    if len(pairs) > FIELDS:
        raise HTTPException(400, f"the notification has more than {FIELDS} fields")
    fields: dict[str, str] = {}
    for raw_name, _, raw_value in pairs:
        try:
            name, value = unquote_to_bytes(raw_name).decode(), unquote_to_bytes(raw_value).decode()
        except UnicodeDecodeError:
            raise HTTPException(400, "the notification is not in UTF-8") from None
        if name in fields and name in _OURS:
            raise HTTPException(400, f"the notification has the field {name} twice")
        fields.setdefault(name, value)
    return fields


def _placement(server: str, fields: Mapping[str, str]) -> Placement:
    """Return which stream it is; HTTPException 400 for names that the server's own statistics could not show."""
    app, stream = fields.get("app", ""), fields.get("name", "")
    if not (_NAME.fullmatch(app) and _NAME.fullmatch(stream)):
        raise HTTPException(400, "names of applications and streams are of 1 to 256 visible ASCII characters")
    return Placement(server=server, app=app, stream=stream)


def _admit(request: Request, server: str, settings: HookSettings) -> None:
    """Raise HTTPException where the caller is no media server of ours."""
    peer = _address(request.client.host if request.client is not None else "")
    if peer is None or not any(peer.version == network.version and peer in network for network in settings.networks):
        raise HTTPException(403, "hooks are not taken from this address")
    given = request.query_params.get("token", "").encode()
    if settings.token is not None and not hmac.compare_digest(given, settings.token.encode()):
        raise HTTPException(403, "the token of the hook is missing or wrong")
    if server not in settings.servers:
        raise HTTPException(404, "no media server of the settings has this name")


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


async def _asked(asking: Awaitable[str | None], permit_when_blind: bool) -> str | None:
    """Return the gate's refusal; where the gate fails or takes too long, what is to be said then."""
    try:
        async with asyncio.timeout(SECONDS):
            return await asking
    except Exception as error:  # whatever the gate's trouble is, it is ours and not the publisher's
        log.warning("hook.blind", error=type(error).__name__, permitted=permit_when_blind)
        return None if permit_when_blind else "The monitor cannot decide at the moment; try again in a minute."
