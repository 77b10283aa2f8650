from datetime import timedelta

import pytest

from protocols.case import CaseDecision
from protocols.transparency import text
from registry.appeal import AppealTimes
from registry.error import Conflict, NotFound, Refused
from registry.state import ReportKind
from tests.unit.registry.conftest import NOW, Studio
from tests.unit.registry.test_case import SOON, opened

WEEK = timedelta(days=7)


async def test_who_reported_asks_by_a_secret_and_is_not_kept(studio: Studio) -> None:
    reports = studio.registry.reports
    report, secret = await reports.file(ReportKind.STREAM, "it <script>loops</script>", at=NOW, within=WEEK)
    assert (report.text, report.due_at, report.answer) == ("it <script>loops</script>", NOW + WEEK, None)
    assert await reports.standing(report.id, secret) == report
    for wrong in ("", secret[:-1] + "x"):
        with pytest.raises(NotFound, match="no report"):
            await reports.standing(report.id, wrong)
    answered = await reports.answer(report.id, "we looked", by="ann", at=SOON)
    assert (answered.answer, answered.answered_by, answered.answered_at) == ("we looked", "ann", SOON)
    with pytest.raises(Conflict, match="answered already"):
        await reports.answer(report.id, "again", by="ben", at=SOON)
    assert (await reports.standing(report.id, secret)).answer == "we looked"


async def test_reports_are_listed_and_what_is_not_there_is_not_found(studio: Studio) -> None:
    reports, session = studio.registry.reports, await studio.attach()
    first, _ = await reports.file(ReportKind.STREAM, "a", at=NOW, within=WEEK, session=session.id)
    second, _ = await reports.file(
        ReportKind.LIKENESS, "b", at=NOW, within=WEEK, standing="I drew it", found=[{"avatar": studio.avatar}]
    )
    assert second.found == ({"avatar": studio.avatar},)
    page = await reports.list(limit=1)
    assert [one.id for one in page.items] == [second.id]
    assert [one.id for one in (await reports.list(limit=1, cursor=page.next)).items] == [first.id]
    await reports.answer(first.id, "c", by="ann", at=SOON)
    assert [one.id for one in (await reports.list(waiting=True)).items] == [second.id]
    for missing in (reports.get("rep_x"), reports.answer("rep_x", "t", by="a", at=NOW)):
        with pytest.raises(NotFound):
            await missing
    with pytest.raises(NotFound, match="no session"):
        await reports.file(ReportKind.STREAM, "a", at=NOW, within=WEEK, session="ses_x")


async def test_the_transparency_report_counts_what_began_in_its_span(studio: Studio) -> None:
    registry = studio.registry
    right, wrong, waiting = [await opened(studio, number) for number in range(3)]
    assert wrong.cut is not None
    await registry.cuts.confirm(wrong.cut, epoch=1, at=SOON, seconds=0.5)
    await registry.appeals.file(wrong.id, "I was there", by="op", at=NOW, times=AppealTimes())
    for case, decision in ((right, CaseDecision.UPHOLD), (wrong, CaseDecision.OVERTURN)):
        await registry.cases.decide(case.id, decision, by="ann", because="seen", version=1, at=SOON)
    report, _ = await registry.reports.file(ReportKind.STREAM, "a", at=NOW, within=WEEK)
    await registry.reports.answer(report.id, "b", by="ann", at=SOON)
    figures = await registry.transparency.figures(NOW, NOW + timedelta(days=1))
    cases, appeals, reports = figures.cases, figures.appeals, figures.reports
    assert (cases.opened, cases.decided, cases.overturned, cases.overturn_rate) == (3, 2, 1, 0.5)
    assert cases.by_state == {"open": 1, "overturned": 1, "upheld": 1}
    assert (cases.by_rule, cases.automated) == ({"driving": 3}, 3)
    assert cases.decision_s is not None
    assert (cases.decision_s.median, cases.decision_s.p90) == (3600, 3600)
    assert cases.cut_s is not None
    assert cases.cut_s.median == 0.5
    assert (appeals.filed, appeals.fast, appeals.granted, appeals.in_time) == (1, 1, 1, 0)  # ten minutes, not an hour
    assert (reports.filed, reports.answered, reports.in_time, reports.by_kind) == (1, 1, 1, {"stream": 1})
    words = text(figures.document())
    for told in ("Measures: 3", "overturned: 1 (50.0% of those decided)", "granted 1", "60.0 min", "0.50 s"):
        assert told in words, words
    empty = await registry.transparency.figures(NOW - timedelta(days=2), NOW)
    assert (empty.cases.opened, empty.cases.overturn_rate, empty.cases.decision_s) == (0, None, None)
    assert "no times" in text(empty.document())
    with pytest.raises(Refused, match="after its beginning"):
        await registry.transparency.figures(NOW, NOW)
    assert waiting.decided_by is None
