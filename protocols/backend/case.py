"""Cases as a moderator reads and decides them."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from protocols.backend.cut import CutView
from protocols.backend.part import Moment, Part, Sentence
from protocols.backend.session import PlacementRequest
from protocols.backend.verdict import Explanation, Rule, VerdictView
from protocols.case import CaseAct, CaseDecision, CaseState
from protocols.recorded import verdict_of
from protocols.timeline import Series, Timeline, series
from protocols.verdict import Verdict
from protocols.wording import reason

Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
"""A longer text of a person. It is data: whoever shows it must show it as text, never as markup."""


class DecideRequest(Part):
    """What is decided about a case, and why."""

    decision: Annotated[CaseDecision, Field(strict=False)] = Field(
        description="uphold: it was right; overturn: it was wrong, the stream is let in again; ask_more: not yet.",
        examples=["overturn"],
    )
    reason: Sentence = Field(
        description="Why. Kept in the ledger, told to who is affected.", examples=["the operator was there"]
    )
    version: Annotated[int, Field(ge=1)] = Field(
        description="The case's `version` as it was read; where somebody has acted since, nothing is decided.",
        examples=[1],
    )


class NoteRequest(Part):
    """What is written beside a case."""

    text: Text = Field(description="Text, never markup.", examples=["asked the studio for its recording"])


class LookRequest(Part):
    """For how long somebody has looked by now."""

    seconds: Annotated[float, Field(ge=0, le=86_400)] = Field(
        description="Seconds in which the case was on screen.", examples=[31.5]
    )
    left: bool = Field(False, description="Whether the look is over; then it is entered in the ledger.")


class ProposalView(Part):
    """A decision that waits for a second person."""

    decision: Annotated[CaseDecision, Field(strict=False)] = Field(
        description="What was proposed.", examples=["overturn"]
    )
    by: str = Field(description="By whom.", examples=["key_3k9d7m2x8q0ab"])
    because: str = Field(description="Why.", examples=["the operator was there"])


class CaseView(Part):
    """A case in a list."""

    id: str = Field(description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])
    act: Annotated[CaseAct, Field(strict=False)] = Field(description="What was done.", examples=["cut"])
    state: Annotated[CaseState, Field(strict=False)] = Field(description="Where it stands.", examples=["open"])
    version: int = Field(description="Rises with every decision; give it when you decide.", examples=[1])
    cut: str | None = Field(description="Id of the cut.", examples=["cut_3k9d7m2x8q0ab"])
    session: str = Field(description="Id of the session.", examples=["ses_4f1c2e9p0k3mt"])
    avatar: str = Field(description="Id of the avatar.", examples=["av_9s1d0k4w7e2xn"])
    avatar_name: str = Field(description="Its name when the case was opened.", examples=["Hoshi"])
    operators: Annotated[list[str], Field(strict=False)] = Field(
        description="The session's roster.", examples=[["op_7h2m9q0d5k1wz"]]
    )
    account: str = Field(description="The broadcaster's account.", examples=["channel-1187"])
    placement: PlacementRequest | None = Field(description="Where the stream was.")
    rule: Rule = Field(description="The rule.", examples=["presence"])
    cause: str = Field(description="Why, in one sentence.", examples=["no operator of the roster is connected"])
    driver: str | None = Field(description="Who drove, by the verdict.", examples=["AI"])
    p_human: float | None = Field(description="Probability that a person drove.", examples=[0.01])
    policy: str = Field(description="The policy and its version.", examples=["standard@1"])
    opened_at: Moment = Field(description="When it was done.", examples=["2026-11-22T08:31:00Z"])
    four_eyes: bool = Field(description="Whether two people must decide.")
    proposal: ProposalView | None = Field(description="A decision that waits for a second person.")
    decided_by: str | None = Field(description="Who decided.", examples=["key_3k9d7m2x8q0ab"])
    because: str | None = Field(description="Why.", examples=["the operator was there"])
    decided_at: Moment | None = Field(description="When.", examples=["2026-11-22T09:31:00Z"])
    restored_at: Moment | None = Field(
        description="When an overturned cut was undone on its media server; null while that is being tried.",
        examples=["2026-11-22T09:31:01Z"],
    )

    @classmethod
    def of(cls, case: object) -> "CaseView":
        """The case, for the wire. ``case``: a case as it is kept, with attributes of these names."""
        return cls.model_validate(case, from_attributes=True)


class WeightRow(Part):
    """One row of the table that sums to the probability."""

    rule: Rule | Literal["prior"] = Field(description="The rule; `prior` in the first row.", examples=["driving"])
    start: float | None = Field(description="From, media seconds.", examples=[12.0])
    end: float | None = Field(description="To, media seconds.", examples=[22.0])
    weight: float = Field(description="Nats; above zero speaks for a person.", examples=[-3.1])
    log_odds: float = Field(description="The sum so far.", examples=[-3.1])
    facts: dict[str, str | float | bool | None] = Field(
        description="What the weight was computed from.", examples=[{"score": -1.2}]
    )
    words: Explanation | None = Field(description="What the rule has against the stream, where it weighs against.")


class SeriesView(Part):
    """One curve of the timeline."""

    t: Annotated[list[float], Field(strict=False)] = Field(description="Media seconds.", examples=[[1.0, 2.0]])
    v: Annotated[list[float], Field(strict=False)] = Field(description="Values.", examples=[[0.5, 0.4]])
    unit: str = Field(description="What the values are.", examples=["probability"])
    low: float = Field(description="The least that it can be.", examples=[0.0])
    high: float = Field(description="The most that it can be, or is drawn to.", examples=[1.0])

    @classmethod
    def of(cls, curve: Series) -> "SeriesView":
        """The curve, for the wire."""
        return cls(t=list(curve.t), v=list(curve.v), unit=curve.unit, low=curve.low, high=curve.high)


class TimelineView(Part):
    """What happened when; all times are media seconds since attach."""

    end: float = Field(description="The last moment that is told of.", examples=[118.2])
    series: dict[str, SeriesView] = Field(
        description="Curves by name: `probability`; and, where they were recorded, `motion`, `telemetry`, `likeness`."
    )
    challenges: list[dict[str, Any]] = Field(
        description="`at`, `challenge`, `gesture` (null: digits to be typed), `then`, `within`, `passed`, `score`, "
        "`judged_at`.",
        examples=[[{"at": 80.0, "gesture": "nod", "passed": False}]],
    )
    steps: list[dict[str, Any]] = Field(
        description="The ladder: `at`, `rung`, `cause`, `ends_in`.", examples=[[{"at": 96.2, "rung": "notify"}]]
    )
    presence: list[dict[str, Any]] = Field(
        description="`at`, `operator`, `present`, `cause`.", examples=[[{"at": 1.2, "present": True}]]
    )
    blind: list[dict[str, Any]] = Field(
        description="`at`, `blind`: from when to when the monitor could not see.", examples=[[{"at": 0, "blind": True}]]
    )

    @classmethod
    def of(cls, timeline: Timeline, curves: dict[str, Series]) -> "TimelineView":
        """The timeline, for the wire; ``curves`` win over what it tells itself."""
        told = {"probability": series(timeline.probability, unit="probability", low=0.0, high=1.0)}
        return cls(
            end=timeline.end,
            series={name: SeriesView.of(curve) for name, curve in {**told, **curves}.items()},
            challenges=timeline.challenges,
            steps=timeline.steps,
            presence=timeline.presence,
            blind=timeline.blind,
        )


class CaseNoteView(Part):
    """A note beside a case."""

    id: str = Field(description="Id of the note.", examples=["note_3k9d7m2x8q0ab"])
    by: str = Field(description="Who wrote it.", examples=["key_3k9d7m2x8q0ab"])
    at: Moment = Field(description="When.", examples=["2026-11-22T09:31:00Z"])
    text: str = Field(description="Text, never markup.", examples=["asked the studio for its recording"])

    @classmethod
    def of(cls, note: object) -> "CaseNoteView":
        """The note, for the wire."""
        return cls.model_validate(note, from_attributes=True)


class CaseLookView(Part):
    """Somebody's look at a case."""

    id: str = Field(description="Id of the look.", examples=["look_3k9d7m2x8q0ab"])
    by: str = Field(description="Who looked.", examples=["key_3k9d7m2x8q0ab"])
    at: Moment = Field(description="Since when.", examples=["2026-11-22T09:30:00Z"])
    seconds: float = Field(description="For how long, as far as was told.", examples=[31.5])

    @classmethod
    def of(cls, look: object) -> "CaseLookView":
        """The look, for the wire."""
        return cls.model_validate(look, from_attributes=True)


class ExhibitView(Part):
    """A piece of evidence."""

    name: str = Field(description="Its name.", examples=["clip-1.mp4"])
    media_type: str = Field(description="What it is.", examples=["video/mp4"])
    size: int = Field(description="Bytes.", examples=[11_250_000])
    sha256: str = Field(description="SHA-256, as it stands in the ledger.", examples=["9f86d081884c7d65"])
    url: str | None = Field(
        description="Where it is fetched; null once it was deleted.",
        examples=["/v1/cases/case_3k9d7m2x8q0ab/exhibits/clip-1.mp4"],
    )

    @classmethod
    def of(cls, exhibit: Any, *, url: str) -> "ExhibitView":
        """The exhibit, for the wire."""
        return cls(
            name=exhibit.name,
            media_type=exhibit.media_type,
            size=exhibit.size,
            sha256=exhibit.digest.hex(),
            url=None if exhibit.deleted_at else url,
        )


class StatementView(Part):
    """A statement of reasons."""

    case: str = Field(description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])
    text: Explanation = Field(description="The statement, in English and in Chinese.")
    dsa: dict[str, Any] = Field(
        description="The same in the form of the EU's DSA Transparency Database.",
        examples=[{"puid": "case_3k9d7m2x8q0ab", "automated_decision": "AUTOMATED_DECISION_FULLY"}],
    )


class HoldRequest(Part):
    """Whether the evidence must be kept, and why."""

    hold: bool = Field(description="true: keep it until this is lifted; false: lift it.")
    reason: Sentence = Field(description="Kept in the ledger.", examples=["an inquiry by the regulator"])


class KeepingView(Part):
    """How the evidence is kept."""

    retention: str = Field(description="half_year or three_years.", examples=["half_year"])
    until: Moment = Field(description="From when on it may be deleted.", examples=["2027-05-25T08:31:00Z"])
    hold: bool = Field(description="Whether a legal hold keeps it beyond that.")
    missing: str | None = Field(
        description="Why there is no evidence, where there should be.", examples=["The evidence store cannot be used."]
    )

    @classmethod
    def of(cls, keeping: object) -> "KeepingView":
        """How it is kept, for the wire."""
        return cls.model_validate(keeping, from_attributes=True)


class AppealView(Part):
    """An appeal."""

    id: str = Field(description="Id of the appeal.", examples=["app_3k9d7m2x8q0ab"])
    case: str = Field(description="The case that it is against.", examples=["case_3k9d7m2x8q0ab"])
    by: str = Field(description="Who appeals.", examples=["op_7h2m9q0d5k1wz"])
    text: str = Field(description="Text, never markup.", examples=["I was there."])
    at: Moment = Field(description="When it was filed.", examples=["2026-11-22T08:40:00Z"])
    fast: bool = Field(description="Whether it is in the fast lane: the show may still be on.")
    due_at: Moment = Field(description="Until when it is to be decided.", examples=["2026-11-22T08:50:00Z"])
    outcome: str | None = Field(description="granted or rejected; null while it waits.", examples=["granted"])
    decided_at: Moment | None = Field(description="When it was decided.", examples=["2026-11-22T08:45:00Z"])

    @classmethod
    def of(cls, appeal: object) -> "AppealView":
        """The appeal, for the wire."""
        return cls.model_validate(appeal, from_attributes=True)


class CaseDetail(CaseView):
    """Everything that a case's page needs."""

    detail: CutView | None = Field(description="The cut itself.")
    verdict: VerdictView | None = Field(description="The verdict that it rests on, with its explanation.")
    table: list[WeightRow] = Field(description="The rows that sum to the log-odds, and so to the probability.")
    timeline: TimelineView = Field(description="What happened when.")
    exhibits: list[ExhibitView] = Field(description="The evidence, by name.")
    clips: list[dict[str, Any]] = Field(
        description="The clips: `name` of the exhibit, `at` media seconds of its first picture, `packets`, `stills` "
        "(`name`, `at`), and `trouble` where it does not decode.",
        examples=[[{"name": "clip-1.mp4", "at": 88.2, "packets": 900}]],
    )
    keeping: KeepingView = Field(description="For how long the evidence is kept, or why there is none.")
    appeal: AppealView | None = Field(description="The appeal against it, where there is one.")
    notes: list[CaseNoteView] = Field(description="What moderators wrote.")
    looks: list[CaseLookView] = Field(description="Who has looked at it, the latest first.")
    look: CaseLookView = Field(description="Your look, which begins with this answer, or goes on.")


def verdict_view(document: dict[str, Any]) -> Verdict | None:
    """The verdict in a cut's evidence; None where there is none in it."""
    try:
        return verdict_of(document)
    except ValueError:
        return None


def weights(verdict: Verdict) -> list[WeightRow]:
    """The table of a verdict: its prior, then each weight, with the sum so far."""
    prior, taken = verdict.prior, [e.weight for e in verdict.evidence]
    first = WeightRow(rule="prior", start=None, end=None, weight=prior, log_odds=prior, facts={}, words=None)
    return [
        first,
        *(_row(e, prior + math.fsum(taken[:count])) for count, e in enumerate(verdict.evidence, start=1)),
    ]


def _row(e: Any, total: float) -> WeightRow:
    against = reason(e.rule) if e.weight < 0 else None
    return WeightRow(
        rule=e.rule,
        start=round(e.start, 3),
        end=round(e.end, 3),
        weight=e.weight,
        log_odds=total,
        facts=dict(e.facts),
        words=None if against is None else Explanation(en=against.en, zh=against.zh),
    )
