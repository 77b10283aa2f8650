"""A mouth that only the lower face shows, on a head that turns meanwhile."""

import numpy as np
import pytest

from protocols.driving.calibration import CALIBRATION
from protocols.driving.correlation import assess
from protocols.driving.face import face
from protocols.driving.track import MotionTrack
from protocols.observation import Motion
from tests.unit.protocols.driving.stage import Course, person, told

HEAD = 0.35, 0.15, 0.25, 0.5
SPEECH, OTHER = person(5, size=0.25, slowest=0.8, fastest=4.0), person(6, size=0.25, slowest=0.8, fastest=4.0)
TURN = person(7, size=1.5, fastest=0.6)


def talking(mouth: Course, *, end: float = 14.0, lag: float = 0.6) -> MotionTrack:
    """A head that sways by ``TURN`` cells and whose mouth darkens as ``mouth`` opens; the flow shows nothing."""
    dice = np.random.default_rng(8)
    rows, columns = np.mgrid[0:72, 0:128]
    freckles = dice.normal(0, 18, (6, 3))
    track = MotionTrack()
    for at in np.arange(0.06, end, 0.06):
        across = columns - 61 - float(TURN(np.array(at)))
        down = rows - 29
        inside = (across / 16) ** 2 + (down / 18) ** 2 < 1
        luma = np.where(inside, 150.0, 80.0)
        for x, (level, right, low) in enumerate(freckles):
            luma += level * np.exp(-((across - right / 2 - 4 * x + 10) ** 2 + (down + 8 - low / 4) ** 2) / 9)
        open_by = float(mouth(np.array(at - lag)))
        luma -= 60 * (0.6 + open_by) * np.exp(-(across**2 / 18 + (down - 10) ** 2 / 4))
        luma += dice.normal(0, 0.8, luma.shape)
        track.add(
            Motion(
                at=float(at),
                interval=0.06,
                flow=dice.normal(0, 0.002, (18, 32, 2)).astype(np.float32),
                detail=luma.clip(0, 255).astype(np.uint8),
            )
        )
    return track


PICTURE = talking(SPEECH)


def test_a_mouth_alone_proves_its_driver() -> None:
    telemetry = told({"mouth_open": SPEECH}, end=14)
    seen = assess(telemetry, PICTURE, 3.5, 13.5, head=HEAD)
    assert seen.score > 1.5
    assert seen.lag == pytest.approx(0.6, abs=0.08)
    assert assess(telemetry, PICTURE, 3.5, 13.5).score < seen.score


def test_anothers_mouth_proves_nothing() -> None:
    driving = assess(told({"mouth_open": OTHER}, end=14), PICTURE, 3.5, 13.5, head=HEAD)
    assert driving.score < 0.5
    assert driving.weight > -1.0, "a mouth that is not seen may be one that the avatar does not have"


def test_a_head_that_is_told_needs_no_face() -> None:
    telemetry = told({"mouth_open": SPEECH, "yaw": TURN}, end=14)
    assert assess(telemetry, PICTURE, 3.5, 13.5, head=HEAD) == assess(telemetry, PICTURE, 3.5, 13.5)


def test_a_face_that_cannot_be_made_out_is_none() -> None:
    assert face(PICTURE, 3.5, 13.5, (0.4, 0.2, 0.02, 0.03), CALIBRATION) is None
    assert face(PICTURE, 40.0, 50.0, HEAD, CALIBRATION) is None
    assert face(PICTURE, 12.0, 22.0, HEAD, CALIBRATION) is None, "most of the window was not seen"
    telemetry = told({"mouth_open": SPEECH}, end=14)
    small = assess(telemetry, PICTURE, 3.5, 13.5, head=(0.4, 0.2, 0.02, 0.03))
    assert small == assess(telemetry, PICTURE, 3.5, 13.5)


def test_a_head_at_the_rim_or_outside_harms_nobody() -> None:
    for head in [(-0.2, -0.2, 0.3, 0.5), (0.9, 0.8, 0.3, 0.6), (3.0, 3.0, 0.3, 0.6)]:
        driving = assess(told({"mouth_open": OTHER}, end=14), PICTURE, 3.5, 13.5, head=head)
        assert np.isfinite(driving.score)
        assert driving.score < 1.0
