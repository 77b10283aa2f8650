"""Our own end of a stream: sessions whose picture comes to the service itself are cut by ending it here."""

from collections.abc import Callable
from datetime import datetime

from monitor.pipeline import Pipeline
from monitor.sources.whip import WhipEnd
from protocols.session import SessionId


class OwnEnd:
    """What the enforcer of such streams does to them: a WHIP publisher is hung up on, a file no longer read."""

    def __init__(self, pipeline: Callable[[str], Pipeline | None]) -> None:
        self._pipeline = pipeline
        self._forbidden: set[SessionId] = set()

    def forbidden(self, session: SessionId) -> bool:
        """Whether offers for this session are refused."""
        return session in self._forbidden

    async def forbid(self, session: SessionId, until: datetime | None) -> None:
        """Refuse offers for this session. It is over when its cut is confirmed, so ``until`` never comes for it."""
        self._forbidden.add(session)

    async def permit(self, session: SessionId) -> None:
        """Accept offers for this session again."""
        self._forbidden.discard(session)

    async def hang_up(self, session: SessionId) -> None:
        """End what comes in; nothing coming in is no failure."""
        pipeline = self._pipeline(session)
        if pipeline is None:
            return
        if isinstance(pipeline.source, WhipEnd):
            await pipeline.source.hang_up()
        else:
            await pipeline.source.close()

    def is_publishing(self, session: SessionId) -> bool:
        """Whether a publisher's connection is there that is not closed."""
        pipeline = self._pipeline(session)
        if pipeline is None or not isinstance(pipeline.source, WhipEnd):
            return False
        return pipeline.source.live
