"""What happens to a session, as server-sent event and as webhook."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from protocols.backend.part import Moment, Part


class EventType(StrEnum):
    """The kinds of events, each with what its ``data`` holds."""

    SESSION_ATTACHED = "session.attached"
    SESSION_LIVE = "session.live"
    SESSION_BLIND = "session.blind"
    SESSION_SIGHTED = "session.sighted"
    SESSION_RETURNED = "session.returned"
    SESSION_QUARANTINED = "session.quarantined"
    SESSION_ENDED = "session.ended"
    OPERATOR_PRESENT = "operator.present"
    OPERATOR_LAPSED = "operator.lapsed"
    OPERATOR_VERIFICATION_DUE = "operator.verification_due"
    OPERATOR_BREAK = "operator.break"
    OPERATOR_HANDED_OVER = "operator.handed_over"
    OPERATOR_TOUCHED = "operator.touched"
    OPERATOR_TOUCH_MISSED = "operator.touch_missed"
    SHIFT_BEGAN = "shift.began"
    CHALLENGE_ASKED = "challenge.asked"
    CHALLENGE_JUDGED = "challenge.judged"
    CHALLENGES_MISSED = "challenges.missed"
    VERDICT_CHANGED = "verdict.changed"
    LADDER_STEP = "ladder.step"
    SLATE_ASKED = "slate.asked"
    SLATE_SHOWN = "slate.shown"
    SLATE_LIFTED = "slate.lifted"
    CUT_ORDERED = "cut.ordered"
    CUT_INTENDED = "cut.intended"
    CUT_CONFIRMED = "cut.confirmed"
    CUT_FAILED = "cut.failed"
    CUT_RETURNED = "cut.returned"
    CUT_RESTORED = "cut.restored"
    STATEMENT_ISSUED = "statement.issued"
    CASE_APPEALED = "case.appealed"
    CASE_DECIDED = "case.decided"
    REPORT_FILED = "report.filed"
    REPORT_ANSWERED = "report.answered"
    CUTS_HELD = "cuts.held"
    CUTS_RELEASED = "cuts.released"


DATA: dict[EventType, str] = {
    EventType.SESSION_ATTACHED: "the session, as `SessionView`",
    EventType.SESSION_LIVE: "`at`",
    EventType.SESSION_BLIND: "`at`, `cause`: the monitor cannot see; nobody is judged meanwhile",
    EventType.SESSION_SIGHTED: "`at`, `blind_s`: for how long it could not",
    EventType.SESSION_RETURNED: "`cut`: a ban in force whose stream this is, `of`: its session, `by`: avatar, picture, "
    "operator or account, `until`",
    EventType.SESSION_QUARANTINED: "`deaths` of the processes that watched it, `within_s`, `report` for a "
    "moderator: it is watched apart, if at all, and not cut for that",
    EventType.SESSION_ENDED: "`state` (ended or cut), `because`",
    EventType.OPERATOR_PRESENT: "`at`, `operator`",
    EventType.OPERATOR_LAPSED: "`at`, `operator`, `cause`",
    EventType.OPERATOR_VERIFICATION_DUE: "`operator`, `verified_at`, `lapses_in_s`: to be verified anew until then",
    EventType.OPERATOR_BREAK: "`at`, `operator`, `until`: an announced break, over where `until` is `at`",
    EventType.OPERATOR_HANDED_OVER: "`at`, `giver`, `taker`, `statement`, and the signatures of both, in base64",
    EventType.OPERATOR_TOUCHED: "`operator`, `shift`, `passkey`: asked within the shift, the person has answered",
    EventType.OPERATOR_TOUCH_MISSED: "`operator`, `shift`, `missed` in a row: for people to look at",
    EventType.SHIFT_BEGAN: "`operator`, `shift`, `passkey` (null: none was asked for), `synced`",
    EventType.CHALLENGE_ASKED: "`at`, `challenge`, `gesture` (null and `digits`: digits to be typed), `then`: more "
    "gestures in order, `within`",
    EventType.CHALLENGE_JUDGED: "`at`, `challenge`, `gesture`, `passed` (null: could not be judged), `score`",
    EventType.CHALLENGES_MISSED: "`at`, `missed` in a row, `operator` who was asked: for people to look at; none of it "
    "forbids anybody",
    EventType.VERDICT_CHANGED: "the verdict, as `VerdictView`",
    EventType.LADDER_STEP: "`at`, `rung`, `cause`, `ends_in` seconds, `by`: who or what decided; `driver`, "
    "`p_human` and `evidence`: what the cause rests on; `strike` on drop and forbid: which one this is",
    EventType.SLATE_ASKED: "`slate`: a notice over the picture is about to be asked for",
    EventType.SLATE_SHOWN: "`slate`, `shown` (false: it cannot be, and `because` says why), `before`: what it covers",
    EventType.SLATE_LIFTED: "`slate`: the notice was taken away",
    EventType.CUT_ORDERED: "`rule`, `measure`, `seconds`, `by`, `because`: a person has ordered a cut",
    EventType.CUT_INTENDED: "the cut, as `CutView`",
    EventType.CUT_CONFIRMED: "the cut, as `CutView`",
    EventType.CUT_FAILED: "the cut, as `CutView`; `failure` says why",
    EventType.CUT_RETURNED: "the cut, as `CutView`: its stream was on air again within the block, and is cut again",
    EventType.CUT_RESTORED: "the cut, as `CutView`",
    EventType.STATEMENT_ISSUED: "`case`, `text` (`en`, `zh`), `dsa`: the statement of reasons, as text and for "
    "the EU's DSA Transparency Database",
    EventType.CASE_APPEALED: "`case`, `appeal`, `fast`: to live followers alone, as the three below",
    EventType.CASE_DECIDED: "`case`, `state`, `proposed`: whether a second person must confirm it",
    EventType.REPORT_FILED: "`report`, `kind`",
    EventType.REPORT_ANSWERED: "`report`",
    EventType.CUTS_HELD: "`lapsed`, `of`, `losses` by kind: many sessions lost their operators at once, none is cut",
    EventType.CUTS_RELEASED: "`because`, `by` (null: by itself)",
}
"""What ``data`` holds, by type; media times are seconds since attach."""

_LISTED = "; ".join(f"{kind.value}: {holds}" for kind, holds in DATA.items())


class SessionEvent(Part):
    """Something that happened to a session."""

    id: Annotated[int, Field(ge=1)] = Field(
        description="Rises with every event of this service; give the last one seen as `Last-Event-ID`.", examples=[118]
    )
    type: Annotated[EventType, Field(strict=False)] = Field(description="What happened.", examples=["verdict.changed"])
    session: str = Field(
        description="Id of the session; empty for what concerns the whole service.", examples=["ses_4f1c2e9p0k3mt"]
    )
    at_utc: Moment = Field(description="When, in UTC.", examples=["2026-11-22T08:30:22Z"])
    data: dict[str, Any] = Field(
        default_factory=dict, description=f"The particulars. {_LISTED}.", examples=[{"at": 22.0, "driver": "HUMAN"}]
    )


class WebhookEvent(Part):
    """The body of a webhook (Standard Webhooks: headers `webhook-id`, `webhook-timestamp`, `webhook-signature`)."""

    type: Annotated[EventType, Field(strict=False)] = Field(description="What happened.", examples=["cut.confirmed"])
    timestamp: Moment = Field(description="When it happened, in UTC.", examples=["2026-11-22T08:31:00Z"])
    session: str = Field(
        description="Id of the session; empty for what concerns the whole service.", examples=["ses_4f1c2e9p0k3mt"]
    )
    account: str = Field(description="The broadcaster's account, as given at attach.", examples=["channel-1187"])
    data: dict[str, Any] = Field(
        default_factory=dict,
        description="As in the server-sent event of this type.",
        examples=[{"id": "cut_3k9d7m2x8q0ab"}],
    )

    @classmethod
    def of(cls, event: SessionEvent, *, account: str) -> "WebhookEvent":
        """The event, for a webhook."""
        return cls(type=event.type, timestamp=event.at_utc, session=event.session, account=account, data=event.data)
