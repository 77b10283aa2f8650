"""What is concluded from the service's events: right where it is right, and wrong in every way in which it can be."""

from datetime import UTC, datetime

import pytest

from protocols.evidence import RuleName
from protocols.ladder import Rung
from protocols.verdict import Driver
from samples.outcome import Record
from samples.scenario import named

ZERO = 1_800_000_000.0


def event(kind, moment, **data):
    return {
        "type": kind,
        "at_utc": datetime.fromtimestamp(ZERO + moment, UTC).isoformat(),
        "session": "s",
        "data": data,
    }


def heard(name, *events):
    record = Record(named(name))
    for each in events:
        record.hear(each)
    return record


LIVE = event("session.live", 1.0, at=1.0, blind_s=1.0)
HUMAN = event("verdict.changed", 10.0, driver="HUMAN", p_human=0.96)
AI = event("verdict.changed", 12.0, driver="AI", p_human=0.01)


def cut(at, rule):
    return event("cut.confirmed", at, rule=rule, cause="because")


def judged(at, passed):
    return event("challenge.judged", at, gesture="look_left", passed=passed)


def test_an_honest_stream_that_is_human_and_up_is_right():
    record = heard("honest", LIVE, HUMAN)
    outcome = record.outcome()
    assert outcome.as_expected
    assert (outcome.cut, outcome.rule, outcome.seconds) == (False, None, None)


def test_it_is_decided_once_a_gesture_was_seen():
    record = heard("honest", LIVE, HUMAN, judged(12.0, passed=None), judged(13.0, passed=False))
    assert not record.decided
    record.hear(judged(14.0, passed=True))
    assert record.decided
    assert record.passed == 1


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ([LIVE], "was to be HUMAN and is UNKNOWN"),
        ([LIVE, HUMAN, AI], "was to be HUMAN and is AI"),
        ([LIVE, HUMAN, cut(20.0, "driving")], "was to stay up and is live"),
        ([LIVE, HUMAN, event("session.blind", 20.0, at=20.0, cause="dark")], "was to stay up and is blind"),
        ([], "was to stay up and is pending"),
    ],
)
def test_an_honest_stream_that_is_anything_else_is_wrong(events, wrong):
    assert heard("honest", *events).outcome().wrong == wrong


def test_the_seconds_run_from_the_first_picture():
    outcome = heard("empty", LIVE, AI, cut(23.5, "presence")).outcome()
    assert outcome.as_expected
    assert (outcome.rule, outcome.seconds) == (RuleName.PRESENCE, 22.5)


def test_or_from_the_swap():
    record = heard("swap", LIVE, HUMAN)
    record.tell({"event": "swapped", "at": ZERO + 40.0, "avatar": "bolt"})
    record.hear(cut(52.0, "likeness"))
    assert record.outcome().as_expected
    assert record.outcome().seconds == 12.0


@pytest.mark.parametrize("swapped_at", [None, 53.0])
def test_a_cut_before_its_cause_is_wrong(swapped_at):
    record = heard("swap", LIVE, HUMAN, cut(52.0, "likeness"))
    if swapped_at is not None:
        record.tell({"event": "swapped", "at": ZERO + swapped_at, "avatar": "bolt"})
    assert record.outcome().wrong == "was cut before there was a cause"


def test_a_cut_for_another_cause_is_wrong():
    assert heard("empty", LIVE, cut(20.0, "likeness")).outcome().wrong == "was cut for another cause: likeness"


def test_a_stream_that_was_to_be_cut_and_was_not_is_wrong():
    record = heard("loop", LIVE, AI, event("cut.intended", 30.0, cause="because"))
    assert record.outcome().wrong == "was to be cut and was not"
    assert not record.decided


def test_the_ladder_and_what_is_asked_are_kept_for_the_view():
    record = heard(
        "loop",
        LIVE,
        event("operator.present", 1.5, operator="o", cause="it connected"),
        event("ladder.step", 20.0, rung="challenge", cause="driving", ends_in=8.0),
        event("challenge.asked", 20.1, gesture="nod", within=6.0),
    )
    assert (record.rung, record.rung_cause, record.rung_until) == (Rung.CHALLENGE, "driving", ZERO + 28.0)
    assert (record.gesture, record.gesture_until) == ("nod", ZERO + 26.1)
    assert record.present
    record.hear(event("ladder.step", 24.0, rung="watching", cause=None, ends_in=None))
    assert (record.rung, record.rung_until, record.last) == (Rung.WATCHING, None, "all is well again")


def test_a_session_that_ends_says_why_unless_it_was_cut():
    ended = event("session.ended", 30.0, state="ended", because="the publisher hung up")
    assert heard("loop", LIVE, ended).last == "the publisher hung up"
    assert heard("loop", LIVE, cut(29.0, "driving"), ended).last == "cut: because"


def test_the_status_brings_the_newest_probability_until_the_cut():
    status = {"verdict": {"driver": "HUMAN", "p_human": 0.8}, "frames_dropped": 3}
    record = heard("swap", LIVE)
    record.look({"verdict": None, "frames_dropped": 0})
    record.look(status)
    assert (record.driver, record.p_human, record.dropped) == (Driver.HUMAN, 0.8, 3)
    record.hear(cut(52.0, "likeness"))
    record.look({"verdict": {"driver": "UNKNOWN", "p_human": 0.5}, "frames_dropped": 4})
    assert (record.driver, record.dropped) == (Driver.HUMAN, 4)


def test_the_document_says_what_was_expected():
    document = heard("honest", LIVE, HUMAN).outcome().document()
    assert (document["expected"], document["as_expected"], document["verdict"]) == (["stays up"], True, "HUMAN")
    assert heard("empty", LIVE, cut(9.0, "presence")).outcome().document()["expected"] == ["presence", "repetition"]
