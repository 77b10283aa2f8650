"""The terminal view shows who drives, what was asked and what was done."""

import io

from rich.console import Console

from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.verdict import Driver
from samples.liveview import live_view, result_table
from samples.outcome import Record
from samples.scenario import SCENARIOS, named


def shown(*renderables):
    console = Console(file=io.StringIO(), width=140)
    console.print(*renderables)
    return console.file.getvalue()


def test_every_stream_has_its_line_before_anything_is_known():
    text = shown(live_view([Record(s) for s in SCENARIOS], began=0.0, ends=85.0))
    for scenario in SCENARIOS:
        assert scenario.avatar in text
        assert scenario.title in text


def test_a_stream_on_its_way_to_a_cut():
    record = Record(named("loop"), state="live", driver=Driver.AI, p_human=0.03)
    record.rung, record.rung_cause = Rung.GRACE, "repetition"
    text = shown(live_view([record], began=0.0, ends=85.0))
    assert "AI" in text
    assert "3 %" in text
    assert "grace · repetition" in text


def test_what_was_asked_and_done():
    record = Record(named("honest"), state="live", gesture="look left", gesture_until=0.0)
    assert "asked: look left 0 s" in shown(live_view([record], began=0.0, ends=85.0))
    record.gesture, record.asked, record.passed = None, 3, 2
    assert "2 of 3 gestures done" in shown(live_view([record], began=0.0, ends=85.0))


def test_a_cut_and_a_swap():
    record = Record(named("swap"), state="live", swapped_at=40.0, cut_at=52.0, rule=RuleName.LIKENESS)
    text = shown(live_view([record], began=0.0, ends=85.0))
    assert "yuki → bolt" in text
    assert "cut · likeness" in text


def test_the_result_says_yes_or_why_not():
    right = Record(named("honest"), state="live", driver=Driver.HUMAN, p_human=0.99).outcome()
    wrong = Record(named("empty"), state="live").outcome()
    text = shown(result_table([right, wrong]))
    assert "stays up" in text
    assert "yes" in text
    assert "no: was to be cut and was not" in text
