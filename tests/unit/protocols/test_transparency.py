from datetime import UTC, datetime

import pytest

from protocols.transparency import AppealFigures, CaseFigures, Figures, ReportFigures, Spread, spread, text


def figures(rate: float | None, taken: Spread | None) -> Figures:
    return Figures(
        since=datetime(2026, 1, 1, tzinfo=UTC),
        before=datetime(2026, 7, 1, tzinfo=UTC),
        cases=CaseFigures(
            opened=4, by_rule={"driving": 4}, by_act={}, by_state={"open": 2, "upheld": 2}, automated=3, restored=0,
            decided=2, overturned=0, overturn_rate=rate, decision_s=taken, cut_s=None,
        ),
        appeals=AppealFigures(filed=0, fast=0, granted=0, rejected=0, in_time=0, decision_s=None),
        reports=ReportFigures(filed=0, by_kind={}, answered=0, in_time=0, answer_s=None),
    )  # fmt: skip


def test_it_is_told_in_words() -> None:
    words = text(figures(0.0, Spread(median=172_800, p90=7200)).document())
    for told in ("2026-01-01 to 2026-07-01", "open 2, upheld 2", "(0.0% of", "median 2.0 d", "within 2.0 h", "none"):
        assert told in words, words
    assert "of those decided" not in text(figures(None, None).document())


@pytest.mark.parametrize(
    ("seconds", "found"), [([], None), ([5.0], (5.0, 5.0)), ([float(n) for n in range(100)], (49.5, 90.0))]
)
def test_the_middle_and_nine_tenths(seconds: list[float], found: tuple[float, float] | None) -> None:
    told = spread(seconds)
    assert (None if told is None else (told.median, told.p90)) == found
