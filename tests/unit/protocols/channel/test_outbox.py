"""What the operator's side keeps until it has arrived."""

from protocols.channel.message import NO_SAMPLES, Samples
from protocols.channel.outbox import Outbox
from protocols.channel.packing import unpack
from protocols.telemetry import TelemetrySample


def filled(count: int) -> Outbox:
    outbox = Outbox()
    for number in range(count):
        outbox.offer(TelemetrySample(at=float(number), yaw=1.0))
    return outbox


def times(samples: Samples) -> list[float]:
    return [microseconds / 1e6 for microseconds in unpack(samples).times]


def test_samples_go_out_in_order_and_once() -> None:
    outbox = filled(5)
    assert times(outbox.take(1, 3, 0.0)) == [0.0, 1.0, 2.0]
    assert times(outbox.take(2, 3, 0.0)) == [3.0, 4.0]
    assert outbox.take(3, 3, 0.0) == NO_SAMPLES


def test_what_was_not_acknowledged_goes_out_again_after_a_restart() -> None:
    outbox = filled(6)
    outbox.take(1, 2, 0.0)
    outbox.take(2, 2, 0.0)
    outbox.acknowledged(1)
    outbox.restart()
    assert times(outbox.take(1, 9, 0.0)) == [2.0, 3.0, 4.0, 5.0]
    outbox.acknowledged(1)
    outbox.acknowledged(7)
    outbox.restart()
    assert len(outbox) == 0


def test_old_samples_and_too_many_are_dropped_and_counted() -> None:
    outbox = filled(2403)
    assert outbox.dropped == 3
    assert times(outbox.take(1, 1, 10.5)) == [11.0]
    assert outbox.dropped == 11


def test_answers_wait_for_their_receipt() -> None:
    outbox = Outbox()
    outbox.challenged("a", "nonce")
    assert outbox.answerable("a")
    assert not outbox.answerable("b")
    assert outbox.answer("a") == "nonce"
    assert not outbox.answerable("a")
    assert outbox.answers == (("a", "nonce", None),)
    outbox.receipted("a")
    outbox.receipted("a")
    assert outbox.answers == ()


def test_what_was_mistyped_may_be_typed_again_with_the_same_nonce() -> None:
    outbox = Outbox()
    outbox.challenged("a", "nonce")
    assert outbox.answer("a", "1234") == "nonce"
    assert outbox.answers == (("a", "nonce", "1234"),)
    outbox.receipted("a", again=True)
    assert outbox.answers == ()
    assert outbox.answerable("a")
    assert outbox.answer("a", "4321") == "nonce"


def test_challenges_are_not_kept_for_ever() -> None:
    outbox = Outbox()
    for number in range(33):
        outbox.challenged(str(number), "nonce")
        outbox.answer(str(number))
    assert not outbox.answerable("0")
    assert len(outbox.answers) == 32
