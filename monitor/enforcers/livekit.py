"""LiveKit: blocked by taking the right to publish and revoking tokens, cut by removing the participant.

A placement's application is the room and its stream the participant's identity. LiveKit asks nobody before somebody
joins; it tells us right after (see the hooks), and who is blocked is removed again. Removing alone leaves the token
valid: newer servers revoke those made before, older ones ignore that, so your backend must stop issuing them as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitor.enforcers.enforcer import EnforcerFailure, Order, placed
from monitor.enforcers.http_api import HttpApi, Reply, near_client
from protocols.session import Placement
from protocols.signing.jwt import sign

TOKEN_SECONDS = 60
"""How long a token of ours is valid; each request has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveKitServer:
    """One LiveKit: its name in placements, its URL, an API key and its secret."""

    name: str
    url: str
    api_key: str
    api_secret: str = field(repr=False)


class LiveKitEnforcer:
    """The enforcer for one LiveKit. ``now`` is the time of day in seconds since 1970."""

    def __init__(self, server: LiveKitServer, *, now: Callable[[], float]) -> None:
        self._server = server
        self._now = now
        service = f"{server.url.rstrip('/')}/twirp/livekit.RoomService"
        self._api = HttpApi(f"LiveKit {server.name!r}", service, near_client())

    async def block(self, order: Order) -> None:
        """Take the right to publish from one who is there; our hooks read the block."""
        placement = placed(order, self._server.name)
        permission = {"can_subscribe": True, "can_publish": False, "can_publish_data": False}
        await self._ask("UpdateParticipant", placement, permission=permission)

    async def cut(self, order: Order) -> None:
        """Remove the participant, and revoke the tokens made before now."""
        await self.remove(placed(order, self._server.name))

    async def remove(self, placement: Placement) -> None:
        """Remove who publishes there, for our hooks as well; somebody who is not there is no failure."""
        await self._ask("RemoveParticipant", placement, revoke_token_ts=int(self._now()))

    async def gone(self, order: Order) -> bool:
        """Whether nobody of this identity publishes a track in the room."""
        reply = await self._ask("GetParticipant", placed(order, self._server.name))
        if reply.status == 404:
            return True
        if not isinstance(reply.at("identity"), str):
            raise self._api.unreadable("who is in the room")
        return not reply.list("tracks")

    async def restore(self, order: Order) -> None:
        """Nothing is to be done at the server: the publisher joins with a token made after the cut."""

    async def close(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def _ask(self, method: str, placement: Placement, **more: Any) -> Reply:
        """One request about the participant; the answer, 404 where the room or the participant is not there."""
        now = int(self._now())
        grant = {"roomAdmin": True, "room": placement.app}
        claims = {"iss": self._server.api_key, "nbf": now - 5, "exp": now + TOKEN_SECONDS, "video": grant}
        headers = {"authorization": f"Bearer {sign(claims, self._server.api_secret)}"}
        body = {"room": placement.app, "identity": placement.stream, **more}
        reply = await self._api.ask("POST", f"/{method}", body=body, headers=headers)
        if reply.accepted and isinstance(reply.document, dict):
            return reply
        match reply.at("code"):
            case "not_found" if reply.status == 404:
                return reply
            case "unauthenticated" | "permission_denied":
                raise self._api.refuses()
            case str(code):
                raise self._api.answers(f"{reply.status} ({code[:40]})", retry=code in ("unavailable", "internal"))
            case _:
                raise EnforcerFailure(f"{self._api.who} answers {reply.status}: is this its API?", retry=False)
