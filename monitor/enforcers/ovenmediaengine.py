"""OvenMediaEngine: blocked by our answer to its AdmissionWebhooks, cut and confirmed by its REST API.

Its body repeats the status, and may say another than the response does; both must be of success. A publisher that was
deleted may reconnect at once, which is why it is refused before it is deleted.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import HttpApi, Reply, near_client
from protocols.session import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class OvenMediaEngineServer:
    """One OvenMediaEngine: its name in placements, its REST API, the API's access token, and its virtual host."""

    name: str
    url: str
    access_token: str = field(repr=False)
    vhost: str = "default"


class OvenMediaEngineEnforcer:
    """The enforcer for one OvenMediaEngine that asks ``/hooks/ovenmediaengine/{name}``."""

    def __init__(self, server: OvenMediaEngineServer) -> None:
        self._server = server
        self._api = HttpApi(f"OvenMediaEngine {server.name!r}", f"{server.url.rstrip('/')}/v1", near_client())

    async def block(self, order: Order) -> None:
        """Our answer to its webhooks reads the block; nothing is to be done at the server."""
        placed(order, self._server.name)

    async def cut(self, order: Order) -> None:
        """Delete the stream; one that is not there is no failure."""
        await self._ask("DELETE", placed(order, self._server.name))

    async def gone(self, order: Order) -> bool:
        """Whether the stream is not there."""
        return (await self._ask("GET", placed(order, self._server.name))).status == 404

    async def restore(self, order: Order) -> None:
        """The block that our answer reads is lifted; nothing is to be done at the server."""

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _ask(self, method: str, placement: Placement) -> Reply:
        """One request about the stream; an answer of success, or 404 for a stream that is not there."""
        names = (self._server.vhost, placement.app, placement.stream)
        vhost, app, stream = (quote(name, safe="") for name in names)
        token = b64encode(self._server.access_token.encode()).decode()
        headers = {"authorization": f"Basic {token}"}
        reply = await self._api.ask(method, f"/vhosts/{vhost}/apps/{app}/streams/{stream}", headers=headers)
        match reply.at("statusCode"):
            case int(said) if said == reply.status and said in (200, 404):
                return reply
            case int(said):
                worst = max(said, reply.status)
                raise self._api.answers(worst, retry=worst >= 500)
            case _:
                raise EnforcerFailure(f"{self._api.who} answers {reply.status}: is this its API?", retry=False)
