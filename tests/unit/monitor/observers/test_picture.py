"""Planes and colours of frames as decoders give them."""

import av
import numpy as np
import pytest

from monitor.observers.picture import SceneCut, colour, luma


def frame(width: int, height: int, format: str = "yuv420p", *, grey: int = 100) -> av.VideoFrame:  # noqa: A002
    ramp = np.linspace(grey, grey + 60, width, dtype=np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], height, axis=0), 3, axis=2)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24").reformat(format=format)


@pytest.mark.parametrize("format", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray"])
@pytest.mark.parametrize("size", [(640, 360), (636, 358), (64, 36), (1, 1), (17, 3)])
def test_luma_is_a_view_of_the_visible_part_of_the_plane(format: str, size: tuple[int, int]) -> None:  # noqa: A002
    shown = frame(*size, format)
    plane = luma(shown)
    assert (plane.shape, plane.dtype) == ((size[1], size[0]), np.uint8)
    assert not plane.flags.owndata
    assert plane.min() > 50  # no padding
    if size[0] > 1:
        assert (np.diff(plane.astype(int), axis=1) >= 0).all()
        assert plane[0, 0] < plane[0, -1]


def test_luma_outlives_the_frame() -> None:
    plane = luma(frame(640, 360))
    before = plane.copy()
    others = [frame(640, 360, grey=1) for _ in range(20)]
    assert np.array_equal(plane, before)
    assert len(others) == 20


@pytest.mark.parametrize("format", ["yuv420p10le", "rgb24", "bgra", "yuva420p", "gbrp"])
def test_other_formats_are_converted(format: str) -> None:  # noqa: A002
    plane = luma(frame(64, 36, format))
    assert (plane.shape, plane.dtype) == ((36, 64), np.uint8)
    assert plane[0, 0] < plane[0, -1]


@pytest.mark.parametrize(
    ("size", "expected"), [((640, 360), (360, 640, 3)), ((1280, 720), (360, 640, 3)), ((4096, 2), (2, 640, 3))]
)
def test_colour_is_scaled_down_and_never_up(size: tuple[int, int], expected: tuple[int, int, int]) -> None:
    picture = colour(frame(*size))
    assert (picture.shape, picture.dtype) == (expected, np.uint8)


def test_a_small_picture_stays_as_it_is() -> None:
    assert colour(frame(64, 36)).shape == (36, 64, 3)


def plane(grey: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    return np.full((36, 64), grey, dtype=np.uint8)


def test_a_scene_cut_is_a_large_difference_to_the_picture_before() -> None:
    scene = SceneCut(threshold=28.0)
    assert [scene.observe(plane(grey)) for grey in (0, 28, 56, 84, 113, 113)] == [
        False,
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_change_of_resolution_alone_is_no_scene_cut() -> None:
    scene = SceneCut()
    scene.observe(plane(90))
    assert not scene.observe(np.full((720, 1280), 90, dtype=np.uint8))
    assert scene.observe(np.full((7, 5), 200, dtype=np.uint8))
