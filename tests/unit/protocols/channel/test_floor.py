"""The floor of a session: comings and goings, who drives, what is asked, and resumes that lose nothing."""

import pytest

from protocols.channel.event import (
    Acknowledged,
    AnswerRefused,
    Attested,
    Challenged,
    ChallengeExpired,
    ClockJumped,
    DriverChanged,
    Ended,
    FloorChanged,
    Noticed,
    Opened,
    Outcome,
    Receipted,
    SamplesRefused,
    Violated,
)
from protocols.channel.floor import Floor, Sharing
from protocols.channel.limits import Limits
from protocols.channel.message import Answer
from protocols.channel.notice import Level, Notice
from protocols.channel.table import ServerState
from protocols.channel.violation import Fault, OurViolation, TheirViolation
from protocols.gesture import Gesture
from protocols.observation import ChallengeAnswered, ChallengeAsked, DigitsAsked, Presence
from protocols.telemetry import TelemetrySample
from tests.unit.protocols.channel.pair import Pair, device, floor

NONCE = "n" * 22


def ask(place: Floor, now: float, challenge: str = "ch", within: float = 5.0) -> str | None:
    return place.ask(ChallengeAsked(at=now - 90.0, challenge=challenge, gesture=Gesture.NOD, within=within), NONCE, now)


def both(*, until: float, ann: Pair, bob: Pair) -> None:
    while ann.now < until:
        for pair in (ann, bob):
            pair.until(pair.now + 0.25)


def presences(pair: Pair) -> list[tuple[bool, str]]:
    return [(presence.connected, presence.cause) for presence in pair.of(Presence)]


def test_motion_is_told_on_the_sessions_clock() -> None:
    pair = Pair(floor()).connect()
    for number in range(10):
        pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew - 1 + number / 10, yaw=float(number)))
    pair.until(102.0)
    assert [sample.at for sample in pair.of(TelemetrySample)] == pytest.approx(
        [9 + n / 10 for n in range(10)], abs=0.01
    )
    assert [sample.yaw for sample in pair.of(TelemetrySample)] == list(range(10))
    assert sum(beat.taken for beat in pair.of(Acknowledged)) == 10


def test_a_lapse_is_found_in_time_and_heartbeats_end_it() -> None:
    pair = Pair(floor()).connect()
    last = pair.now
    assert pair.floor.next_deadline() == last + 2.5
    pair.now = last + 2.5
    pair.happened += pair.floor.expire(pair.now)
    assert pair.of(DriverChanged)[-1].operator is None
    pair.exchange()
    assert pair.of(FloorChanged)[-1].driving is False
    pair.until(pair.now + 1)
    assert presences(pair) == [(True, "hello"), (False, "silent"), (True, "heartbeats are back")]
    assert [change.operator for change in pair.of(DriverChanged)] == ["ann", None, "ann"]
    assert pair.of(FloorChanged)[-1].driving is True


def test_it_holds_whoever_is_there() -> None:
    place = floor()
    pair = Pair(place).connect()
    assert place.holds("ann")
    assert not place.holds("bob")
    pair.client.bye(pair.now + pair.skew)
    pair.to_server()
    assert not place.holds("ann")


def test_a_lost_connection_is_a_lapse_with_its_own_cause() -> None:
    pair = Pair(floor()).connect()
    pair.floor.lost(pair.server, "ann")
    assert pair.floor.expire(102.4) == []
    (presence, change) = pair.floor.expire(102.5)
    assert presence == Presence(at=12.5, operator="ann", connected=False, cause="the connection is down")
    assert change == DriverChanged(at=12.5, operator=None)
    assert pair.floor.empty
    assert pair.floor.next_deadline() is None
    pair.floor.lost(pair.server, "nobody")


def test_a_resume_in_time_is_no_lapse_and_loses_nothing() -> None:
    pair = Pair(floor()).connect()
    for number in range(5):
        pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew + number / 10))
    ask(pair.floor, pair.now)
    pair.floor.notify(Notice(level=Level.INFO, code="a", text_en="e", text_zh="z", until=100.0), pair.now)
    pair.floor.notify(Notice(level=Level.INFO, code="b", text_en="e", text_zh="z", until=10.5), pair.now)
    pair.now += 1
    pair.client.expire(pair.now + pair.skew)
    pair.to_server()
    pair.server.data_to_send()
    pair.floor.lost(pair.server, "ann")
    again = Pair(pair.floor, outbox=pair.outbox, now=pair.now + 1, seed="2").connect()
    again.until(again.now + 1)
    assert again.of(Opened) == [Opened(driving=True, resumed=True, interval=1.0)]
    assert [(c.challenge, c.deadline) for c in again.of(Challenged)] == [("ch", 105.0 + again.skew)]
    assert [notice.code for notice in again.of(Noticed)] == ["a"]
    assert len(pair.of(TelemetrySample)) == 5
    assert again.of(TelemetrySample) == []
    assert sum(refused.disordered for refused in again.of(SamplesRefused)) == 5
    assert presences(again) == []


def test_a_resume_after_a_lapse_is_a_return() -> None:
    pair = Pair(floor()).connect()
    pair.floor.lost(pair.server, "ann")
    pair.floor.expire(103.0)
    again = Pair(pair.floor, now=104.0, seed="2").connect()
    assert presences(again) == [(True, "heartbeats are back")]
    assert [change.operator for change in again.of(DriverChanged)] == ["ann"]


def test_a_newer_connection_takes_over_and_the_older_is_told() -> None:
    old = Pair(floor()).connect()
    new = Pair(old.floor, now=old.now + 0.5, seed="2").connect()
    old.to_client()
    assert old.of(Ended)[-1].code == "superseded"
    assert old.floor.receive(old.server, "ann", "late words", old.now) == []
    old.floor.lost(old.server, "ann")
    new.until(110.0)
    assert new.of(Violated) == []
    assert presences(new) == []
    assert old.floor.connections == (new.server,)


def test_a_forger_takes_nothing_over() -> None:
    old = Pair(floor()).connect()
    with pytest.raises(TheirViolation):
        Pair(old.floor, key=device("eve"), seed="2").connect()
    old.until(110.0)
    assert old.of(Ended) == []
    assert presences(old) == [(True, "hello")]


def test_one_drives_and_the_other_stands_by() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    assert (ann.of(Opened)[0].driving, bob.of(Opened)[0].driving) == (True, False)
    for pair in (ann, bob):
        pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew))
    both(until=102.0, ann=ann, bob=bob)
    assert len(ann.of(TelemetrySample)) == 1
    assert bob.of(TelemetrySample) == []
    assert [refused.standby for refused in bob.of(SamplesRefused)] == [1]
    assert sum(beat.refused for beat in bob.of(Acknowledged)) == 1


def test_who_stands_by_takes_over_with_what_is_open() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    ask(place, ann.now, within=60.0)
    ann.client.bye(ann.now + ann.skew)
    ann.to_server()
    bob.to_client()
    assert presences(ann)[-1] == (False, "the operator has left")
    assert ann.of(DriverChanged)[-1].operator == "bob"
    assert bob.of(FloorChanged) == [FloorChanged(driving=True)]
    assert [challenged.challenge for challenged in bob.of(Challenged)] == ["ch"]
    assert not ann.outbox.answers


def test_who_lapses_hands_over_and_comes_back_to_stand_by() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    bob.until(103.0)
    assert place.driver == "bob"
    ann.now = bob.now
    ann.exchange()
    assert ann.of(FloorChanged) == [FloorChanged(driving=False)]
    ann.until(ann.now + 1)
    assert place.driver == "bob"


def test_a_second_operator_is_refused_where_the_policy_says_so() -> None:
    place = floor(sharing=Sharing.REFUSE)
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    assert bob.heard[0].code == "taken"
    assert place.connections == (ann.server,)
    Pair(place, seed="2").connect()
    ann.to_client()
    assert ann.of(Ended)[-1].code == "superseded"


def test_answers_have_clear_outcomes() -> None:
    pair = Pair(floor()).connect()
    assert ask(pair.floor, pair.now)
    pair.exchange()
    pair.client.answer("ch")
    pair.exchange()
    assert pair.of(ChallengeAnswered) == [ChallengeAnswered(at=10.0, challenge="ch")]
    for id_, nonce in [("ch", NONCE), ("none", NONCE)]:
        _raw_answer(pair, id_, nonce)
    ask(pair.floor, pair.now, "second")
    _raw_answer(pair, "second", "x" * 22)
    assert [refused.outcome for refused in pair.of(AnswerRefused)] == [
        Outcome.REPEATED,
        Outcome.UNKNOWN,
        Outcome.WRONG_NONCE,
    ]
    assert pair.server.state is ServerState.OPEN


def test_digits_are_asked_typed_mistyped_and_survive_a_resume() -> None:
    pair = Pair(floor()).connect()
    digits = DigitsAsked(at=pair.now - 90.0, challenge="d", digits="0472", within=60.0)
    assert pair.floor.ask(digits, NONCE, pair.now) == "ann"
    pair.exchange()
    [asked] = pair.of(Challenged)
    assert (asked.challenge, asked.digits, asked.gesture) == ("d", "0472", None)
    pair.client.answer("d", "0427")
    pair.exchange()
    assert [event.outcome for event in pair.of(Receipted)] == ["wrong_digits"]
    assert [event.outcome for event in pair.of(AnswerRefused)] == [Outcome.WRONG_DIGITS]
    pair.client.answer("d", "0472")
    pair.client.data_to_send()
    again = Pair(pair.floor, outbox=pair.outbox, now=pair.now + 0.5, seed="b").connect()
    assert [event.outcome for event in again.of(Receipted)] == ["accepted"]
    assert [event.challenge for event in again.of(ChallengeAnswered)] == ["d"]


def test_gestures_are_asked_in_a_row() -> None:
    pair = Pair(floor()).connect()
    then = (Gesture.LOOK_LEFT, Gesture.BLINK_TWICE)
    row = ChallengeAsked(at=pair.now - 90.0, challenge="r", gesture=Gesture.NOD, then=then, within=9.0)
    pair.floor.ask(row, NONCE, pair.now)
    pair.exchange()
    [asked] = pair.of(Challenged)
    assert (asked.gesture, asked.then, asked.digits) == (Gesture.NOD, then, None)


def _raw_answer(pair: Pair, id_: str, nonce: str) -> None:
    line = pair.client._line
    frame, payload = line.send(Answer(seq=line.next_seq, id=id_, nonce=nonce))
    pair.client._chain.add(payload)
    pair.happened += pair.floor.receive(pair.server, pair.operator, frame, pair.now)


def test_only_who_drives_can_answer() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    ask(place, ann.now)
    _raw_answer(bob, "ch", NONCE)
    assert [refused.outcome for refused in bob.of(AnswerRefused)] == [Outcome.NOT_DRIVING]


def test_a_challenge_that_nobody_answers_expires_once() -> None:
    pair = Pair(floor()).connect()
    ask(pair.floor, pair.now, within=2.0)
    pair.until(110.0)
    assert pair.of(ChallengeExpired) == [ChallengeExpired(at=12.0, challenge="ch")]


def test_a_challenge_can_wait_for_somebody_to_come() -> None:
    place = floor()
    assert not ask(place, 100.0, within=20.0)
    assert not place.empty
    assert place.next_deadline() == 120.0
    pair = Pair(place).connect()
    assert [challenged.challenge for challenged in pair.of(Challenged)] == ["ch"]


def test_a_violation_closes_the_connection_and_lapses_later() -> None:
    pair = Pair(floor()).connect()
    pair.happened += pair.floor.receive(pair.server, "ann", "nonsense", pair.now)
    assert pair.of(Violated)[0].fault is Fault.MALFORMED
    pair.to_client()
    assert pair.of(Ended)[0].code == "malformed"
    pair.happened += pair.floor.expire(102.5)
    assert presences(pair) == [(True, "hello"), (False, "the connection broke the protocol: malformed")]


def test_a_silent_connection_is_closed_after_its_lapse() -> None:
    pair = Pair(floor()).connect()
    pair.happened += pair.floor.expire(110.0)
    assert [violated.fault for violated in pair.of(Violated)] == [Fault.SILENT]
    assert presences(pair)[-1] == (False, "silent")
    assert pair.floor.connections == ()


def test_a_clock_that_jumps_is_told_and_motion_goes_on() -> None:
    pair = Pair(floor()).connect()
    pair.until(105.0)
    pair.skew += 500.0
    pair.client._beat_due += 500.0
    pair.client._heard += 500.0
    pair.client._attest_due += 500.0
    pair.outbox.offer(TelemetrySample(at=pair.now + pair.skew + 0.1))
    pair.until(107.0)
    assert [round(jump.by) for jump in pair.of(ClockJumped)] == [500]
    assert [sample.at for sample in pair.of(TelemetrySample)] == pytest.approx([15.1], abs=0.05)


def test_the_chain_is_attested_every_half_minute() -> None:
    pair = Pair(floor()).connect()
    pair.until(200.0)
    assert [round(attested.at) for attested in pair.of(Attested)] == [40, 70, 100]
    key = device().public_key()
    for attested in pair.of(Attested):
        key.verify(attested.signature, attested.statement)


def test_notices_go_to_all_and_few_are_kept() -> None:
    place = floor(Limits(notices=2))
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    for code in ("a", "b", "a", "c"):
        place.notify(Notice(level=Level.INFO, code=code, text_en="e", text_zh="z", until=100.0), ann.now)
    for pair in (ann, bob):
        pair.to_client()
        assert [notice.code for notice in pair.of(Noticed)] == ["a", "b", "a", "c"]
    late = Pair(place, seed="2", now=101.0).connect()
    assert [notice.code for notice in late.of(Noticed)] == ["a", "c"]


def test_one_alone_can_be_told_where_they_are_connected() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    notice = Notice(level=Level.INFO, code="a", text_en="e", text_zh="z")
    assert place.tell_apart(notice, "ann")
    assert not place.tell_apart(notice, "nobody")
    place.lost(bob.server, "bob")
    assert not place.tell_apart(notice, "bob")
    for pair, heard in ((ann, ["a"]), (bob, [])):
        pair.to_client()
        assert [each.code for each in pair.of(Noticed)] == heard


def test_the_end_of_a_session_sends_everybody_away() -> None:
    place = floor()
    ann, bob = Pair(place).connect(), Pair(place, "bob").connect()
    ask(place, ann.now)
    place.close("session_over", "over")
    for pair in (ann, bob):
        pair.to_client()
        assert pair.of(Ended)[-1].code == "session_over"
    assert place.empty
    assert place.receive(ann.server, "ann", "late words", ann.now) == []


def test_an_id_is_asked_once() -> None:
    pair = Pair(floor()).connect()
    ask(pair.floor, pair.now)
    with pytest.raises(OurViolation):
        ask(pair.floor, pair.now)
