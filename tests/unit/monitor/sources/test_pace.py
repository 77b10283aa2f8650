import pytest

from monitor.sources.pace import Pace


def test_packets_are_due_at_the_speed_of_their_stamps() -> None:
    pace = Pace()
    assert pace.wait(1000.0, 5.0) == 0.0
    assert pace.wait(1002.0, 5.5) == pytest.approx(1.5)
    assert pace.wait(1002.0, 7.1) == 0.0
    assert pace.wait(1003.0, 7.1) == pytest.approx(0.9)


@pytest.mark.parametrize("stamp", [0.0, 1100.0, 1001.0])
def test_jumps_and_lateness_anchor_anew(stamp: float) -> None:
    pace = Pace()
    pace.wait(1000.0, 5.0)
    assert pace.wait(stamp, 10.0) == 0.0
    assert pace.wait(stamp + 1.0, 10.0) == pytest.approx(1.0)
