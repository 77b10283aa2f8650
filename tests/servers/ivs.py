"""Amazon IVS by its documentation: REST with JSON, SigV4; 404 for a channel that does not broadcast."""

from datetime import UTC, datetime

from protocols.signing.sigv4 import AwsKey, sigv4
from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import StandIn, document, given


class Ivs(StandIn):
    """Channels such as ``one`` and ``two`` with a stream key each; who holds the key of a channel may stream to it."""

    KEY = AwsKey(id="AKIA", secret="s3cret")
    REGION, ACCOUNT = "us-west-2", "123456789012"

    def __init__(self) -> None:
        super().__init__()
        channels = ("one", "two", *(f"crash{number}" for number in range(20)))
        self.keys = {name: [f"arn:aws:ivs:{self.REGION}:{self.ACCOUNT}:stream-key/{name}1"] for name in channels}

    async def admits(self, app: str, stream: str) -> bool:
        """Whether its channel has a key."""
        return bool(self.keys[stream])

    def answer(self, request: Request) -> Reply:
        """One operation, if its signature is that of the request as it came."""
        at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ours = sigv4(
            self.KEY, method="POST", host=request.headers["host"], path=request.path, body=request.body,
            region=self.REGION, service="ivs", at=at, headers={"content-type": request.headers["content-type"]},
        )  # fmt: skip
        if request.headers["authorization"] != ours["authorization"]:
            return document({"message": "The request signature does not match"}, 403)
        asked = given(request)
        if request.path == "/DeleteStreamKey":
            return self._delete(asked["arn"])
        arn = asked.get("channelArn", asked.get("arn"))
        name = arn.rpartition("/")[2]
        if arn != f"arn:aws:ivs:{self.REGION}:{self.ACCOUNT}:channel/{name}" or name not in self.keys:
            return document({"exceptionMessage": "Resource not found"}, 404)
        return self._act(request.path[1:], name, arn, asked.get("nextToken"))

    def _act(self, operation: str, name: str, arn: str, token: str | None) -> Reply:
        live = ("channel", name) in self.live
        match operation:
            case "GetChannel":
                return document({"channel": {"arn": arn}})
            case "ListStreamKeys" if token is None:
                return document({"streamKeys": [], "nextToken": "t1"})
            case "ListStreamKeys":
                return document({"streamKeys": [{"arn": key, "channelArn": arn} for key in self.keys[name]]})
            case "CreateStreamKey":
                self.keys[name].append(f"arn:aws:ivs:{self.REGION}:{self.ACCOUNT}:stream-key/{name}2")
                return document({"streamKey": {"arn": self.keys[name][-1], "value": "sk_x", "channelArn": arn}})
            case "StopStream" if live:
                self.kick(("channel", name))
                return Reply()
            case "GetStream":
                self.look()
                if ("channel", name) in self.live:
                    return document({"stream": {"channelArn": arn, "state": "LIVE", "health": "HEALTHY"}})
        return document({"exceptionMessage": "The stream is offline for the given channel ARN."}, 404)

    def _delete(self, key: str) -> Reply:
        for keys in self.keys.values():
            if key in keys:
                keys.remove(key)
                return Reply(status=204)
        return document({"exceptionMessage": "Resource not found"}, 404)
