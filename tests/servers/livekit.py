"""LiveKit by its documentation: docs.livekit.io (room management, webhooks), livekit_room.proto of livekit/protocol."""

import hashlib
import hmac
import json
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode

from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import StandIn, document, given


class LiveKit(StandIn):
    """Lets everybody with a token join and tells of it afterwards; removing revokes the tokens made before."""

    KEY, SECRET = "APIkey", "a secret that both know"

    def __init__(self) -> None:
        super().__init__()
        self.revoked: dict[tuple[str, str], int] = {}
        self.token_of: float | None = None
        """When the tokens of publishers were made, seconds since 1970; now where it is None."""

    async def admits(self, app: str, stream: str) -> bool:
        """A token that was not revoked; then it is live, and told of. Who is removed in answer is not let in."""
        made = time.time() + 1 if self.token_of is None else self.token_of
        if made < self.revoked.get((app, stream), 0):
            return False
        self.live[app, stream] = "joining"
        await self.asks(app, stream)
        self.look()
        self.look()
        stays = (app, stream) in self.live
        self.disconnected -= not stays  # it was never let in, as the suite counts
        return stays

    async def asks(self, app: str, stream: str) -> bool:
        """A webhook, signed; whatever is answered, nothing happens."""
        told = {"event": "track_published", "room": {"name": app}, "participant": {"identity": stream}}
        body = json.dumps(told).encode()
        await self.post(body, {"authorization": self.signed(body), "content-type": "application/webhook+json"})
        return True

    def signed(self, body: bytes, *, secret: str = SECRET) -> str:
        """The token of a webhook, made without the code that is to read it."""
        now = int(time.time())
        claims = {
            "iss": self.KEY,
            "nbf": now,
            "exp": now + 300,
            "sha256": b64encode(hashlib.sha256(body).digest()).decode(),
        }
        parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
        content = b".".join(parts)
        signature = urlsafe_b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).rstrip(b"=")
        return (content + b"." + signature).decode()

    def answer(self, request: Request) -> Reply:
        """Twirp: JSON in, JSON out, errors with a code of their own."""
        asked = given(request)
        room, identity = asked["room"], asked["identity"]
        if not self._permits(request.headers.get("authorization", ""), room):
            return document({"code": "unauthenticated", "msg": "invalid token"}, 401)
        match request.path.rpartition("/")[2]:
            case "GetParticipant":
                self.look()
                if (room, identity) in self.live:
                    return document({"sid": "PA_1", "identity": identity, "tracks": [{"sid": "TR_1"}]})
            case "UpdateParticipant" if (room, identity) in self.live:
                return document({"identity": identity, "permission": asked["permission"]})
            case "RemoveParticipant":
                self.revoked[room, identity] = asked["revoke_token_ts"]
                if (room, identity) in self.live:
                    self.kick((room, identity))
                    return document({})
        return document({"code": "not_found", "msg": "participant does not exist"}, 404)

    def _permits(self, authorization: str, room: str) -> bool:
        content, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
        ours = urlsafe_b64encode(hmac.digest(self.SECRET.encode(), content.encode(), hashlib.sha256)).rstrip(b"=")
        if signature != ours.decode():
            return False
        claims = json.loads(urlsafe_b64decode(content.partition(".")[2] + "=="))
        now = time.time()
        granted = claims["video"] == {"roomAdmin": True, "room": room}
        return bool(claims["iss"] == self.KEY and claims["nbf"] <= now <= claims["exp"] and granted)
