"""Eyesight: whether the monitor sees one stream's picture. While it is blind, time on the ladder stands still."""

from collections.abc import Awaitable, Callable

from monitor import metrics
from monitor.record import Record
from monitor.standstill import Standstill
from protocols.backend import EventType
from protocols.observation import Blindness, Observation
from protocols.session import SessionState

_NOTHING_YET = "no picture has come yet"


class Eyesight:
    """One session's, blind until the first picture. ``blind_because`` says why, None while a picture is there."""

    def __init__(
        self,
        *,
        record: Record,
        standstill: Standstill,
        at: Callable[[], float],
        observe: Callable[[Observation], None],
        stand: Callable[[SessionState, str | None], Awaitable[None]],
    ) -> None:
        """``at``: now on the session's clock; ``stand`` brings the session's row to a state."""
        self.blind_because: str | None = _NOTHING_YET
        self._since = 0.0
        self._before = 0.0
        self._record = record
        self._standstill = standstill
        self._at = at
        self._observe = observe
        self._stand = stand
        standstill.begin()
        observe(Blindness(at=0.0, blind=True, cause=_NOTHING_YET))

    @property
    def blind_s(self) -> float:
        """Seconds for which the monitor was blind so far."""
        return self._before + (self._at() - self._since if self.blind_because is not None else 0.0)

    async def lose(self, at: float, cause: str) -> None:
        """The picture stopped at media time ``at``; blind already, it is still for the first cause."""
        if self.blind_because is not None:
            return
        self.blind_because, self._since = cause, self._at()
        self._observe(Blindness(at=at, blind=True, cause=cause))
        self._standstill.begin()
        await self._record.note(EventType.SESSION_BLIND, {"at": round(at, 3), "cause": cause})
        await self._stand(SessionState.BLIND, cause)

    async def regain(self, at: float) -> None:
        """A picture of media time ``at`` is there; where one was before, nothing is new."""
        if self.blind_because is None:
            return
        blind_s = self._at() - self._since
        self._before += blind_s
        metrics.BLIND_SECONDS.inc(blind_s)
        self.blind_because = None
        self._observe(Blindness(at=at, blind=False, cause="the picture is there"))
        self._standstill.end()
        first = self._record.session.state is SessionState.PENDING
        kind = EventType.SESSION_LIVE if first else EventType.SESSION_SIGHTED
        await self._record.note(kind, {"at": round(at, 3), "blind_s": round(blind_s, 3)})
        await self._stand(SessionState.LIVE, None)
