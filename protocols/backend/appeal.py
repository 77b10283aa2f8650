"""Appeals, reports and the transparency report, as they cross the wire."""

from typing import Annotated, Any

from pydantic import Field

from protocols.backend.case import AppealView, CaseView, StatementView, Text
from protocols.backend.part import Identifier, Moment, Part
from protocols.backend.verdict import Rule
from protocols.case import CaseState


class AppealRequest(Part):
    """Why a case should be looked at by another person."""

    text: Text = Field(description="In whoever's words it is; text, never markup.", examples=["I was there."])


class PlatformAppealRequest(AppealRequest):
    """The same, passed on by the platform."""

    on_behalf: Identifier = Field(
        description="Who appeals: an operator's id or the broadcaster's account.", examples=["op_7h2m9q0d5k1wz"]
    )


class AppealListed(AppealView):
    """An appeal with the case that it is against, as moderators choose among them."""

    about: CaseView = Field(description="The case; whoever decided it first does not decide the appeal.")


class OwnCase(Part):
    """A decision about an operator's own stream."""

    id: str = Field(description="Id of the case.", examples=["case_3k9d7m2x8q0ab"])
    avatar: str = Field(description="Name of the avatar.", examples=["Hoshi"])
    rule: Rule = Field(description="The rule.", examples=["presence"])
    at: Moment = Field(description="When it was done.", examples=["2026-11-22T08:31:00Z"])
    state: Annotated[CaseState, Field(strict=False)] = Field(description="Where it stands.", examples=["open"])
    because: str | None = Field(description="Why it was decided so.", examples=["the operator was there"])
    statement: StatementView = Field(description="The statement of reasons.")
    clips: list[str] = Field(
        description="Where the last seconds before it are fetched, while they are kept.",
        examples=[["/v1/own/cases/case_3k9d7m2x8q0ab/clips/clip-1.mp4"]],
    )
    appeal: AppealView | None = Field(description="The appeal, where there is one.")


class ReportRequest(Part):
    """What somebody saw on air."""

    session: Identifier | None = Field(
        None, description="The session, where it is known.", examples=["ses_4f1c2e9p0k3mt"]
    )
    text: Text = Field(description="What they saw; text, never markup.", examples=["It repeats every ten seconds."])


class AnswerRequest(Part):
    """The answer to a report."""

    text: Text = Field(description="Told to whoever reported it.", examples=["We looked: a person drives it."])


class ReportStanding(Part):
    """How a report stands, for whoever filed it."""

    id: str = Field(description="Id of the report.", examples=["rep_3k9d7m2x8q0ab"])
    kind: str = Field(description="stream, likeness or quarantine.", examples=["stream"])
    at: Moment = Field(description="When it was filed.", examples=["2026-11-22T08:40:00Z"])
    due_at: Moment = Field(description="Until when it is to be answered.", examples=["2026-11-29T08:40:00Z"])
    answer: str | None = Field(description="The answer; null while it waits.", examples=["We looked."])
    answered_at: Moment | None = Field(description="When it was answered.", examples=["2026-11-23T08:40:00Z"])


class ReportFiled(ReportStanding):
    """A report as it was filed."""

    secret: str = Field(description="Shown once: with it whoever reported asks how it stands.", examples=["c2VjcmV0"])


class ReportView(ReportStanding):
    """A report as moderators read it; who reported is not kept."""

    session: str | None = Field(description="The session.", examples=["ses_4f1c2e9p0k3mt"])
    text: str = Field(description="Text, never markup.", examples=["It repeats every ten seconds."])
    standing: str | None = Field(
        description="What shows that the likeness is theirs to speak for, in their words.", examples=["I drew it."]
    )
    found: Annotated[list[dict[str, Any]], Field(strict=False)] = Field(
        description="Registered avatars that the reported likeness resembles: `avatar`, `name`, `similarity`, "
        "`sessions` with when each was on air.",
        examples=[[{"avatar": "av_9s1d0k4w7e2xn", "similarity": 0.81}]],
    )
    seen: Annotated[list[dict[str, Any]], Field(strict=False)] = Field(
        description="Pictures on air that it resembles, whoever they are registered as: `session`, `live`, `case` "
        "where they are kept with one, `at` in media seconds, `similarity`.",
        examples=[[{"session": "ses_4f1c2e9p0k3mt", "live": True, "case": None, "at": 61.5, "similarity": 0.83}]],
    )
    answered_by: str | None = Field(description="Who answered.", examples=["key_3k9d7m2x8q0ab"])


class TransparencyView(Part):
    """Counts, times and the overturn rate of a span of time; times in seconds, as median and nine tenths."""

    since: Moment = Field(description="From this moment on.", examples=["2026-01-01T00:00:00Z"])
    before: Moment = Field(description="Before this one.", examples=["2026-07-01T00:00:00Z"])
    cases: dict[str, Any] = Field(description="What was done and decided.", examples=[{"opened": 12}])
    appeals: dict[str, Any] = Field(description="What was appealed against.", examples=[{"filed": 2}])
    reports: dict[str, Any] = Field(description="What was reported.", examples=[{"filed": 5}])
