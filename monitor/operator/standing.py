"""What stands open for an operator to answer, and what a key press does about it."""

from typing import Protocol

from monitor.operator.agent import AgentEvent
from monitor.operator.keys import Press
from protocols.channel.event import Challenged, DutyTold, FloorOffered, Receipted

BREAK_S = 300.0


class Says(Protocol):
    """What an operator can say over the channel."""

    def answer(self, challenge: str) -> bool:
        """The gesture is done."""

    def rest(self, seconds: float) -> bool:
        """A break begins, or ends by 0."""

    def accept(self, by: str, nonce: str) -> bool:
        """The floor is taken."""


class Standing:
    """The challenge, the break and the offer that stand open."""

    def __init__(self) -> None:
        self._challenge: str | None = None
        self._on_break = False
        self._offer: tuple[str, str] | None = None

    def hear(self, event: AgentEvent) -> None:
        """Take in one event."""
        match event:
            case Challenged(challenge=challenge):
                self._challenge = challenge
            case Receipted(challenge=challenge) if challenge == self._challenge:
                self._challenge = None
            case DutyTold(break_until=until):
                self._on_break = until is not None
            case FloorOffered(by=by, nonce=nonce):
                self._offer = (by, nonce)
            case _:
                pass

    def press(self, press: Press, says: Says) -> bool:
        """Do what was pressed; whether there was anything to do."""
        match press:
            case Press.DONE:
                return self._challenge is not None and says.answer(self._challenge)
            case Press.BREAK:
                return says.rest(0.0 if self._on_break else BREAK_S)
            case Press.TAKE:
                offer, self._offer = self._offer, None
                return offer is not None and says.accept(*offer)
