"""Alibaba Cloud ApsaraVideo Live: ForbidLiveStream, with ``Oneshot`` for a cut alone, and ResumeLiveStream.

Without a time to resume, Alibaba forgets a block after six months; whoever watches over blocks forbids it anew. Its
errors have a code in the body, and calls too many are 400 with the code Throttling
(https://www.alibabacloud.com/help/en/live/developer-reference/api-live-2016-11-01-forbidlivestream).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from monitor.egress import EgressPolicy, http_client
from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import FAR_SECONDS, HttpApi, Reply
from protocols.session import Placement
from protocols.signing.acs3 import AlibabaKey, acs3, canonical_query

PACE = 0.1
"""Seconds between two calls, which the API counts."""

VERSION = "2016-11-01"

_REFUSED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden", "NoPermission", "InvalidTimeStamp")
_PASSING = ("Throttling", "ServiceUnavailable", "InternalError")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlibabaServer:
    """One ingest domain: its name in placements, the domain, a key, and where the API of its region answers."""

    name: str
    domain: str
    key: AlibabaKey
    url: str = "https://live.aliyuncs.com"


class AlibabaEnforcer:
    """The enforcer for one ingest domain. ``now`` is the time of day since 1970, ``nonce`` never the same twice."""

    def __init__(
        self, server: AlibabaServer, *, egress: EgressPolicy, now: Callable[[], float],
        nonce: Callable[[], str],
    ) -> None:  # fmt: skip
        self._server = server
        self._now = now
        self._nonce = nonce
        client = http_client(egress, timeout=FAR_SECONDS)
        self._api = HttpApi(f"Alibaba Cloud for {server.name!r}", server.url, client, seconds=FAR_SECONDS, pace=PACE)

    async def block(self, order: Order) -> None:
        """Put the stream on the blacklist until the block's end."""
        placement = placed(order, self._server.name)
        if order.until is None:
            await self._ask("ForbidLiveStream", placement, LiveStreamType="publisher")
        elif order.until.timestamp() > self._now():
            resume = order.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            await self._ask("ForbidLiveStream", placement, LiveStreamType="publisher", ResumeTime=resume)

    async def cut(self, order: Order) -> None:
        """Interrupt the stream; one that is not on air is no failure."""
        try:
            await self._ask(
                "ForbidLiveStream", placed(order, self._server.name), LiveStreamType="publisher", Oneshot="yes"
            )
        except EnforcerFailure as failure:
            if failure.retry or not await self.gone(order):
                raise

    async def gone(self, order: Order) -> bool:
        """Whether the stream is offline."""
        match (await self._ask("DescribeLiveStreamState", placed(order, self._server.name))).at("StreamState"):
            case "online":
                return False
            case "offline":
                return True
            case _:
                raise self._api.unreadable("whether the stream is online")

    async def restore(self, order: Order) -> None:
        """Take the stream off the blacklist."""
        placement = placed(order, self._server.name)
        await self._ask("ResumeLiveStream", placement, LiveStreamType="publisher")

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _ask(self, action: str, placement: Placement, **more: str) -> Reply:
        """One action about the stream and its answer of success. Raises EnforcerFailure."""
        names = {"DomainName": self._server.domain, "AppName": placement.app, "StreamName": placement.stream}
        parameters = {**names, **more}
        headers = acs3(
            self._server.key, host=urlsplit(self._server.url).netloc, action=action, version=VERSION,
            parameters=parameters, nonce=self._nonce(), at=datetime.fromtimestamp(self._now(), UTC),
        )  # fmt: skip
        reply = await self._api.ask("POST", f"/?{canonical_query(parameters)}", headers=headers)
        code = reply.at("Code")
        if reply.status == 200 and code is None and isinstance(reply.at("RequestId"), str):
            return reply
        if not isinstance(code, str):
            raise EnforcerFailure(f"{self._api.who} answers {reply.status}: is this its API?", retry=False)
        if code.startswith(_REFUSED):
            raise self._api.refuses()
        raise self._api.answers(f"{reply.status} ({code[:80]})", retry=code.startswith(_PASSING))
