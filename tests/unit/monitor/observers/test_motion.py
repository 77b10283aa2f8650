"""The motion observer on pictures whose motion is known."""

import numpy as np
import pytest

from monitor.observers.motion import MotionObserver
from protocols.observation import DETAIL_COLUMNS, DETAIL_ROWS, GRID_COLUMNS, GRID_ROWS


def textured(shift: float = 0.0, *, height: int = 360, width: int = 640) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    columns = (columns - shift) * 640 / width
    rows = rows * 360 / height
    waves = np.sin(columns / 9.0 + np.sin(rows / 23.0)) + np.sin(rows / 11.0 + columns / 31.0)
    return (128 + 50 * waves).clip(0, 255).astype(np.uint8)


def test_first_frame_has_no_motion() -> None:
    assert MotionObserver(rate=60.0).observe(textured(), 0.0) is None


def test_a_pan_is_measured_in_picture_widths_per_second() -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(textured(0.0), 0.0)
    motion = observer.observe(textured(3.2), 0.04)
    assert motion is not None
    assert motion.flow.shape == (GRID_ROWS, GRID_COLUMNS, 2)
    assert motion.flow.dtype == np.float32
    assert np.median(motion.flow[..., 0]) == pytest.approx(3.2 / 640 / 0.04, rel=0.1)
    assert abs(np.median(motion.flow[..., 1])) < 0.01
    assert motion.interval == pytest.approx(0.04)


def test_detail_is_means_of_cells() -> None:
    observer = MotionObserver(rate=60.0)
    half = np.zeros((360, 640), dtype=np.uint8)
    half[:, 320:] = 200
    observer.observe(half, 0.0)
    motion = observer.observe(half, 0.04)
    assert motion is not None
    assert motion.detail.shape == (DETAIL_ROWS, DETAIL_COLUMNS)
    assert motion.detail[:, :63].max() == 0
    assert motion.detail[:, 65:].min() == 200
    assert np.abs(motion.flow).max() < 1e-3


@pytest.mark.parametrize("later", [0.0, -0.1, 0.6], ids=["repeated", "backward", "gap"])
def test_unusable_time_gives_nothing(later: float) -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(textured(0.0), 5.0)
    assert observer.observe(textured(3.2), 5.0 + later) is None


def test_a_repeated_time_stamp_keeps_the_frame_before() -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(textured(0.0), 0.0)
    observer.observe(textured(60.0), 0.0)
    motion = observer.observe(textured(3.2), 0.04)
    assert motion is not None
    assert np.median(motion.flow[..., 0]) == pytest.approx(0.125, rel=0.1)


def test_after_a_gap_motion_is_measured_again() -> None:
    observer = MotionObserver(rate=60.0)
    for at in (0.0, 3.0):
        assert observer.observe(textured(0.0), at) is None
    assert observer.observe(textured(3.2), 3.04) is not None


def test_a_change_of_resolution_starts_anew() -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(textured(), 0.0)
    assert observer.observe(textured(height=180, width=320), 0.04) is None
    assert observer.observe(textured(height=180, width=320), 0.08) is not None


def test_reset_forgets() -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(textured(), 0.0)
    observer.reset()
    assert observer.observe(textured(), 0.04) is None


@pytest.mark.parametrize(
    "luma",
    [np.zeros((360, 640, 3), np.uint8), np.zeros((360, 640), np.float32), np.zeros((8, 640), np.uint8)],
    ids=["colour", "float", "sliver"],
)
def test_what_is_no_luma_plane_is_refused(luma: np.ndarray) -> None:
    with pytest.raises(ValueError, match="luma plane"):
        MotionObserver(rate=60.0).observe(luma, 0.0)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        MotionObserver(rate=60.0).observe(textured(), float("nan"))


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_pictures_have_finite_motion(value: int) -> None:
    observer = MotionObserver(rate=60.0)
    observer.observe(np.full((360, 640), value, np.uint8), 0.0)
    motion = observer.observe(np.full((360, 640), value, np.uint8), 0.04)
    assert motion is not None
    assert np.isfinite(motion.flow).all()


def test_frames_that_come_sooner_than_asked_for_are_passed_over() -> None:
    observer = MotionObserver(rate=16.0)
    motions = [observer.observe(textured(3.2 * index), 0.04 * index) for index in range(9)]
    seen = [motion for motion in motions if motion is not None]
    assert [round(motion.at, 2) for motion in seen] == [0.08, 0.16, 0.24, 0.32]
    assert np.median(seen[0].flow[..., 0]) == pytest.approx(0.125, rel=0.1)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        MotionObserver(rate=0.0)
