"""SRS: blocked by our answer to its ``on_publish``, cut by its HTTP API, confirmed by its streams.

Its API answers 200 to everything and writes an error's number into the body, lists ten streams at a time unless asked
for more, and closes a connection some time after it has said so. A stream's ``vhost`` is a number or an id, by version.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from monitor.enforcers.enforcer import Order, placed
from monitor.enforcers.http_api import HttpApi, Login, Reply, near_client
from protocols.session import Placement

PAGE = 200
"""Entries that are asked for at once."""

PAGES = 500
"""Pages that are read at most; a server that goes on for ever is not SRS."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SrsServer:
    """One SRS: its name in placements, its HTTP API, the login where it asks for one, and the name of its vhost."""

    name: str
    url: str
    login: Login | None = field(default=None, repr=False)
    vhost: str = "__defaultVhost__"


class SrsEnforcer:
    """The enforcer for one SRS that asks ``/hooks/srs/{name}``."""

    def __init__(self, server: SrsServer) -> None:
        self._server = server
        self._api = HttpApi(f"SRS {server.name!r}", f"{server.url.rstrip('/')}/api/v1", near_client(server.login))

    async def block(self, order: Order) -> None:
        """Our answer to ``on_publish`` reads the block; nothing is to be done at the server."""
        placed(order, self._server.name)

    async def cut(self, order: Order) -> None:
        """Kick the publishing client. Which number says that it has left already depends on the version: look anew."""
        placement = placed(order, self._server.name)
        publisher = await self._publisher(placement)
        if publisher is None:
            return
        code = (await self._ask("DELETE", f"/clients/{publisher}")).at("code")
        if code != 0 and await self._publisher(placement) == publisher:
            raise self._api.answers(f"error {code}", retry=True)

    async def gone(self, order: Order) -> bool:
        """Whether its streams show no active publisher."""
        return await self._publisher(placed(order, self._server.name)) is None

    async def restore(self, order: Order) -> None:
        """The block that our answer reads is lifted; nothing is to be done at the server."""

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _publisher(self, placement: Placement) -> str | None:
        """Return the client that publishes the stream."""
        vhosts = {str(each.get("id")) async for each in self._all("vhosts") if each.get("name") == self._server.vhost}
        async for stream in self._all("streams"):
            here = (str(stream.get("vhost")), stream.get("app"), stream.get("name"))
            if here[0] not in vhosts or here[1:] != (placement.app, placement.stream):
                continue
            publish = stream.get("publish")
            if not isinstance(publish, dict) or not isinstance(publish.get("active"), bool):
                raise self._api.unreadable("whether the stream is published")
            if publish["active"]:
                client = str(publish.get("cid"))
                if not _ID.fullmatch(client):
                    raise self._api.unreadable("who publishes the stream")
                return client
        return None

    async def _all(self, what: str) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list, page after page."""
        for page in range(PAGES):
            listed = await self._ask("GET", f"/{what}/", {"start": str(page * PAGE), "count": str(PAGE)})
            entries = listed.at(what)
            if listed.at("code") != 0 or not isinstance(entries, list):
                raise self._api.unreadable(f"its {what}")
            for entry in entries:
                if isinstance(entry, dict):
                    yield entry
            if len(entries) < PAGE:
                return
        raise self._api.unreadable(f"the end of its {what}")

    async def _ask(self, method: str, path: str, params: dict[str, str] | None = None) -> Reply:
        return await self._api.ask(method, path, params=params)
