"""The transparency report: counts, times and the overturn rate of a span of time, as figures and as a text."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took, in seconds: in the middle, and for all but one in ten."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """``automated``: done by a program, by a policy; ``overturn_rate``: of those decided, None where none was."""

    opened: int
    by_rule: Mapping[str, int]
    by_act: Mapping[str, int]
    by_state: Mapping[str, int]
    automated: int
    restored: int
    decided: int
    overturned: int
    overturn_rate: float | None
    decision_s: Spread | None
    cut_s: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealFigures:
    """``fast``: filed while the show may still have been on; ``in_time``: decided by then."""

    filed: int
    fast: int
    granted: int
    rejected: int
    in_time: int
    decision_s: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """Reports of viewers and of people whose likeness was taken."""

    filed: int
    by_kind: Mapping[str, int]
    answered: int
    in_time: int
    answer_s: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of them, of what began in ``since`` ≤ t < ``before``."""

    since: datetime
    before: datetime
    cases: CaseFigures
    appeals: AppealFigures
    reports: ReportFigures

    def document(self) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = asdict(self)
        return document | {"since": self.since.isoformat(), "before": self.before.isoformat()}


def spread(seconds: Sequence[float]) -> Spread | None:
    """Median and nine tenths of ``seconds``; None where there are none."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return Spread(median=statistics.median(ordered), p90=ordered[min(len(ordered) - 1, (len(ordered) * 9) // 10)])


def text(figures: Mapping[str, Any]) -> str:
    """The figures, as ``Figures.document`` gives them, in words."""
    cases, appeals, reports = figures["cases"], figures["appeals"], figures["reports"]
    rate = cases["overturn_rate"]
    return "\n".join(
        [
            f"Transparency report, {figures['since'][:10]} to {figures['before'][:10]}",
            "",
            f"Measures: {cases['opened']}, of which {cases['automated']} by a program; {_listed(cases['by_act'])}",
            f"  by rule: {_listed(cases['by_rule'])}",
            f"  from decision to confirmation: {_took(cases['cut_s'])}",
            f"Cases: {_listed(cases['by_state'])}",
            f"  decided by people: {cases['decided']}, {_took(cases['decision_s'])}",
            f"  overturned: {cases['overturned']}" + ("" if rate is None else f" ({rate:.1%} of those decided)"),
            f"  let on air again: {cases['restored']}",
            f"Appeals: {appeals['filed']}, {appeals['fast']} of them in the fast lane",
            f"  granted {appeals['granted']}, rejected {appeals['rejected']}, {appeals['in_time']} in time",
            f"  {_took(appeals['decision_s'])}",
            f"Reports: {reports['filed']}; {_listed(reports['by_kind'])}",
            f"  answered {reports['answered']}, {reports['in_time']} in time, {_took(reports['answer_s'])}",
        ]
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _took(taken: Mapping[str, float] | None) -> str:
    return "no times" if taken is None else f"median {_long(taken['median'])}, nine in ten within {_long(taken['p90'])}"


def _long(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"
