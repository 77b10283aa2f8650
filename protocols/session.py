"""A session: one monitored broadcast, the avatar it claims, the operators on its roster, the policy it is judged by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

SessionId = NewType("SessionId", str)
AvatarId = NewType("AvatarId", str)
OperatorId = NewType("OperatorId", str)
CutId = NewType("CutId", str)


class SourceKind(StrEnum):
    """How the picture reaches the monitor."""

    WHIP = "whip"
    WHEP = "whep"
    RTMP = "rtmp"
    FLV = "flv"
    HLS = "hls"
    FILE = "file"


class SessionState(StrEnum):
    """Where a session stands. BLIND is the monitor's own trouble and never the operator's fault."""

    PENDING = "pending"
    LIVE = "live"
    BLIND = "blind"
    CUT = "cut"
    ENDED = "ended"


FINAL = frozenset({SessionState.CUT, SessionState.ENDED})
"""States that a session does not leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where the picture comes from; ``url`` is None for WHIP, where the publisher comes to us."""

    kind: SourceKind
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The stream's place on a media server: which server of the settings, which application, which stream name."""

    server: str
    app: str
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One monitored broadcast. ``epoch`` fences: commands that carry an older one are refused."""

    id: SessionId
    feed: Feed
    avatar: AvatarId
    operators: tuple[OperatorId, ...]
    policy: str
    state: SessionState
    epoch: int
    attached_at: datetime
    callback_url: str | None = None
    placement: Placement | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None
    account: str = ""
