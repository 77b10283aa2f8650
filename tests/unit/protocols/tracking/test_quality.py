"""How well tracking arrives."""

import pytest

from protocols.telemetry import TelemetrySample
from protocols.tracking.quality import Condition, QualityMeter
from protocols.tracking.reading import Reading


def fed(*arrivals: float, seen: bool = True) -> QualityMeter:
    meter = QualityMeter()
    for at in arrivals:
        meter.take(Reading(sample=TelemetrySample(at=at) if seen else None), at)
    return meter


def steady(rate: float, seconds: float = 4.0) -> list[float]:
    return [number / rate for number in range(int(rate * seconds))]


@pytest.mark.parametrize(
    ("meter", "now", "condition"),
    [
        (fed(), 0.0, Condition.SILENT),
        (fed(*steady(30)), 4.0, Condition.GOOD),
        (fed(*steady(30)), 5.6, Condition.SILENT),
        (fed(*steady(30), seen=False), 4.0, Condition.NO_FACE),
        (fed(*steady(5)), 4.0, Condition.SPARSE),
        (fed(*(at for at in steady(60) if not 2.0 < at < 2.4)), 4.0, Condition.UNEVEN),
    ],
)
def test_the_condition_says_what_is_wrong_first(meter: QualityMeter, now: float, condition: Condition) -> None:
    assert meter.now(now).condition is condition


def test_a_face_that_is_lost_is_told_after_a_second() -> None:
    meter = fed(*steady(30))
    for at in (4.0, 4.5, 5.0, 5.5):
        meter.take(Reading(sample=None), at)
    assert meter.now(4.9).condition is Condition.UNEVEN
    assert meter.now(5.5).condition is Condition.NO_FACE


def test_rate_and_gap_are_those_of_the_last_seconds() -> None:
    quality = fed(*steady(30)).now(4.0)
    assert quality.rate == pytest.approx(30.0, abs=0.4)
    assert quality.gap == pytest.approx(1 / 30, abs=1e-6)
    assert quality.lag is None


def test_lag_is_what_arrives_later_than_the_quickest() -> None:
    meter = QualityMeter()
    for sent, delay in ((0.0, 0.010), (1.0, 0.010), (2.0, 0.090)):
        meter.take(Reading(sample=TelemetrySample(at=sent), sent=sent + 1e9), sent + delay)
    assert meter.now(2.1).lag == pytest.approx(0.08, abs=0.003)


def test_refusals_are_counted_with_what_was_wrong_last() -> None:
    meter = QualityMeter()
    meter.refuse("first")
    meter.refuse("second")
    quality = meter.now(1.0)
    assert (quality.refused, quality.complaint) == (2, "second")


def test_a_tracker_that_has_just_begun_is_not_called_sparse() -> None:
    meter = fed(*(10.0 + at for at in steady(30, 0.6)))
    assert meter.now(10.6).rate == pytest.approx(30.0, abs=1.0)
    for at in steady(30, 0.6):
        meter.take(Reading(sample=TelemetrySample(at=20.0 + at)), 20.0 + at)
    assert meter.now(20.6).condition is Condition.GOOD
