"""nginx-rtmp: blocked by our answer to its ``on_publish``, cut by its control module, confirmed by its statistics.

The control module answers 200 to everything and writes how many clients it dropped, it takes names only as they are
(a percent sign is a percent sign), and the statistics show a space for every byte that is not printable ASCII. So a
publisher is looked up in the statistics and dropped by its client's number wherever its name is not plain.
"""

import asyncio
import re
from dataclasses import dataclass, field

import httpx

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.nginx_stat import StatRefused, Stream, parse_stat
from monitor.exchange import Answer, ExchangeFailed, exchange
from protocols.session import Placement

SECONDS = 2.0
"""How long one request to nginx may take."""

PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each try to disconnect a publisher."""

STAT_BYTES = 16 * 1024 * 1024
"""Statistics of some twenty thousand clients; more is not read."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")
_SHOWN = re.compile(r"[!-~]+")  # without the space, which stands for every other byte


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxRtmpServer:
    """One nginx: its name in placements, where its control module and statistics answer, and with which login.

    ``index`` is the place of the ``server`` block among those of nginx's ``rtmp`` block, from 0.
    """

    name: str
    control_url: str
    stat_url: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    index: int = 0


class NginxRtmpEnforcer:
    """The enforcer for one nginx that asks ``/hooks/nginx-rtmp/{name}`` whether a stream may be published."""

    def __init__(self, server: NginxRtmpServer) -> None:
        self._server = server
        # A kept connection may be half dead when it is needed; a new one to a near server costs a millisecond.
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(auth=server.login, limits=limits, trust_env=False)

    async def block(self, order: Order) -> None:
        """Our answer to ``on_publish`` and ``on_update`` reads the block; nothing is to be done at the server."""
        self._place(order)

    async def cut(self, order: Order) -> None:
        """Drop the publisher, by name and then by number, until the statistics show none."""
        placement = self._place(order)
        if _PLAIN.fullmatch(placement.stream) and _PLAIN.fullmatch(placement.app):
            await self._drop("publisher", app=placement.app, name=placement.stream)
        for pause in PAUSES:
            await asyncio.sleep(pause)
            publishers = await self._publishers(placement)
            if not publishers:
                return
            for number in filter(str.isdigit, publishers):  # an empty number would mean everybody
                await self._drop("client", app=placement.app, clientid=number)
        if await self._publishers(placement):
            raise EnforcerFailure("nginx says that it dropped the publisher, and still shows it", retry=True)

    async def gone(self, order: Order) -> bool:
        """Whether the statistics show no publisher of the stream; players may stay on."""
        return not await self._publishers(self._place(order))

    async def restore(self, order: Order) -> None:
        """The block that our answer reads is lifted; nothing is to be done at the server."""

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    def _place(self, order: Order) -> Placement:
        placement = placed(order, self._server.name)
        if not (_SHOWN.fullmatch(placement.stream) and _PLAIN.fullmatch(placement.app)):
            raise EnforcerFailure(
                "nginx-rtmp cannot tell apart streams whose names are not of visible ASCII characters", retry=False
            )
        return placement

    async def _publishers(self, placement: Placement) -> tuple[str, ...]:
        """Return the client numbers of who publishes the stream; one without a number is shown as an empty text."""
        answer = await self._ask(self._server.stat_url, {})
        try:
            streams = parse_stat(answer.body) if answer.whole else None
        except StatRefused as error:
            raise EnforcerFailure(f"nginx's statistics cannot be read: {error}", retry=True) from error
        if streams is None:
            raise EnforcerFailure("nginx's statistics are longer than they can be", retry=True)
        return tuple(number for stream in streams if self._is(stream, placement) for number in stream.publishers)

    def _is(self, stream: Stream, placement: Placement) -> bool:
        here = (self._server.index, placement.app, placement.stream)
        return (stream.server, stream.app, stream.name) == here

    async def _drop(self, whom: str, **arguments: str) -> int:
        """Ask nginx to drop and return how many it dropped, which is in the body: the status is 200 in any case."""
        given = {"srv": str(self._server.index), **arguments}
        answer = await self._ask(f"{self._server.control_url.rstrip('/')}/drop/{whom}", given)
        count = answer.body.strip()
        if not (count.isdigit() and len(count) < 10):
            raise EnforcerFailure("nginx's control module did not say how many it dropped", retry=True)
        return int(count)

    async def _ask(self, url: str, arguments: dict[str, str]) -> Answer:
        try:
            answer = await exchange(
                self._client, "GET", url, params=arguments, seconds=SECONDS, limit=STAT_BYTES
            )  # fmt: skip
        except ExchangeFailed as error:
            raise EnforcerFailure(f"nginx {self._server.name!r}: {error}", retry=not error.lasting) from error
        match answer.status:
            case 200:
                return answer
            case 401 | 403:
                raise EnforcerFailure(f"nginx {self._server.name!r} refuses the login of the settings", retry=False)
            case status if status >= 500 or status == 429:
                raise EnforcerFailure(f"nginx {self._server.name!r} answers {status}", retry=True)
            case status:
                raise EnforcerFailure(
                    f"nginx {self._server.name!r} answers {status}: is this its control module?", retry=False
                )
