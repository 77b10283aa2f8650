"""What stands open for an operator to answer, and what a key press does about it."""

from typing import Protocol

from monitor.operator.agent import AgentEvent
from monitor.operator.keys import Press
from protocols.channel.event import Challenged, DutyTold, FloorOffered, Outcome, Receipted

BREAK_S = 300.0


class Says(Protocol):
    """What an operator can say over the channel."""

    def answer(self, challenge: str, typed: str | None = None) -> bool:
        """The gesture is done, or these digits are ``typed``."""

    def rest(self, seconds: float) -> bool:
        """A break begins, or ends by 0."""

    def accept(self, by: str, nonce: str) -> bool:
        """The floor is taken."""


class Standing:
    """The challenge, the break and the offer that stand open."""

    def __init__(self) -> None:
        self._asked: Challenged | None = None
        self.typed = ""
        """The digits that were typed so far."""
        self._on_break = False
        self._offer: tuple[str, str] | None = None

    def hear(self, event: AgentEvent) -> None:
        """Take in one event."""
        match event:
            case Challenged():
                self._asked, self.typed = event, ""
            case Receipted(outcome=Outcome.WRONG_DIGITS):
                self.typed = ""
            case Receipted(challenge=challenge) if self._asked is not None and challenge == self._asked.challenge:
                self._asked, self.typed = None, ""
            case DutyTold(break_until=until):
                self._on_break = until is not None
            case FloorOffered(by=by, nonce=nonce):
                self._offer = (by, nonce)
            case _:
                pass

    def type(self, digits: str, says: Says) -> bool:
        """Take digits that were typed; all that are asked for are the answer. Whether any are asked for."""
        asked = self._asked
        if asked is None or asked.digits is None:
            return False
        self.typed = (self.typed + digits)[: len(asked.digits)]
        if len(self.typed) == len(asked.digits):
            says.answer(asked.challenge, self.typed)
        return True

    def press(self, press: Press, says: Says) -> bool:
        """Do what was pressed; whether there was anything to do."""
        match press:
            case Press.DONE:
                asked = self._asked
                return asked is not None and asked.digits is None and says.answer(asked.challenge)
            case Press.ERASE:
                self.typed, before = self.typed[:-1], self.typed
                return self.typed != before
            case Press.BREAK:
                return says.rest(0.0 if self._on_break else BREAK_S)
            case Press.TAKE:
                offer, self._offer = self._offer, None
                return offer is not None and says.accept(*offer)
