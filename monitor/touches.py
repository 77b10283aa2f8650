"""Touches: in the middle of a shift, at moments that nobody can foresee, the person's passkey is asked for again.

For operators who cannot be asked for gestures, and wherever a policy wants to know that whoever began the shift is
still there. A touch that is missed is told to people; it cuts nobody.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from protocols.channel.duty import Asking
from protocols.policy import OperatorPolicy

_CEILING = 3.0  # times the mean
_FLOOR_S = 60.0
_REMEMBERED = 20_000  # shifts: far more than run at a time, and none is told when it is over


@dataclass(slots=True)
class Touch:
    """One operator's in one shift: when the next is due, and the one that is open. Times on the event loop's clock."""

    due: float
    asking: Asking | None = None
    until: float = 0.0
    missed: int = 0


class Touches:
    """The touches of one service. ``dice``: uniform in [0, 1), not to be foreseen by the operators' side."""

    def __init__(self, dice: Callable[[], float]) -> None:
        self._dice = dice
        self._open: dict[str, Touch] = {}

    def of(self, shift: str, policy: OperatorPolicy, now: float) -> Touch | None:
        """The touch of a shift; None where the policy wants none."""
        if policy.touch_every_s is None:
            return None
        touch = self._open.get(shift)
        if touch is None:
            touch = self._open[shift] = Touch(due=now + self._gap(policy.touch_every_s))
            if len(self._open) > _REMEMBERED:
                del self._open[next(iter(self._open))]
        return touch

    def asked(self, touch: Touch, asking: Asking, now: float) -> None:
        """It is asked for now."""
        touch.asking, touch.until = asking, now + asking.within

    def answered(self, touch: Touch, policy: OperatorPolicy, now: float) -> None:
        """The passkey has answered; the next comes at a time of its own."""
        touch.asking, touch.missed = None, 0
        touch.due = now + self._gap(policy.touch_every_s or 0.0)

    def missed(self, touch: Touch, policy: OperatorPolicy, now: float) -> bool:
        """Whether the one that is open was missed; the next comes at a time of its own."""
        if touch.asking is None or now < touch.until:
            return False
        touch.asking = None
        touch.missed += 1
        touch.due = now + self._gap(policy.touch_every_s or 0.0)
        return True

    def _gap(self, mean: float) -> float:
        return max(_FLOOR_S, min(-math.log(1.0 - self._dice()) * mean, _CEILING * mean))
