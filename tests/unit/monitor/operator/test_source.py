"""Where motion comes from, as the options say."""

from pathlib import Path

import pytest

from monitor.operator.recording import RecordingRefused
from monitor.operator.source import Live, Recorded, motion_of, source_of
from monitor.operator.tracking.choice import Choice, TrackerRefused
from protocols.telemetry import TelemetrySample
from protocols.tracking.tracker import Tracker


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "motion.jsonl"
    file.write_text('{"t": 1.0, "yaw": 2.0}\n')
    return file


def test_tracking_is_found_unless_it_is_named() -> None:
    assert source_of(None, (), None, loop=False) == Live(None, ())
    named = Choice(tracker=Tracker.VMC, port=5000)
    assert source_of("vmc:5000", ["yaw"], None, loop=False) == Live(named, ("yaw",))


def test_a_recording_takes_its_place(recording: Path) -> None:
    assert source_of(None, (), recording, loop=True) == Recorded((TelemetrySample(at=1.0, yaw=2.0),), True)


def test_options_that_do_not_go_together_are_refused(recording: Path) -> None:
    with pytest.raises(RecordingRefused, match="--loop"):
        source_of("vmc", (), None, loop=True)
    for tracker, flip in (("vmc", ()), (None, ("yaw",))):
        with pytest.raises(TrackerRefused, match="leave --tracker and --flip out"):
            source_of(tracker, flip, recording, loop=False)


async def test_a_recording_plays_and_has_nothing_to_show(recording: Path) -> None:
    async with motion_of(source_of(None, (), recording, loop=False)) as (motion, tracked):
        assert [sample.yaw async for sample in motion] == [2.0]
        assert tracked is None
