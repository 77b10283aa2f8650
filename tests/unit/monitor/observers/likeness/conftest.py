import cv2
import numpy as np
import pytest

from monitor.observers.likeness import Sight


@pytest.fixture(scope="session")
def sight():
    return Sight.load()


def drawn(*, side=256, hair=(40, 60, 200), skin=(170, 200, 240), shirt=(180, 90, 30), background=(200, 190, 170)):
    """A plain drawn avatar of head and shoulders on a plain ground, as a BGR picture."""
    picture = np.full((side, side, 3), background, np.uint8)

    def at(x, y):
        return int(x * side), int(y * side)

    cv2.ellipse(picture, at(0.5, 0.98), at(0.3, 0.26), 0, 0, 360, shirt, -1, cv2.LINE_AA)
    cv2.rectangle(picture, at(0.45, 0.6), at(0.55, 0.78), skin, -1)
    cv2.ellipse(picture, at(0.5, 0.4), at(0.23, 0.27), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(picture, at(0.5, 0.46), at(0.17, 0.21), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for x in (0.43, 0.57):
        cv2.ellipse(picture, at(x, 0.46), at(0.035, 0.05), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(picture, at(x, 0.465), int(0.025 * side), (90, 60, 20), -1, cv2.LINE_AA)
        cv2.line(picture, at(x - 0.04, 0.385), at(x + 0.04, 0.38), hair, max(2, side // 90), cv2.LINE_AA)
    cv2.ellipse(picture, at(0.5, 0.58), at(0.05, 0.015), 0, 0, 180, (60, 60, 190), -1, cv2.LINE_AA)
    return picture


@pytest.fixture
def avatar():
    return drawn()
