"""MediaMTX by its documentation: api/openapi.yaml and docs/2-features/06-authentication.md of bluenviron/mediamtx."""

import json
import uuid
from base64 import b64encode

from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import StandIn, document


class MediaMtx(StandIn):
    """Paths keep their readers when their source has gone; kicks of who is not there are 404."""

    LOGIN = ("monitor", "pw")

    def number(self, count: int) -> str:
        """A UUID."""
        return str(uuid.UUID(int=count))

    async def asks(self, app: str, stream: str) -> bool:
        """20x permits."""
        told = {
            "user": "", "password": "", "token": "", "ip": "127.0.0.1", "action": "publish", "path": f"{app}/{stream}",
            "protocol": "rtmp", "id": "x", "query": "k=v",
        }  # fmt: skip
        answer = await self.post(json.dumps(told).encode(), {"content-type": "application/json"})
        return answer is not None and answer.is_success

    def answer(self, request: Request) -> Reply:
        """The control API."""
        login = b64encode(":".join(self.LOGIN).encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return document({"status": "error", "error": "authentication error"}, 401)
        match request.method, request.path.strip("/").split("/")[1:]:
            case "GET", ["paths", "get", app, stream]:
                self.look()
                number = self.live.get((app, stream))
                if number is None and stream != "two":  # which somebody reads
                    return document({"status": "error", "error": "path not found"}, 404)
                source = None if number is None else {"type": "rtmpConn", "id": number}
                return document({"name": f"{app}/{stream}", "ready": number is not None, "source": source})
            case "POST", ["rtmpconns", "kick", number]:
                for place, held in self.live.items():
                    if held == number:
                        self.kick(place)
                        return document({"status": "ok"})
                return document({"status": "error", "error": "connection not found"}, 404)
            case _:
                return document({"status": "error", "error": "not found"}, 404)
