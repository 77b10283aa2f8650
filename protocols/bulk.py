"""Registrations changed in bulk: what one key or account may do by itself, and what another one has to approve."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WITHIN = timedelta(hours=1)
MOST = 500
"""Avatars and operators of one batch."""


class EditAct(StrEnum):
    """What is done to registrations. Operators can be revoked alone."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"


class BatchState(StrEnum):
    """Where a batch stands: ``APPROVED`` while it is carried out."""

    WAITING = "waiting"
    APPROVED = "approved"
    DONE = "done"
    REJECTED = "rejected"


class BatchRefused(ValueError):
    """The batch cannot be settled so, or not by this person; the message says what can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Somebody approves of a batch, or rejects it."""

    by: str
    approves: bool


def needs_two(before: int, more: int, alone: int) -> bool:
    """Whether ``more`` changes, after ``before`` within the hour, are over what one may do ``alone``."""
    return before + more > alone


def settled(state: BatchState, proposed_by: str, spoken: Spoken) -> BatchState:
    """The state that follows. Whoever proposed a batch may take it back, never approve it. Raises BatchRefused."""
    if state is BatchState.APPROVED and spoken.approves:
        return BatchState.APPROVED  # it was broken off; it is carried on
    if state is not BatchState.WAITING:
        raise BatchRefused(f"This batch is {state} already; nothing is left to settle.")
    if not spoken.approves:
        return BatchState.REJECTED
    if spoken.by == proposed_by:
        raise BatchRefused("You have proposed this batch; another key or account must approve it.")
    return BatchState.APPROVED
