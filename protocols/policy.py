"""Policy: every threshold of the judgement and every duration of the ladder, versioned in the registry.

A policy is a document, so that a policy author can write, compare and try one. Each field says its unit. The
defaults are the profile ``standard``.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocols.ladder_policy import LadderPolicy, RungPolicy
from protocols.measure import MeasurePolicy, MeasuresPolicy, PolicyPart

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Nats = Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]


class PresencePolicy(PolicyPart):
    """When an operator counts as absent."""

    connect_within_s: Seconds = Field(
        60, description="an operator's channel must be up this soon after the first frame"
    )
    absent_after_s: Seconds = Field(20, description="a channel that lapsed or closed must be back within this time")
    weight: Nats = Field(5.0, description="weight against, once nobody has been there for that long")


class OperatorPolicy(PolicyPart):
    """What an operator must have shown of themselves before a shift."""

    passkey: Literal["none", "any", "device_bound"] = Field(
        "none", description="the passkey that a shift begins by; device_bound: none that may be on several devices"
    )
    verified_for_days: float = Field(
        183, gt=0, le=3660, description="an identity must be verified anew after this many days"
    )
    sessions_at_once: int = Field(
        1,
        ge=1,
        le=100,
        description="in how many live sessions a person may be at once; the least of the sessions' policies holds",
    )
    touch_every_s: Seconds | None = Field(
        None,
        description="mean of the exponential gaps at which the passkey is asked for again within a shift that began by "
        "one; never where absent",
    )
    touch_within_s: float = Field(60, ge=10, le=120, description="a touch is missed after this long")
    break_budget_s: float = Field(
        600, ge=0, le=3600, description="seconds of announced breaks within an hour, in which nobody need be there"
    )
    performance_budget_s: float = Field(
        1200,
        ge=0,
        le=3600,
        description="seconds of announced segments within an hour in which no routine challenge is asked, as in a song",
    )
    same_motion: Literal["suspect", "pass"] = Field(
        "suspect",
        description="what becomes of a motion that several sessions tell at the same time: it weighs against those "
        "whose picture it does not move, or passes, where one operator may be shown by several",
    )
    remind_days: float = Field(7, ge=0, le=365, description="an operator is told this many days before")


class WatchPolicy(PolicyPart):
    """How much of the stream is looked at."""

    window_s: Seconds = Field(10, description="length of a full-rate window of evidence")
    every_s: Seconds = Field(90, description="a scheduled full-rate window opens this often once the verdict is HUMAN")
    windows: int = Field(2, ge=1, le=60, description="windows of evidence in one scheduled opening")
    look_every_s: Seconds = Field(8, description="time between two looks at who is on screen, keyframes alone decoded")
    look_every_full_s: Seconds = Field(2, description="the same while every frame is decoded")
    blind_after_s: Seconds = Field(
        2.5, description="silence of the stream from which the monitor is blind: nothing is judged"
    )


class FusionPolicy(PolicyPart):
    """How evidence becomes a verdict (log-odds in nats, after Wald's sequential probability ratio test, 1945)."""

    prior: float = Field(0.0, ge=-5, le=5, description="log-odds that a person drives before anything was seen")
    human_at: Nats = Field(2.5, description="HUMAN from these log-odds on")
    human_until: float = Field(1.0, ge=-5, le=20, description="and until they fall below these")
    ai_at: Nats = Field(
        4.0, description="AI from minus these log-odds on: the chance of calling a person AI is about e^-4"
    )
    ai_until: float = Field(2.5, ge=-5, le=20, description="and until they rise above minus these")
    mixed_at: Nats = Field(2.0, description="MIXED where this much speaks for and as much against")
    driving_half_life_s: Seconds = 45
    driving_cap: Nats = 6.0
    driving_carry: Nats = Field(
        3.0, description="what windows that agreed still say once a later one does not: drivers may leave"
    )
    challenge_half_life_s: Seconds = 180
    challenge_cap: Nats = Field(5.0, description="what answers speak for a person at most, all together")
    challenge_missed_cap: Nats = Field(8.0, description="and what questions that were missed speak against at most")
    challenge_passed: Nats = Field(3.0, description="what one answer speaks for a person at most, however telling")
    challenge_failed: Nats = Field(2.0, description="what one question that was missed speaks against")
    digits_passed: float = Field(
        0.5,
        ge=0,
        le=1,
        description="what the last digits that were typed say for a person, and the last alone: no picture shows it, "
        "and a program can type; 0: nothing",
    )
    digits_missed: float = Field(
        0.5, ge=0, le=1, description="what digits that were not typed say against, and the last ones alone; 0: nothing"
    )
    repetition_weight: Nats = 5.0
    authenticity_cap: Nats = 5.0
    originality_weight: Nats = Field(5.0, description="weight against where the same motion was told elsewhere before")
    silent_weight: Nats = Field(
        1.5, description="weight against per window in which the avatar moves and no telemetry does"
    )

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.human_until > self.human_at or self.ai_until > self.ai_at:
            raise ValueError(
                "a verdict must end at or below the log-odds at which it begins: lower human_until / ai_until"
            )
        return self


class LikenessPolicy(PolicyPart):
    """When the picture is not the claimed avatar."""

    fail_at: Share = Field(0.05, description="fail where the probability of the claimed avatar is at most this")
    pass_at: Share = Field(0.8, description="pass where it is at least this")
    review_at: Share = Field(
        0.99,
        description="a submitted avatar goes to review where it is another's likeness with at least this probability",
    )


class ChallengePolicy(PolicyPart):
    """When gestures are asked for outside of the ladder, and how long an answer may take."""

    first_after_s: Seconds = Field(10, description="the first routine challenge comes at a random time around this one")
    mean_every_s: Seconds = Field(240, description="mean of the exponential gaps between routine challenges")
    least_gap_s: Seconds = Field(30, description="no gap is shorter than this")
    longest_gap_s: Seconds = Field(720, description="and none is longer, nor than three times the mean")
    hasten: float = Field(
        3, ge=1, le=20, description="so many times as often are they while a session looks entirely AI-driven"
    )
    per_hour: int = Field(
        24, ge=1, le=360, description="so many an hour at most; those of the ladder count, and are asked in any case"
    )
    again_s: Seconds = Field(2, description="after a question that was missed the next comes about this soon")
    enough: Nats = Field(
        5.0, description="until answers have spoken for this much, and after each one missed, there is more to ask"
    )
    telling: Nats = Field(
        3.5, description="asked for is what would speak for this much, by how the operator moves unasked"
    )
    within_s: Seconds = Field(6, description="an answer is looked for this long after it was asked")
    within_least: float = Field(
        0.75, gt=0, le=1, description="of that and of the two below, the least for who is known to answer quickly"
    )
    within_most: float = Field(
        2, ge=1, le=10, description="and so many times as much at most for who is known to answer slowly"
    )
    tell_after: int = Field(
        2, ge=1, le=20, description="so many questions missed in a row are told to people (challenges.missed)"
    )
    rows: float = Field(
        0.2,
        ge=0,
        le=1,
        description="so many of the routine challenges ask for two gestures, one after the other, while a person is "
        "known to drive: who prepares single gestures has not prepared those",
    )
    row_within_s: Seconds = Field(10, description="an answer to two gestures is looked for this long")
    digits: Literal["never", "alternative"] = Field(
        "alternative",
        description="alternative: where the avatar can show, or the operator can do, no gesture, digits are shown to "
        "be typed; never: nothing is asked then",
    )
    digits_within_s: float = Field(30, ge=10, le=300, description="and so long there is for it")


class Policy(PolicyPart):
    """A complete policy; ``name`` without a version, the registry numbers the versions."""

    name: str = Field("standard", pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    operator: OperatorPolicy = OperatorPolicy()
    presence: PresencePolicy = PresencePolicy()
    watch: WatchPolicy = WatchPolicy()
    fusion: FusionPolicy = FusionPolicy()
    likeness: LikenessPolicy = LikenessPolicy()
    ladder: LadderPolicy = LadderPolicy()
    challenge: ChallengePolicy = ChallengePolicy()
    returns: Literal["link", "refuse"] = Field(
        "link",
        description="what becomes of a stream that is forbidden and returns under another key, room or account, with "
        "the same avatar, picture, operator or account: linked and shown, or refused as well",
    )
    mixed: Literal["pass", "warn"] = Field(
        "warn", description="what a MIXED verdict means: only entirely AI-driven is cut"
    )


STANDARD = Policy()
BRISK = Policy(
    name="brisk",
    presence=PresencePolicy(connect_within_s=12, absent_after_s=8),
    watch=WatchPolicy(window_s=8, every_s=20, windows=2, look_every_s=2),
    challenge=ChallengePolicy(first_after_s=14, mean_every_s=30, least_gap_s=12, per_hour=120, within_s=6),
    ladder=LadderPolicy(
        driving=(
            RungPolicy(rung="notify", seconds=2),
            RungPolicy(rung="challenge", seconds=8),
            RungPolicy(rung="grace", seconds=5),
        ),
        presence=(RungPolicy(rung="notify", seconds=3), RungPolicy(rung="grace", seconds=5)),
        likeness=(RungPolicy(rung="notify", seconds=2), RungPolicy(rung="grace", seconds=4)),
        measures=MeasuresPolicy(
            driving=(MeasurePolicy(from_strike=1, measure="forbid", seconds=600),),
            presence=(
                MeasurePolicy(from_strike=1, measure="drop", seconds=60),
                MeasurePolicy(from_strike=2, measure="forbid", seconds=600),
            ),
            likeness=(MeasurePolicy(from_strike=1, measure="forbid", seconds=600),),
            challenge=(MeasurePolicy(from_strike=1, measure="drop", seconds=60),),
            registration=(MeasurePolicy(from_strike=1, measure="forbid", seconds=600),),
        ),
    ),
)
PROFILES: tuple[Policy, ...] = (STANDARD, BRISK)
"""Profiles that every registry starts with; ``brisk`` is for demonstrations and tests, where minutes are long."""
