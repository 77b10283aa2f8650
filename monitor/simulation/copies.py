"""Copies: when the motion of a simulated session is met again in another, as was measured on its scene's telemetry."""

import math

from monitor.simulation.script import Script
from protocols.challenge import Dice
from protocols.observation import Compared, ToldBefore

__all__ = ["Copies"]

_EVERY = 5.0  # seconds, as live
_TURNS_A_TICK = 1
_UNMET = 90.0  # seconds after which what was not met is looked for anew
_TURNS = 5


class Copies:
    """What a session's telemetry is compared with. Nothing is, where nobody else told it."""

    def __init__(self, script: Script, dice: Dice) -> None:
        self._script = script
        self._dice = dice
        self._due = 0.0
        self._met_at: float | None = None

    def compared(self, now: float) -> list[Compared]:
        """What was compared at ``now``; to be asked while motion is told."""
        apart = self._script.copied
        if apart is None or now < self._due:
            return []
        self._due = now + _EVERY
        if self._met_at is None:
            self._met_at = now + self._wait(now)
        found = None if now < self._met_at else _told_before(now, apart)
        return [Compared(at=now, turns=_TURNS_A_TICK, found=found)]

    def _wait(self, now: float) -> float:
        """Seconds until it is met, from now."""
        met = self._script.act(now).scene.met
        wait = 0.0 if any(one is not None for one in met) else math.inf
        while wait < math.inf:
            drawn = met[int(self._dice() * len(met))]
            if drawn is not None:
                return wait + drawn
            wait += _UNMET
        return wait


def _told_before(now: float, apart: float) -> ToldBefore:
    return ToldBefore(
        since=max(0.0, now - 30.0), session="another", apart=apart, told="", before="", turns=_TURNS, mirrored=False
    )
