"""OvenMediaEngine by its documentation: docs/rest-api and docs/access-control of AirenSoft/OvenMediaEngine."""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode

from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import StandIn, document


class OvenMediaEngine(StandIn):
    """Its bodies repeat the status; a stream that was deleted may reconnect."""

    TOKEN, SECRET = "access-token", "1234"

    async def asks(self, app: str, stream: str) -> bool:
        """200 with ``allowed``."""
        told = {
            "client": {"address": "127.0.0.1", "port": 29291},
            "request": {
                "direction": "incoming", "protocol": "rtmp", "status": "opening",
                "url": f"rtmp://h:1935/{app}/{stream}?k=v", "time": "2026-11-26T10:00:00.000Z",
            },
        }  # fmt: skip
        body = json.dumps(told).encode()
        answer = await self.post(body, {"x-ome-signature": self.signed(body), "content-type": "application/json"})
        return answer is not None and answer.status_code == 200 and answer.json()["allowed"] is True

    def signed(self, body: bytes) -> str:
        """The signature of a webhook."""
        return urlsafe_b64encode(hmac.new(self.SECRET.encode(), body, hashlib.sha1).digest()).decode().rstrip("=")

    def answer(self, request: Request) -> Reply:
        """The REST API."""
        if request.headers.get("authorization") != f"Basic {b64encode(self.TOKEN.encode()).decode()}":
            return document({"statusCode": 401, "message": "Unauthorized"}, 401)
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["v1", "vhosts", "default", "apps", app, "streams", stream]:
                self.look()
                if (app, stream) in self.live:
                    return document({"statusCode": 200, "message": "OK", "response": {"name": stream}})
            case "DELETE", ["v1", "vhosts", "default", "apps", app, "streams", stream]:
                if (app, stream) in self.live:
                    self.kick((app, stream))
                    return document({"statusCode": 200, "message": "OK"})
        return document({"statusCode": 404, "message": "Could not find the stream"}, 404)
