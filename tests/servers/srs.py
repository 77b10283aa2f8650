"""SRS by its documentation: trunk/conf/full.conf, doc/http-api.md and doc/http-callback.md of ossrs/srs."""

import json
from base64 import b64encode

from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import StandIn, document

CLIENT_NOT_FOUND = 2049


class Srs(StandIn):
    """Lists ten entries unless asked for more; errors are a code in a body of 200."""

    LOGIN = ("monitor", "pw")
    VHOST = "vid-a1"

    def number(self, count: int) -> str:
        """From version 4 on ids are texts."""
        return f"cid-{count}"

    async def asks(self, app: str, stream: str) -> bool:
        """200 with the code 0 permits; nobody there is a refusal."""
        told = {
            "server_id": "vid-0", "action": "on_publish", "client_id": "x", "ip": "127.0.0.1",
            "vhost": "__defaultVhost__", "app": app, "tcUrl": f"rtmp://h/{app}", "stream": stream, "param": "?k=v",
        }  # fmt: skip
        answer = await self.post(json.dumps(told).encode(), {"content-type": "application/json"})
        return answer is not None and answer.status_code == 200 and answer.json() == {"code": 0}

    def answer(self, request: Request) -> Reply:
        """The HTTP API."""
        login = b64encode(":".join(self.LOGIN).encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return Reply(status=401)
        start, count = int(request.query.get("start", 0)), int(request.query.get("count", 10))
        match request.method, request.path.strip("/").split("/")[2:]:
            case "GET", ["vhosts"]:
                vhosts = [{"id": "vid-b2", "name": "other"}, {"id": self.VHOST, "name": "__defaultVhost__"}]
                return document({"code": 0, "vhosts": vhosts[start : start + count]})
            case "GET", ["streams"]:
                self.look()
                return document({"code": 0, "streams": self._streams()[start : start + count]})
            case "DELETE", ["clients", client]:
                for place, number in self.live.items():
                    if number == client:
                        self.kick(place)
                        return document({"code": 0})
                return document({"code": CLIENT_NOT_FOUND})
            case _:
                return document({"code": 1}, 404)

    def _streams(self) -> list[dict[str, object]]:
        """Streams that have ended stay in the list, inactive; there is one of the same name on another vhost."""
        live = [
            {
                "id": f"vid-{number}",
                "name": stream,
                "vhost": self.VHOST,
                "app": app,
                "publish": {"active": True, "cid": number},
            }
            for (app, stream), number in self.live.items()
        ]
        ended = {"id": "vid-9", "name": "one", "vhost": self.VHOST, "app": "live", "publish": {"active": False}}
        elsewhere = {"name": "one", "vhost": "vid-b2", "app": "live", "publish": {"active": True, "cid": "cid-b"}}
        return [elsewhere, *[{"name": f"filler{n}", "vhost": self.VHOST, "app": "x"} for n in range(15)], ended, *live]
