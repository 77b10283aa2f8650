"""Sessions as the backend attaches and reads them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocols.backend.part import Identifier, Moment, Part, Title, Url
from protocols.backend.source import SourceRequest, infer
from protocols.backend.verdict import Rule, VerdictView
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.session import Feed, Placement, Session, SessionState, SourceKind

StreamName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._~+=@:-]+$")]


class PlacementRequest(Part):
    """Where the stream lives on a media server that Nakanohito may cut it on."""

    server: Identifier = Field(
        description="Name of the media server in the settings of the service.", examples=["edge"]
    )
    app: StreamName = Field(description="Application on that server.", examples=["live"])
    stream: StreamName = Field(description="Name of the stream, also called stream key.", examples=["room-42"])

    @classmethod
    def of(cls, placement: Placement) -> "PlacementRequest":
        """The placement, for the wire."""
        return cls(server=placement.server, app=placement.app, stream=placement.stream)

    def placement(self) -> Placement:
        """As the value that the enforcers read."""
        return Placement(server=self.server, app=self.app, stream=self.stream)


class AttachRequest(Part):
    """What is to be watched, what it claims to be, and who is to drive it."""

    source: SourceRequest | None = Field(
        None, description="Where the picture comes from. Give this or `url`, not both."
    )
    url: Url | None = Field(
        None,
        description="Address of the stream, where its kind can be told from it: rtmp(s)://…, http(s)://… ending in "
        ".m3u8, .flv or /whep, or file://…",
        examples=["rtmp://media.example/live/room-42"],
    )
    avatar: Title = Field(
        description="The registered avatar that the stream claims to show: id, or name where only one bears it.",
        examples=["av_9s1d0k4w7e2xn"],
    )
    operators: Annotated[list[Identifier], Field(min_length=1, max_length=16)] = Field(
        description="Ids of the enrolled operators who may drive it, 1 to 16.", examples=[["op_7h2m9q0d5k1wz"]]
    )
    policy: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}(@[1-9][0-9]{0,8})?$")] | None = Field(
        None,
        description="Policy that it is judged by: a name for its newest version, or `name@version`; the avatar's own "
        "profile where absent, `standard` where it has none.",
        examples=["standard@1"],
    )
    callback_url: Url | None = Field(
        None,
        description="Where webhooks about this session are sent (Standard Webhooks, signed).",
        examples=["https://backend.example/nakanohito"],
    )
    placement: PlacementRequest | None = Field(
        None, description="Where to cut it. Not needed for WHIP sessions, which end at the service itself."
    )
    account: Identifier | None = Field(
        None, description="The broadcaster's account in your own system; opaque.", examples=["channel-1187"]
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source is None) == (self.url is None):
            raise ValueError("give either 'source' or 'url'")
        if self.url is not None and infer(self.url) is None:
            raise ValueError("the kind of 'url' cannot be told from it: give 'source' with 'kind' and 'url' instead")
        if len(set(self.operators)) != len(self.operators):
            raise ValueError("'operators' names somebody twice")
        return self

    def feed(self) -> Feed:
        """Where the picture comes from, as a value."""
        if self.source is not None:
            return Feed(kind=self.source.kind, url=self.source.url)
        kind = infer(self.url or "")
        if kind is None:  # the validator has seen to it
            raise ValueError("the kind of 'url' cannot be told from it")
        return Feed(kind=kind, url=self.url)

    def place(self) -> Placement | None:
        """Where to cut it, as a value."""
        return self.placement.placement() if self.placement else None


class SourceView(Part):
    """Where the picture of a session comes from."""

    kind: Annotated[SourceKind, Field(strict=False)] = Field(description="How it reaches us.", examples=["rtmp"])
    url: str | None = Field(
        None,
        description="Its address without credentials and query; null for WHIP, where the publisher comes to us.",
        examples=["rtmp://media.example/live/room-42"],
    )


class WhipInvitation(Part):
    """How to publish to a session: shown once, in the answer that attached it."""

    url: str = Field(
        description="WHIP endpoint (RFC 9725) of this session, relative to the service.",
        examples=["/v1/whip/ses_4f1c2e9p0k3mt"],
    )
    token: str = Field(
        description="Bearer token that may publish to this session and nothing else.", examples=["Yk3fQ0c1…"]
    )


class SessionView(Part):
    """One monitored broadcast."""

    id: str = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    state: Annotated[SessionState, Field(strict=False)] = Field(
        description="pending: no picture yet; live; blind: the monitor cannot see, which is never the operator's "
        "fault; cut; ended.",
        examples=["live"],
    )
    source: SourceView = Field(description="Where the picture comes from.")
    avatar: str = Field(description="Id of the avatar that it claims to show.", examples=["av_9s1d0k4w7e2xn"])
    operators: list[str] = Field(description="Ids of the operators on its roster.", examples=[["op_7h2m9q0d5k1wz"]])
    policy: str = Field(description="The policy and its version.", examples=["standard@1"])
    epoch: int = Field(description="Fencing epoch: rises with each change of owner.", examples=[1])
    account: str = Field(description="The broadcaster's account in your system.", examples=["channel-1187"])
    callback_url: str | None = Field(None, description="Where webhooks about it are sent, without its query.")
    placement: PlacementRequest | None = Field(None, description="Where it is cut; null for WHIP sessions.")
    attached_at: Moment = Field(description="When it was attached.", examples=["2026-11-22T08:30:00Z"])
    ended_at: Moment | None = Field(None, description="When it was cut or ended.", examples=[None])
    ended_because: str | None = Field(None, description="Why it was cut or ended.", examples=[None])

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        """The session, for the wire; credentials in its URLs are taken off."""
        placement = session.placement
        return cls(
            id=session.id,
            state=session.state,
            source=SourceView(kind=session.feed.kind, url=shown(session.feed.url)),
            avatar=session.avatar,
            operators=list(session.operators),
            policy=session.policy,
            epoch=session.epoch,
            account=session.account,
            callback_url=shown(session.callback_url),
            placement=None if placement is None else PlacementRequest.of(placement),
            attached_at=session.attached_at,
            ended_at=session.ended_at,
            ended_because=session.ended_because,
        )


class SessionAttached(SessionView):
    """A session just attached."""

    whip: WhipInvitation | None = Field(
        None, description="For a WHIP session: where and with which token to publish. Not shown again."
    )


class ChallengeView(Part):
    """What an operator is being asked for: a gesture, several in order, or digits to be typed."""

    id: str = Field(description="Id of the challenge.", examples=["chl_1f0a"])
    gesture: Annotated[Gesture, Field(strict=False)] | None = Field(
        description="The gesture that was asked for; null for digits.", examples=["nod"]
    )
    then: list[Annotated[Gesture, Field(strict=False)]] = Field(
        default_factory=list, description="Gestures that were asked for after it, in order.", examples=[["look_left"]]
    )
    digits: bool = Field(False, description="Whether digits are to be typed; which ones only the operator is told.")
    asked_at: float = Field(description="Media time at which it was asked, in seconds since attach.", examples=[31.5])
    within: float = Field(description="It is looked for during this many seconds.", examples=[8.0])


class ReturnView(Part):
    """A ban that this session is recognised to run into, under another key, room or account."""

    cut: str = Field(description="Id of the cut that forbids.", examples=["cut_3k9d7m2x8q0ab"])
    by: Literal["avatar", "picture", "operator", "account"] = Field(
        description="By what: the avatar, a picture of the same likeness, an operator who drove it, the account.",
        examples=["operator"],
    )
    at: Moment = Field(description="When it was recognised.", examples=["2026-11-22T08:30:00Z"])


class SessionStatus(SessionView):
    """A session and where it stands at this moment. What is live is null once it has ended."""

    at: float | None = Field(None, description="Media time now, in seconds since attach.", examples=[61.2])
    verdict: VerdictView | None = Field(None, description="The newest verdict; null before the first.")
    returns: list[ReturnView] = Field(
        default_factory=list, description="Streams forbidden elsewhere that this one is the return of."
    )
    rung: Annotated[Rung, Field(strict=False)] = Field(
        Rung.WATCHING,
        description="Where it stands on the ladder: watching, notify, challenge, grace, slate, drop, forbid, restored.",
    )
    cause: Rule | None = Field(None, description="The rule that it climbed for.", examples=[None])
    rung_ends_in: float | None = Field(
        None, description="Seconds until the next rung unless the cause goes away.", examples=[None]
    )
    held: bool = Field(False, description="Whether the ladder stands still: the monitor is blind, or a person said so.")
    watch: Literal["ambient", "full"] | None = Field(
        None, description="Whether keyframes only or every frame is decoded.", examples=["ambient"]
    )
    operators_present: list[str] = Field(
        default_factory=list, description="Operators whose channel is up.", examples=[["op_7h2m9q0d5k1wz"]]
    )
    challenge: ChallengeView | None = Field(None, description="What is being asked for.")
    missed: int = Field(0, ge=0, description="How many questions were missed in a row until now.", examples=[0])
    frames_seen: int = Field(0, ge=0, description="Frames that were looked at.", examples=[812])
    frames_dropped: int = Field(0, ge=0, description="Frames that were dropped for newer ones.", examples=[3])
    blind_s: float = Field(0.0, ge=0, description="Seconds for which the monitor was blind so far.", examples=[0.0])
    publishing: bool | None = Field(None, description="WHIP only: whether a publisher is connected.", examples=[None])


def shown(url: str | None) -> str | None:
    """``url`` without user, password, query and fragment: those carry stream keys and tokens."""
    if url is None:
        return None
    bare = url.split("#", 1)[0].split("?", 1)[0]
    scheme, separator, rest = bare.partition("://")
    if not separator:
        return bare
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
