"""The token bucket."""

import pytest

from protocols.channel.rate import Bucket
from protocols.channel.violation import Fault, TheirViolation


def spend(bucket: Bucket, count: int, now: float) -> None:
    for _ in range(count):
        bucket.spend(now)


def test_a_burst_and_then_the_rate() -> None:
    bucket = Bucket(20.0, 40.0, 0.0)
    spend(bucket, 40, 0.0)
    with pytest.raises(TheirViolation) as caught:
        bucket.spend(0.0)
    assert caught.value.fault is Fault.RATE
    spend(bucket, 20, 1.0)
    with pytest.raises(TheirViolation):
        bucket.spend(1.0)


def test_it_never_holds_more_than_the_burst_nor_runs_back() -> None:
    bucket = Bucket(1.0, 2.0, 100.0)
    spend(bucket, 2, 1000.0)
    with pytest.raises(TheirViolation):
        bucket.spend(50.0)
    with pytest.raises(TheirViolation):
        bucket.spend(50.5)
    bucket.spend(51.0)
