"""Alibaba Cloud ApsaraVideo Live by its documentation: RPC with ACS3 signatures, errors with a code in the body."""

from datetime import UTC, datetime

from protocols.signing.acs3 import AlibabaKey, acs3
from tests.servers.receiver import Reply, Request
from tests.servers.stand_in import Place, StandIn, document


class Alibaba(StandIn):
    """A forbidden stream is cut as well, and put on the blacklist unless ``Oneshot``; a nonce is taken once."""

    KEY = AlibabaKey(id="LTAI", secret="s3cret")
    DOMAIN = "push.example.com"

    def __init__(self) -> None:
        super().__init__()
        self.blacklist: dict[Place, str | None] = {}
        self._nonces: set[str] = set()

    async def admits(self, app: str, stream: str) -> bool:
        """Whether it is not on the blacklist."""
        return (app, stream) not in self.blacklist

    def answer(self, request: Request) -> Reply:
        """One action, if its signature is that of the request as it came."""
        given, nonce = request.headers, request.headers["x-acs-signature-nonce"]
        ours = acs3(
            self.KEY, host=given["host"], action=given["x-acs-action"], version=given["x-acs-version"],
            parameters=request.query, nonce=nonce,
            at=datetime.strptime(given["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        )  # fmt: skip
        if given["authorization"] != ours["authorization"] or nonce in self._nonces:
            return document({"Code": "SignatureDoesNotMatch", "Message": "no", "RequestId": "r"}, 400)
        self._nonces.add(nonce)
        place = (request.query["AppName"], request.query["StreamName"])
        match given["x-acs-action"]:
            case "ForbidLiveStream":
                if request.query.get("Oneshot") != "yes":
                    self.blacklist[place] = request.query.get("ResumeTime")
                self.kick(place)
            case "ResumeLiveStream":
                self.blacklist.pop(place, None)
            case "DescribeLiveStreamState":
                self.look()
                state = "online" if place in self.live else "offline"
                return document({"Type": "push", "StreamState": state, "RequestId": "r"})
        return document({"RequestId": "r"})
