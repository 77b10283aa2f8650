"""Duty: whether an operator is on shift, and what it takes where they are not, in words for them."""

from dataclasses import dataclass, field
from enum import StrEnum


class Needs(StrEnum):
    """What a shift waits for."""

    PASSKEY = "passkey"
    VERIFICATION = "verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A passkey is asked for: the ceremony, its options as JSON, and the seconds that it may take."""

    ceremony: str
    options: str
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """How an operator stands. ``verified_for``: seconds until the verification of their identity lapses, if soon;
    ``break_for``: seconds that a break goes on, ``break_left``: seconds of breaks that are left of this hour.
    """

    on_shift: bool
    needs: Needs | None = None
    text_en: str = ""
    text_zh: str = ""
    asking: Asking | None = None
    verified_for: float | None = None
    break_for: float | None = None
    break_left: float | None = None
    again_in: float | None = field(default=None, compare=False)
    """Seconds after which the shell asks again how they stand; nothing of it goes over the wire."""


ON_SHIFT = Duty(on_shift=True)
"""On shift, and nothing to say about it."""
