"""Amazon IVS: blocked by deleting the channel's stream keys, cut by StopStream, confirmed by GetStream.

A placement's application is ``channel`` and its stream the id of the channel. A deleted key does not come back: a
restore makes a new one, which your platform reads from IVS and gives to the publisher. IVS takes five calls a second.
(https://docs.aws.amazon.com/ivs/latest/LowLatencyAPIReference/API_StopStream.html)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.egress import EgressPolicy, http_client
from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import FAR_SECONDS, HttpApi, Reply
from protocols.signing.sigv4 import AwsKey, sigv4

PACE = 0.25
"""Seconds between two calls; the API counts five a second."""

_CHANNEL = re.compile(r"[A-Za-z0-9-]{1,64}")
_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class IvsServer:
    """One account in one region: its name in placements, both, a key, and where the API answers (None: AWS)."""

    name: str
    region: str
    account: str
    key: AwsKey
    url: str | None = None

    @property
    def endpoint(self) -> str:
        """Where the API answers."""
        return self.url or f"https://ivs.{self.region}.amazonaws.com"


class IvsEnforcer:
    """The enforcer for the channels of one account. ``now`` is the time of day in seconds since 1970."""

    def __init__(
        self, server: IvsServer, *, egress: EgressPolicy, now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._server = server
        self._now = now
        client = http_client(egress, timeout=FAR_SECONDS)
        self._api = HttpApi(f"IVS for {server.name!r}", server.endpoint, client, seconds=FAR_SECONDS, pace=PACE)

    async def block(self, order: Order) -> None:
        """Delete the channel's stream keys; one that is gone already is no failure."""
        channel = self._channel(order)
        for key in await self._keys(channel):
            reply = await self._ask("DeleteStreamKey", arn=key)
            if not reply.accepted and reply.status != 404:
                raise self._api.answers(reply.status, retry=reply.status == 409)

    async def cut(self, order: Order) -> None:
        """Stop the stream; a channel that nobody streams to is no failure."""
        channel = self._channel(order)
        reply = await self._ask("StopStream", channelArn=channel)
        if not reply.accepted:
            await self._quiet(reply, channel)

    async def gone(self, order: Order) -> bool:
        """Whether the channel has no live stream."""
        channel = self._channel(order)
        reply = await self._ask("GetStream", channelArn=channel)
        if not reply.accepted:
            await self._quiet(reply, channel)
            return True
        match reply.at("stream", "state"):
            case "LIVE":
                return False
            case "OFFLINE":
                return True
            case _:
                raise self._api.unreadable("whether the channel is live")

    async def restore(self, order: Order) -> None:
        """Make a new stream key where the channel has none."""
        channel = self._channel(order)
        if not await self._keys(channel):
            reply = await self._ask("CreateStreamKey", channelArn=channel)
            if not reply.accepted:
                raise self._api.answers(reply.status, retry=False)

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    def _channel(self, order: Order) -> str:
        placement = placed(order, self._server.name)
        if placement.app != "channel" or not _CHANNEL.fullmatch(placement.stream):
            raise EnforcerFailure("a placement on IVS is 'channel' and the channel's id", retry=False)
        return f"arn:aws:ivs:{self._server.region}:{self._server.account}:channel/{placement.stream}"

    async def _keys(self, channel: str) -> list[str]:
        """The ARNs of the channel's stream keys, page after page."""
        found: list[str] = []
        more: dict[str, Any] = {}
        for _ in range(_PAGES):
            reply = await self._ask("ListStreamKeys", channelArn=channel, **more)
            if reply.status == 404:
                raise self._unknown()
            if not reply.accepted or not isinstance(reply.at("streamKeys"), list):
                raise self._api.unreadable("which stream keys the channel has")
            found += [str(key["arn"]) for key in reply.list("streamKeys") if isinstance(key, dict) and "arn" in key]
            token = reply.at("nextToken")
            if not token:
                return found
            more = {"nextToken": token}
        raise self._api.unreadable("the end of its stream keys")

    async def _quiet(self, reply: Reply, channel: str) -> None:
        """Return where an answer of no success means that nobody streams. Raises EnforcerFailure otherwise.

        404 says that the channel is not broadcasting, or that there is no such channel.
        """
        if reply.status != 404:
            raise self._api.answers(reply.status, retry=False)
        known = await self._ask("GetChannel", arn=channel)
        if known.at("channel", "arn") != channel:
            raise self._unknown()

    def _unknown(self) -> EnforcerFailure:
        return EnforcerFailure(f"{self._api.who} has no such channel: look at region, account and id", retry=False)

    async def _ask(self, operation: str, **given: Any) -> Reply:
        body = self._api.written(given)
        headers = sigv4(
            self._server.key, method="POST", host=urlsplit(self._server.endpoint).netloc, path=f"/{operation}",
            body=body, region=self._server.region, service="ivs", at=datetime.fromtimestamp(self._now(), UTC),
            headers={"content-type": "application/json"},
        )  # fmt: skip
        return await self._api.ask("POST", f"/{operation}", content=body, headers=headers)
