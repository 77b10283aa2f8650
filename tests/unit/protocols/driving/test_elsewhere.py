"""Matches at lags that no stream has."""

import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.driving.correlation import assess
from protocols.driving.elsewhere import elsewhere
from protocols.driving.picture import Picture, look
from protocols.driving.track import MotionTrack, TelemetryTrack
from tests.unit.protocols.driving.stage import person, shown, told

ANNA = person(11)


def seen(motion: MotionTrack, start: float, end: float) -> Picture:
    picture = look(motion, start, end, CALIBRATION)
    assert picture is not None
    return picture


@pytest.mark.parametrize("lag", [-1.2, 5.0, 9.0])
def test_a_lag_that_no_stream_has_is_found(lag: float) -> None:
    picture = seen(shown(ANNA, end=26, lag=lag), 12.0, 22.0)
    found, strength = elsewhere(picture, told({"yaw": ANNA}, end=27), 12.0, CALIBRATION)
    assert found == pytest.approx(lag, abs=0.1)
    assert strength > CALIBRATION.elsewhere_sure


def test_a_small_lead_is_no_match_at_no_lag() -> None:
    led = assess(told({"yaw": ANNA}, end=20), shown(ANNA, end=18, lag=-0.3), 6.0, 16.0)
    assert led.elsewhere == pytest.approx(-0.3, abs=0.1)
    assert led.lag is None
    assert led.score <= 0.0
    in_step = assess(told({"yaw": ANNA}, end=20), shown(ANNA, end=18, lag=0.0), 6.0, 16.0)
    assert in_step.elsewhere is None
    assert in_step.score > 2.0


def test_where_nothing_was_told_there_is_none() -> None:
    assert elsewhere(seen(shown(ANNA, end=16), 5.0, 15.0), TelemetryTrack(), 5.0, CALIBRATION) == (0.0, 0.0)
