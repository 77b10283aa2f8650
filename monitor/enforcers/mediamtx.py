"""MediaMTX: blocked by our answer to its HTTP authentication, cut by its control API, confirmed by its paths.

A placement's path is ``app/stream``; one without a slash has the application ``_``. Each protocol has a list of its
own to kick from, which the path's source names. Sources that MediaMTX pulls itself cannot be kicked.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import HttpApi, Login, near_client
from protocols.session import Placement

PATHLESS = "_"
"""The application of paths without a slash."""

_KICKED_FROM = {
    "rtmpConn": "rtmpconns",
    "rtmpsConn": "rtmpsconns",
    "rtspSession": "rtspsessions",
    "rtspsSession": "rtspssessions",
    "srtConn": "srtconns",
    "webRTCSession": "webrtcsessions",
}
_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMtxServer:
    """One MediaMTX: its name in placements, its control API, and the login where it asks for one."""

    name: str
    url: str
    login: Login | None = field(default=None, repr=False)


class MediaMtxEnforcer:
    """The enforcer for one MediaMTX that asks ``/hooks/mediamtx/{name}``."""

    def __init__(self, server: MediaMtxServer) -> None:
        self._server = server
        self._api = HttpApi(f"MediaMTX {server.name!r}", f"{server.url.rstrip('/')}/v3", near_client(server.login))

    async def block(self, order: Order) -> None:
        """Our answer to its authentication reads the block; nothing is to be done at the server."""
        placed(order, self._server.name)

    async def cut(self, order: Order) -> None:
        """Kick the path's source."""
        source = await self._source(placed(order, self._server.name))
        if source is None:
            return
        kind, number = source
        kicked_from = _KICKED_FROM.get(kind)
        if kicked_from is None:
            raise EnforcerFailure(
                f"{self._api.who} pulls this stream itself ({kind}): take it from its paths", retry=False
            )
        reply = await self._api.ask("POST", f"/{kicked_from}/kick/{number}")
        if not reply.accepted and reply.status != 404:  # it left by itself meanwhile
            raise self._api.answers(reply.status, retry=False)

    async def gone(self, order: Order) -> bool:
        """Whether the path has no source."""
        return await self._source(placed(order, self._server.name)) is None

    async def restore(self, order: Order) -> None:
        """The block that our answer reads is lifted; nothing is to be done at the server."""

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _source(self, placement: Placement) -> tuple[str, str] | None:
        """Return the kind and the id of what sends to the path."""
        path = placement.stream if placement.app == PATHLESS else f"{placement.app}/{placement.stream}"
        reply = await self._api.ask("GET", f"/paths/get/{quote(path)}")
        if reply.status == 404 and reply.at("error") is not None:
            return None
        if not isinstance(reply.document, dict) or "source" not in reply.document:
            raise self._api.unreadable("what sends to the path")
        match reply.at("source"), reply.at("source", "type"), reply.at("source", "id"):
            case None, _, _:
                return None
            case _, str(kind), str(number) if kind not in _KICKED_FROM or _ID.fullmatch(number):
                return kind, number
            case _:
                raise self._api.unreadable("what sends to the path")
