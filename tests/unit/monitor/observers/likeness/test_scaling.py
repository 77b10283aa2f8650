import cv2
import numpy as np
import pytest

from monitor.observers.likeness.scaling import shrunk, square


@pytest.mark.parametrize("centre", [(50.0, 50.0), (0.0, 0.0), (99.0, 20.0), (-500.0, 50.0), (50.0, 4000.0)])
@pytest.mark.parametrize("edge", [1.0, 37.3, 160.0, 5000.0])
def test_a_square_is_cut_anywhere_and_what_lies_outside_is_grey(centre, edge):
    picture = np.full((80, 100, 3), 250, np.uint8)
    out = square(picture, centre, edge, 64, 114)
    assert out.shape == (64, 64, 3)
    assert set(np.unique(out)) <= {114, 250}


def test_a_square_shows_what_lies_there():
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[100:, :100] = 255
    out = square(picture, (100.0, 100.0), 100.0, 50, 114)
    assert out[:24, :].max() == 0
    assert out[26:, :24].min() == 255
    assert out[26:, 26:].max() == 0


@pytest.mark.parametrize("size", [(288, 160), (160, 288), (32, 32), (640, 360), (1400, 800)])
def test_a_picture_is_scaled_as_a_slow_area_average_would(size):
    ramp = np.add.outer(np.arange(720), np.arange(1280)).astype(np.float32) * 255 / 2000
    picture = np.dstack([ramp, ramp[::-1], ramp[:, ::-1]]).astype(np.uint8)
    out = shrunk(picture, size)
    assert out.shape == (size[1], size[0], 3)
    slow = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert np.abs(out.astype(int) - slow).mean() < 1.0
