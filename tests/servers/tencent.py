"""Tencent Cloud Streaming Services by its documentation (document/api/267): 200 for everything, errors in the body."""

from protocols.signing.tc3 import TencentKey, tc3
from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import Place, StandIn, document, given


class Tencent(StandIn):
    """Forbids by itself; a forbidden stream is shown as forbidden while it is still on air."""

    KEY = TencentKey(id="AKID", secret="s3cret")
    DOMAIN = "push.example.com"

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: dict[Place, str] = {}

    async def admits(self, app: str, stream: str) -> bool:
        """Whether it is not forbidden."""
        return (app, stream) not in self.forbidden

    def answer(self, request: Request) -> Reply:
        """One action, if its signature is that of the request as it came."""
        action, at = request.headers["x-tc-action"], int(request.headers["x-tc-timestamp"])
        ours = tc3(
            self.KEY, host=request.headers["host"], service="live", action=action,
            version=request.headers["x-tc-version"], body=request.body, at=at,
        )  # fmt: skip
        if request.headers["authorization"] != ours["authorization"]:
            return self.says(Error={"Code": "AuthFailure.SignatureFailure", "Message": "no"})
        asked = given(request)
        if asked["DomainName"] != self.DOMAIN:
            return self.says(Error={"Code": "InvalidParameter", "Message": "no such domain"})
        return self._act(action, (asked["AppName"], asked["StreamName"]), asked)

    def says(self, **response: object) -> Reply:
        """An answer: always 200."""
        return document({"Response": {**response, "RequestId": "r"}})

    def _act(self, action: str, place: Place, asked: dict[str, object]) -> Reply:
        match action:
            case "ForbidLiveStream":
                self.forbidden[place] = str(asked["ResumeTime"])
            case "ResumeLiveStream":
                self.forbidden.pop(place, None)
            case "DropLiveStream" if place not in self.live:
                return self.says(Error={"Code": "InvalidParameterValue.Whatever", "Message": "not on air"})
            case "DropLiveStream":
                self.kick(place)
            case "DescribeLiveStreamState":
                self.look()
                live = "active" if place in self.live else "inactive"
                return self.says(StreamState="forbid" if place in self.forbidden else live)
            case "DescribeLiveStreamOnlineList":
                return self.says(OnlineInfo=[{"StreamName": place[1]}] if place in self.live else [], TotalNum=1)
        return self.says()
