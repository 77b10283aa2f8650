"""A case: something was done to a stream, and a person decides whether it was right.

    open ──▶ upheld │ overturned          ask for more keeps it among those to decide
      └────▶ more asked ──▶ upheld │ overturned

What hurts needs two people: whoever proposes it is never the one who decides. A decision can be turned round, by two
people as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONG_BLOCK = timedelta(hours=24)
"""A stream that may not publish for longer is a matter for two people."""


class CaseAct(StrEnum):
    """What was done to the stream."""

    CUT = "cut"
    SLATE = "slate"
    DROP = "drop"
    FORBID = "forbid"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    MORE_ASKED = "more_asked"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


class CaseDecision(StrEnum):
    """What a moderator may decide: it was right, it was wrong, or too little is known."""

    UPHOLD = "uphold"
    OVERTURN = "overturn"
    ASK_MORE = "ask_more"


DECIDED = frozenset({CaseState.UPHELD, CaseState.OVERTURNED})
"""States in which somebody has decided."""

BECOMES = {
    CaseDecision.UPHOLD: CaseState.UPHELD,
    CaseDecision.OVERTURN: CaseState.OVERTURNED,
    CaseDecision.ASK_MORE: CaseState.MORE_ASKED,
}
"""The state that a decision leads to."""


class CaseRefused(ValueError):
    """This cannot be decided so, or not by this person; the message says what can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A decision that waits for a second person."""

    decision: CaseDecision
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Where a case stands once somebody has spoken: its state, and the proposal that now waits, if any."""

    state: CaseState
    proposal: Proposal | None

    @property
    def decided(self) -> bool:
        """Whether it took effect; else it waits for a second person."""
        return self.proposal is None


def needs_two(*, decided_at: datetime, until: datetime | None) -> bool:
    """Whether a block that ends at ``until`` (None: when restored) is a matter for two people."""
    return until is None or until - decided_at > LONG_BLOCK


def rule(
    state: CaseState,
    waiting: Proposal | None,
    spoken: Proposal,
    *,
    four_eyes: bool,
    decided_by: str | None = None,
) -> Ruling:
    """What becomes of a case in ``state`` once ``spoken`` is said, where ``waiting`` was proposed before.

    ``decided_by`` is who decided it, where somebody has. Raises CaseRefused.
    """
    if spoken.decision is CaseDecision.ASK_MORE:
        return _ask_more(state)
    wanted = BECOMES[spoken.decision]
    if state is wanted:
        raise CaseRefused(f"The case is {state} already; nothing is left to decide.")
    if spoken.by == decided_by:  # it was appealed against, or is to be turned round
        raise CaseRefused("Whoever has decided a case does not decide it again; another moderator must.")
    if not (four_eyes or state in DECIDED):
        return Ruling(state=wanted, proposal=None)
    if waiting is None or waiting.decision is not spoken.decision:
        return Ruling(state=state, proposal=spoken)
    if waiting.by == spoken.by:
        raise CaseRefused("You have proposed this; another moderator must confirm it.")
    return Ruling(state=wanted, proposal=None)


def _ask_more(state: CaseState) -> Ruling:
    if state in DECIDED:
        raise CaseRefused(f"The case is {state}; decide otherwise instead of asking for more.")
    return Ruling(state=CaseState.MORE_ASKED, proposal=None)
