"""The statement of reasons: what was done to a stream, by which rule, when, how it is mended, for how long, and how to
contest it. Made from the cut as the ledger has it and from nothing else, so that anybody can make it again.

``dsa`` is in the form of the EU's DSA Transparency Database (Regulation (EU) 2022/2065, Art. 17 and 24(5)), as the
Commission documents its API and validates what it gets; nothing in it names a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from protocols.evidence import RuleName
from protocols.wording import Wording, advice, reason

APPEAL_DAYS = 184
"""Days in which a decision can be contested: at least six months (Art. 20(1))."""

EEA = tuple(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
"""Where a stream that is off air cannot be seen: everywhere that the database knows."""

Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class DsaStatement(BaseModel):
    """What is sent to the DSA Transparency Database, in its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision_visibility: tuple[Literal["DECISION_VISIBILITY_CONTENT_DISABLED", "DECISION_VISIBILITY_OTHER"], ...] = (
        "DECISION_VISIBILITY_CONTENT_DISABLED",
    )
    decision_visibility_other: str | None = Field(None, max_length=500)
    decision_provision: Literal["DECISION_PROVISION_PARTIAL_SUSPENSION"] | None = (
        "DECISION_PROVISION_PARTIAL_SUSPENSION"
    )
    decision_ground: Literal["DECISION_GROUND_INCOMPATIBLE_CONTENT"] = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    incompatible_content_ground: str = Field(max_length=500)
    incompatible_content_explanation: str = Field(max_length=2000)
    incompatible_content_illegal: Literal["No"] = "No"
    category: Literal["STATEMENT_CATEGORY_OTHER_VIOLATION_TC"] = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    territorial_scope: tuple[str, ...] = EEA
    content_type: tuple[Literal["CONTENT_TYPE_VIDEO", "CONTENT_TYPE_SYNTHETIC_MEDIA"], ...] = (
        "CONTENT_TYPE_VIDEO",
        "CONTENT_TYPE_SYNTHETIC_MEDIA",
    )
    content_date: Day
    application_date: Day
    end_date_visibility_restriction: Day | None
    end_date_service_restriction: Day | None
    decision_facts: str = Field(max_length=5000)
    source_type: Literal["SOURCE_VOLUNTARY"] = "SOURCE_VOLUNTARY"
    automated_detection: Literal["Yes"] = "Yes"
    automated_decision: Literal["AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY"]
    puid: str = Field(max_length=500, pattern=r"^[A-Za-z0-9_-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The statement as text and for the database."""

    text: Wording
    dsa: DsaStatement

    def document(self, case: str) -> dict[str, Any]:
        """As JSON: for the backend, the API and the evidence pack."""
        return {
            "case": case,
            "text": {"en": self.text.en, "zh": self.text.zh},
            "dsa": self.dsa.model_dump(mode="json", exclude_none=True),
        }


_EN = """Decision on your stream, case {case}

What: {what_en}
Why: {reason_en} (rule {rule}, policy {policy}).
Who decided: {decider_en}
Evidence: {evidence_en}
How to mend it: {advice_en}
How to contest it: appeal free of charge within six months, from the operator's page or through your platform, naming
the case. While the show is still on, appeals come first. A person who did not decide before looks at it; if the
decision was wrong, the stream is let in at once and nothing of it counts against you."""

_ZH = """关于您的直播的处理决定，案件 {case}

处理：{what_zh}
原因：{reason_zh}（规则 {rule}，策略 {policy}）。
决定方式：{decider_zh}
证据：{evidence_zh}
如何改正：{advice_zh}
如何申诉：您可在六个月内通过操作员页面或所在平台免费申诉，并注明案件编号；直播仍在进行时优先处理。
申诉由未参与原决定的人员审查；若决定有误，将立即恢复直播，且不留任何不利记录。"""


def notice_statement(
    case: str, *, rule: RuleName, at: datetime, placement: Mapping[str, str] | None, policy: str
) -> Statement:
    """The statement on a notice that covers a stream's picture: a restriction of what can be seen, and no cut."""
    stream = _stream(placement)
    what = Wording(
        en=f"viewers of the stream {stream} see a notice instead of its picture since {_moment(at)} UTC, until the "
        "trouble is mended or the stream is taken off air.",
        zh=f"自 {_moment(at)}（UTC）起，直播 {stream} 的观众看到的是提示画面，直至问题解决或直播被中断。",
    )
    evidence = Wording(
        en="what was measured is kept with the case; you may ask for it. A cut that follows has a clip of its own.",
        zh="测量数据已随案件保存，您可以要求查阅；若随后中断直播，将另行保存画面。",
    )
    return Statement(
        text=_text(case, rule, policy, what, evidence, by_person=False),
        dsa=DsaStatement(
            decision_visibility=("DECISION_VISIBILITY_OTHER",),
            decision_visibility_other="A notice covers the picture of the live stream.",
            decision_provision=None,
            end_date_visibility_restriction=None,
            end_date_service_restriction=None,
            decision_facts=f"{_sentence(rule)} The stream was warned by every rung of the ladder before.",
            **_common(case, rule, at, by_person=False),
        ),
    )


def statement(cut: Mapping[str, Any], case: str) -> Statement:
    """The statement on a cut, given as the ledger has it (``CutView``, JSON). Raises ValueError for what is none."""
    try:
        return _statement(cut, case)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no cut: {error}") from error


def _statement(cut: Mapping[str, Any], case: str) -> Statement:
    rule, at = RuleName(cut["rule"]), datetime.fromisoformat(cut["decided_at"])
    until = None if cut["until"] is None else datetime.fromisoformat(cut["until"])
    stream, policy = _stream(cut["placement"]), str(cut["evidence"].get("policy", ""))
    by_person = str(cut.get("decided_by", "policy")).startswith(("key_", "acc_"))
    until_en = "" if until is None else f" and may not be published until {_moment(until)} UTC"
    until_zh = "" if until is None else f"，{_moment(until)}（UTC）前不得重新开播"
    what = Wording(
        en=f"the stream {stream} was taken off air at {_moment(at)} UTC{until_en}.",
        zh=f"直播 {stream} 已于 {_moment(at)}（UTC）被中断{until_zh}。",
    )
    evidence = Wording(
        en="the last seconds before it are kept as a clip with the case, with what was measured; you may ask for it.",
        zh="中断前最后数秒的画面及测量数据已随案件保存，您可以要求查阅。",
    )
    end = None if until is None else until.date().isoformat()
    warned = " The stream was warned by every rung of the ladder before it was cut." if cut["steps"] else ""
    return Statement(
        text=_text(case, rule, policy, what, evidence, by_person=by_person),
        dsa=DsaStatement(
            end_date_visibility_restriction=end,
            end_date_service_restriction=end,
            decision_facts=f"{_sentence(rule)}{warned}",
            **_common(case, rule, at, by_person=by_person),
        ),
    )


def _text(case: str, rule: RuleName, policy: str, what: Wording, evidence: Wording, *, by_person: bool) -> Wording:
    why, mend = reason(rule), advice(rule)
    words = {
        "case": case,
        "what_en": what.en,
        "what_zh": what.zh,
        "evidence_en": evidence.en,
        "evidence_zh": evidence.zh,
        "rule": rule.value,
        "policy": policy,
        "reason_en": why.en,
        "reason_zh": why.zh,
        "advice_en": mend.en,
        "advice_zh": mend.zh,
        "decider_en": "a person, on what was measured." if by_person else "a program, by the policy; no person yet.",
        "decider_zh": "由人工根据测量结果决定。" if by_person else "由程序依据策略自动作出，尚未经人工审查。",
    }
    return Wording(en=_EN.format(**words), zh=_ZH.format(**words))


def _common(case: str, rule: RuleName, at: datetime, *, by_person: bool) -> dict[str, Any]:
    return {
        "incompatible_content_ground": f"Rules for virtual-human streams: {rule.value}",
        "incompatible_content_explanation": f"{reason(rule).en}. {advice(rule).en}",
        "content_date": at.date().isoformat(),
        "application_date": at.date().isoformat(),
        "automated_decision": "AUTOMATED_DECISION_PARTIALLY" if by_person else "AUTOMATED_DECISION_FULLY",
        "puid": case,
    }


def _stream(placement: Mapping[str, str] | None) -> str:
    return "" if placement is None else f"{placement['app']}/{placement['stream']}"


def _sentence(rule: RuleName) -> str:
    why = reason(rule).en
    return f"{why[0].upper()}{why[1:]}."


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
