"""node-media-server 4: blocked by our answer to its notification, cut by its API, confirmed by its streams.

Its API says "deleted" when it has closed its own half of the connection: a publisher goes on until it looks, which
takes ffmpeg two seconds. A publisher that left is kept for half a minute as one who may reconnect, under the number
that it had; only a stream whose status is ``publishing`` is on air.
"""

import asyncio
import re
from dataclasses import dataclass, field

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import HttpApi, Login, Reply, near_client
from protocols.session import Placement

_NAME = re.compile(r"[A-Za-z0-9_-]+")  # others it does not let on air itself
_PATHLESS = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMediaServerPlace:
    """One node-media-server: its name in placements, its HTTP server, a user of its API and the password."""

    name: str
    url: str
    login: Login = field(repr=False)


class NodeMediaServerEnforcer:
    """The enforcer for one node-media-server that notifies ``/hooks/node-media-server/{name}``."""

    def __init__(self, server: NodeMediaServerPlace) -> None:
        self._server = server
        url = f"{server.url.rstrip('/')}/api/v1"
        self._api = HttpApi(f"node-media-server {server.name!r}", url, near_client(), tries=3)
        self._token: str | None = None
        self._logging_in = asyncio.Lock()

    async def block(self, order: Order) -> None:
        """Our answer to its notifications reads the block; nothing is to be done at the server."""
        self._place(order)

    async def cut(self, order: Order) -> None:
        """Delete the publisher's session."""
        publisher = await self._publisher(self._place(order))
        if publisher is None:
            return
        reply = await self._ask("DELETE", f"/sessions/{publisher}")
        if not reply.accepted and reply.status != 404:  # a publisher that left by itself meanwhile
            raise self._api.answers(reply.status, retry=False)

    async def gone(self, order: Order) -> bool:
        """Whether its streams show nobody who publishes this one."""
        return await self._publisher(self._place(order)) is None

    async def restore(self, order: Order) -> None:
        """The block that our answer reads is lifted; nothing is to be done at the server."""

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    def _place(self, order: Order) -> Placement:
        placement = placed(order, self._server.name)
        if not (_NAME.fullmatch(placement.app) and _NAME.fullmatch(placement.stream)):
            raise EnforcerFailure("node-media-server's names are of letters, digits, '_' and '-'", retry=False)
        return placement

    async def _publisher(self, placement: Placement) -> str | None:
        """Return the number of the session that publishes the stream now."""
        reply = await self._ask("GET", f"/streams/{placement.app}/{placement.stream}")
        if reply.status == 404 and reply.at("success") is False:
            return None
        match reply.at("data", "status"), reply.at("data", "publisher", "id"):
            case "publishing", str(number) if _PATHLESS.fullmatch(number):
                return number
            case "idle" | "reconnecting", _:
                return None
            case _:
                raise self._api.unreadable("whether the stream is published")

    async def _ask(self, method: str, path: str) -> Reply:
        """One request with a token, which is fetched anew once where it is no longer taken."""
        token = await self._logged_in(None)
        try:
            return await self._api.ask(method, path, headers={"authorization": f"Bearer {token}"})
        except EnforcerFailure as refused:
            if refused.retry:
                raise
        token = await self._logged_in(token)
        return await self._api.ask(method, path, headers={"authorization": f"Bearer {token}"})

    async def _logged_in(self, refused: str | None) -> str:
        """The token that there is, or a new one after ``refused``: one login for all, since it takes ten a minute."""
        async with self._logging_in:
            if self._token is None or self._token == refused:
                self._token = await self._log_in()
            return self._token

    async def _log_in(self) -> str:
        username, password = self._server.login
        reply = await self._api.ask("POST", "/login", body={"username": username, "password": password})
        token = reply.at("data", "token")
        if not isinstance(token, str) or not token.isascii():
            raise EnforcerFailure(f"{self._api.who} answers {reply.status} to the login: is this its API?", retry=False)
        return token
