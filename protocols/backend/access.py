"""What is known of an operator, and who looked at it: for the operator."""

from pydantic import Field

from protocols.backend.operator import OperatorView
from protocols.backend.part import Moment, Part
from protocols.backend.passkey import PasskeyView
from protocols.backend.shift import ShiftView


class AccessView(Part):
    """Somebody looked at something of an operator."""

    by: str = Field(description="Id of the API key or the account that looked.", examples=["key_7h2m9q0d5k1wz"])
    what: str = Field(description="What was looked at.", examples=["operator"])
    at: Moment = Field(description="When.", examples=["2026-11-22T08:30:00Z"])


class MotionView(Part):
    """What is remembered of the motion told in an operator's sessions: numbers that it cannot be made out of again."""

    turns: int = Field(
        description="Turns of a head that are remembered, each as a number of 24 bits and a time.", examples=[1240]
    )
    since: Moment | None = Field(description="When the oldest of them was told; null where there is none.")
    until: Moment | None = Field(description="When the newest of them was told.")
    kept_days: float = Field(description="Days after which each is forgotten.", examples=[30])


class HabitView(Part):
    """How often an operator made a gesture unasked, as far as their motion was looked through for it."""

    watched_s: float = Field(description="For how many seconds it was looked through.", examples=[280.0])
    sizes: list[float] = Field(
        description="How large it was each time, 1 being the least that is asked for.", examples=[[1.25, 0.9]]
    )


class OperatorExport(Part):
    """Everything that is kept of an operator: no more than this is."""

    operator: OperatorView = Field(description="The operator.")
    passkeys: list[PasskeyView] = Field(description="The passkeys that count.")
    shifts: list[ShiftView] = Field(description="When they stood behind which session, newest first.")
    reactions: dict[str, list[float]] = Field(
        description="After how many seconds they answered the newest questions of each kind: gesture, row, digits.",
        examples=[{"gesture": [1.21, 0.94]}],
    )
    habits: dict[str, HabitView] = Field(
        description="How often they made each gesture unasked: their questions are chosen, and weighed, by that."
    )
    accesses: list[AccessView] = Field(description="Who looked at any of it, newest first.")
    motion: MotionView = Field(description="What is remembered of the motion that was told.")
