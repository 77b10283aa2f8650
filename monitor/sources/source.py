"""The interface of all sources, and the values that cross it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import av


class Watch(StrEnum):
    """How closely a stream is watched."""

    AMBIENT = "ambient"
    """Keyframes only: cheap enough to do all the time."""
    FULL = "full"
    """Every frame, from the next keyframe on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A decoded picture at media time ``at``, whose packet arrived at ``arrived``: seconds on the session's clock.

    ``at`` never decreases within a source and is never later than ``arrived``. ``fresh`` marks the first picture,
    the first after a stall or reconnection and the first of a new resolution. ``frame`` is as decoded, mostly yuv420p.
    """

    at: float
    arrived: float
    keyframe: bool
    fresh: bool
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """Nothing has been seen for ``silent_for`` seconds; the source goes on trying."""

    at: float
    silent_for: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """After a stall a picture is there again; it follows."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The stream was seen and is over, with the cause in one sentence; nothing follows."""

    at: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The stream cannot or must not be watched, with the cause in one sentence; nothing follows."""

    at: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """Pictures are there, the first or after a stall, and are looked at where they are: by a worker."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Nobody watches the stream for now, by the monitor's own trouble, with the cause; somebody will again."""

    at: float
    cause: str


SourceEvent = Picture | Stalled | Resumed | Ended | Refused | Sighted | Lost


class Source(Protocol):
    """A live stream. What cannot be helped is an event, never an exception."""

    def events(self) -> AsyncIterator[SourceEvent]:
        """Connect and tell what is seen; once per source. Ends after Ended or Refused, or when closed."""
        ...

    def watch(self, mode: Watch) -> None:
        """Watch every frame from the next keyframe, or keyframes only from now."""
        ...

    async def close(self) -> None:
        """Disconnect; idempotent, takes at most five seconds whatever blocks and never blocks the loop."""
        ...

    @property
    def dropped(self) -> int:
        """How many pictures were dropped because nobody fetched them in time; the newest are kept."""
        ...

    @property
    def corrupt(self) -> int:
        """How many times data could not be decoded, or only with errors."""
        ...


class StreamRefused(Exception):
    """The stream will not become watchable by trying again; the message is the cause in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a source waits, in seconds.

    ``stall_after``: silence that counts as a stall. ``start_within``: from the start to the first picture, before the
    stream is refused. ``give_up_after``: silence after which a seen stream has ended. ``picture_within``: the longest
    gap between pictures while packets flow, so the longest distance of keyframes. ``open_within``: one attempt to
    open. ``retry_first`` and ``retry_longest``: pause between attempts, doubling from one to the other.
    """

    stall_after: float = 2.5
    start_within: float | None = 20.0
    give_up_after: float = 30.0
    picture_within: float = 20.0
    open_within: float = 5.0
    retry_first: float = 0.25
    retry_longest: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The largest picture that is decoded, by its longer and its shorter side in pixels."""

    longer: int = 4096
    shorter: int = 2304

    @property
    def pixels(self) -> int:
        """The largest number of pixels."""
        return self.longer * self.shorter

    def allows(self, width: int, height: int) -> bool:
        """Whether a picture of this size may be decoded."""
        return max(width, height) <= self.longer and min(width, height) <= self.shorter

    def refusal(self, width: int = 0, height: int = 0) -> StreamRefused:
        """Build the one error for what is larger, of an unknown size where there is none."""
        size = f"{width}x{height} pixels" if width and height else "larger than allowed"
        return StreamRefused(f"the picture is {size}: publish at most {self.longer}x{self.shorter}")
