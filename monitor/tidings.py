"""Tidings: an operator whose cut was undone is told when they connect next, be it weeks later, in whatever session.

Looked for in the registry and never only told of in passing: the operators' channels are closed when a cut is undone.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from monitor.pipeline import Pipeline
from protocols.channel.notice import Level, Notice
from protocols.wording import undone
from registry.error import RegistryError
from registry.registry import Registry
from registry.undoing import Undoing

_log = structlog.get_logger()
_EVERY = 2.0  # seconds


class Tidings:
    """Brings the tidings of one service. ``tell`` reaches one operator of a session, and says whether it did."""

    def __init__(
        self,
        registry: Registry,
        pipelines: Callable[[], Iterable[Pipeline]],
        tell: Callable[[str, str, Notice], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._registry = registry
        self._pipelines = pipelines
        self._tell = tell
        self._clock = clock

    async def run(self) -> None:
        """Bring what there is, until cancelled."""
        while True:
            try:
                await self.bring()
            except RegistryError as failure:
                _log.warning("tidings.wait", because=str(failure))
            await asyncio.sleep(_EVERY)

    async def bring(self) -> int:
        """Tell those who are there; how many were told. Raises RegistryError."""
        where = {operator: pipeline.session.id for pipeline in self._pipelines() for operator in pipeline.operators}
        told = 0
        for undoing in await self._registry.undoings.waiting(where) if where else ():
            if self._tell(where[undoing.operator], undoing.operator, _notice(undoing)):
                await self._registry.undoings.told(undoing, at=self._clock())
                told += 1
        return told


def _notice(undoing: Undoing) -> Notice:
    words = undone(f"{undoing.cut_at:%Y-%m-%d %H:%M} UTC")
    return Notice(level=Level.INFO, code="restored", text_en=words.en, text_zh=words.zh)
