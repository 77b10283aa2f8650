"""Tencent Cloud Streaming Services: ForbidLiveStream, DropLiveStream, ResumeLiveStream.

Errors come with status 200, inside of the body. A forbidden stream is shown as forbidden while it is still on air, so
that the list of those online has to be asked as well. A stream is forbidden for at most 90 days, after which whoever
watches over blocks forbids it anew. Tencent forbids by the stream's name; its application and domain only count where
that was asked for (https://www.tencentcloud.com/document/api/267/30794).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from monitor.egress import EgressPolicy, http_client
from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import FAR_SECONDS, HttpApi, Reply
from protocols.session import Placement
from protocols.signing.tc3 import TencentKey, tc3

PACE = 0.1
"""Seconds between two calls, which the API counts."""

VERSION = "2018-08-01"
LONGEST_BLOCK = timedelta(days=90)
LONGEST_REASON = 2048
"""Bytes of UTF-8."""

_REFUSED = ("AuthFailure", "UnauthorizedOperation")
_PASSING = ("RequestLimitExceeded", "InternalError", "FailedOperation", "ResourceUnavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class TencentServer:
    """One push domain: its name in placements, the domain, a key, and where the API answers."""

    name: str
    domain: str
    key: TencentKey
    url: str = "https://live.tencentcloudapi.com"


class TencentEnforcer:
    """The enforcer for one push domain. ``now`` is the time of day in seconds since 1970."""

    def __init__(
        self, server: TencentServer, *, egress: EgressPolicy, now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._server = server
        self._now = now
        client = http_client(egress, timeout=FAR_SECONDS)
        self._api = HttpApi(f"Tencent Cloud for {server.name!r}", server.url, client, seconds=FAR_SECONDS, pace=PACE)

    async def block(self, order: Order) -> None:
        """Forbid the stream until the block's end, or as long as can be."""
        placement = placed(order, self._server.name)
        now = datetime.fromtimestamp(self._now(), UTC)
        until = min(order.until or now + LONGEST_BLOCK, now + LONGEST_BLOCK).astimezone(UTC)
        if until > now:
            reason = order.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
            resume = until.strftime("%Y-%m-%dT%H:%M:%SZ")
            self._done(await self._ask("ForbidLiveStream", placement, ResumeTime=resume, Reason=reason))

    async def cut(self, order: Order) -> None:
        """Drop the stream. What the error for one that is not on air is called is not documented: look anew."""
        reply = await self._ask("DropLiveStream", placed(order, self._server.name))
        if reply.at("Error") is not None and not await self.gone(order):
            self._done(reply)

    async def gone(self, order: Order) -> bool:
        """Whether the stream is inactive, or forbidden and not among those online."""
        placement = placed(order, self._server.name)
        state = self._done(await self._ask("DescribeLiveStreamState", placement)).at("StreamState")
        match state:
            case "active":
                return False
            case "inactive":
                return True
            case "forbid":
                online = self._done(await self._ask("DescribeLiveStreamOnlineList", placement, PageNum=1, PageSize=10))
                if not isinstance(online.at("OnlineInfo"), list):
                    raise self._api.unreadable("which streams are online")
                return not online.list("OnlineInfo")
            case _:
                raise self._api.unreadable("whether the stream is active")

    async def restore(self, order: Order) -> None:
        """Resume the stream."""
        placement = placed(order, self._server.name)
        self._done(await self._ask("ResumeLiveStream", placement))

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _ask(self, action: str, placement: Placement, **more: Any) -> Reply:
        """One action about the stream; its response, which may hold an error."""
        names = {"DomainName": self._server.domain, "AppName": placement.app, "StreamName": placement.stream}
        body = self._api.written({**names, **more})
        headers = tc3(
            self._server.key, host=urlsplit(self._server.url).netloc, service="live", action=action, version=VERSION,
            body=body, at=int(self._now()),
        )  # fmt: skip
        reply = await self._api.ask("POST", "/", content=body, headers=headers)
        response = reply.at("Response")
        if not isinstance(response, dict):
            raise EnforcerFailure(f"{self._api.who} answers {reply.status}: is this its API?", retry=False)
        return Reply(status=reply.status, document=response)

    def _done(self, reply: Reply) -> Reply:
        """The response, if it holds no error. Raises EnforcerFailure."""
        code = reply.at("Error", "Code")
        if reply.at("Error") is None:
            return reply
        if not isinstance(code, str):
            raise self._api.unreadable("which error it has")
        if code.startswith(_REFUSED):
            raise self._api.refuses()
        raise self._api.answers(code[:80], retry=code.startswith(_PASSING))
