"""Measures: what ends a ladder. A drop may publish again after a pause; a forbidden stream stays off until a time.

How hard a measure is follows from strikes: the cuts that still stand against an avatar, an operator or an account.
Nobody is forbidden for ever: every measure has its end, and a person's restore comes before it.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_S = 90 * 86_400.0
"""The longest that a measure may last, seconds; some clouds forbid no longer, and no machine should."""

MeasureSeconds = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]


class PolicyPart(BaseModel):
    """A part of a policy's document: never changed, and nothing in it that has no meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasureKind(StrEnum):
    """What is done at the top of a ladder."""

    DROP = "drop"
    FORBID = "forbid"


class StrikeSubject(StrEnum):
    """Whom a strike stands against."""

    AVATAR = "avatar"
    OPERATOR = "operator"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure that was decided: its kind, how long it lasts (seconds), by whom or what, for which strike.

    ``strike`` counts this cut as well; 0 where strikes had no part in it.
    """

    kind: MeasureKind
    seconds: float
    by: str
    strike: int = 0


class MeasurePolicy(PolicyPart):
    """What is done from a number of strikes on."""

    from_strike: int = Field(ge=1, le=100, description="from this strike on; the one for this cut counts")
    measure: Literal["drop", "forbid"] = Field(
        description="drop: disconnected, and may publish again after the pause; forbid: may not publish until the end"
    )
    seconds: MeasureSeconds = Field(description="how long the pause or the ban lasts; 90 days at most")


def in_order(measures: tuple[MeasurePolicy, ...]) -> tuple[MeasurePolicy, ...]:
    """The measures, if each is harder than the one before and the first strike has one. Raises ValueError."""
    if not measures or measures[0].from_strike != 1:
        raise ValueError("measures begin with the first strike: give one with from_strike 1, the mildest")
    for mild, hard in pairwise(measures):
        if hard.from_strike <= mild.from_strike:
            raise ValueError("measures are in the order of their strikes, each number once")
        softer = mild.measure == "forbid" and hard.measure == "drop"
        if softer or (hard.measure == mild.measure and hard.seconds < mild.seconds):
            raise ValueError("measures never get milder as strikes add up: put the longer ban last")
    return measures


def _steps(*steps: tuple[int, Literal["drop", "forbid"], float]) -> tuple[MeasurePolicy, ...]:
    return tuple(MeasurePolicy(from_strike=strike, measure=measure, seconds=s) for strike, measure, s in steps)


class MeasuresPolicy(PolicyPart):
    """The measures for each cause, by the number of strikes.

    Who was away for a while is dropped before anybody is forbidden; for the rest a first strike may be enough.
    """

    driving: tuple[MeasurePolicy, ...] = _steps((1, "drop", 10), (2, "forbid", 3600), (4, "forbid", 86_400))
    presence: tuple[MeasurePolicy, ...] = _steps((1, "drop", 10), (3, "forbid", 3600), (6, "forbid", 86_400))
    likeness: tuple[MeasurePolicy, ...] = _steps((1, "drop", 10), (2, "forbid", 3600), (4, "forbid", 86_400))
    challenge: tuple[MeasurePolicy, ...] = _steps((1, "drop", 10), (2, "drop", 60), (4, "drop", 300))
    registration: tuple[MeasurePolicy, ...] = _steps((1, "forbid", 3600))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for measures in (self.driving, self.presence, self.likeness, self.challenge, self.registration):
            in_order(measures)
        if self.registration[0].measure != "forbid":
            raise ValueError("an avatar that may not be on air is forbidden: begin its measures with a forbid")
        if self.presence[0].measure != "drop":
            raise ValueError("who was not there is dropped before a ban: begin the measures of presence with a drop")
        if any(measure.measure != "drop" for measure in self.challenge):
            raise ValueError("questions that were missed forbid nobody, a person does: give challenge drops alone")
        return self


class StrikesPolicy(PolicyPart):
    """Which strikes count."""

    within_s: MeasureSeconds = Field(30 * 86_400, description="a strike counts for this long; 90 days at most")
    of: tuple[StrikeSubject, ...] = Field(
        tuple(StrikeSubject),
        min_length=1,
        description="whose strikes count: avatar, operator, account; the one with most decides",
    )


def chosen(measures: tuple[MeasurePolicy, ...], strike: int, by: str) -> Measure:
    """The measure for ``strike``, 1 for the first."""
    found = [measure for measure in measures if measure.from_strike <= max(1, strike)][-1]
    return Measure(kind=MeasureKind(found.measure), seconds=found.seconds, by=by, strike=strike)
