"""Rotations: each axis by itself, and what is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.tracking.reading import PacketRefused
from protocols.tracking.rotation import STRAIGHT, Angles, angles, euler, matrix, raised, times, turned, unit
from tests.unit.protocols.tracking.packets import about


def told(pose: Angles) -> tuple[float, float, float]:
    return pose.yaw, pose.pitch, pose.roll


@pytest.mark.parametrize(
    ("axis", "degrees", "pose"),
    [
        # Unity: from above, a turn about y is clockwise, so the avatar turns to its own right.
        ("y", 20.0, (-20.0, 0.0, 0.0)),
        ("y", -170.0, (170.0, 0.0, 0.0)),
        # About x the nose goes down.
        ("x", 15.0, (0.0, -15.0, 0.0)),
        # About z the avatar's right side goes up: tilted to its own left.
        ("z", 10.0, (0.0, 0.0, -10.0)),
    ],
)
def test_each_axis_turns_as_unity_turns_it(axis: str, degrees: float, pose: tuple[float, float, float]) -> None:
    assert told(angles(matrix(about(axis, degrees)))) == pytest.approx(pose, abs=1e-9)
    by_euler = euler(*(degrees if one == axis else 0.0 for one in "xyz"))
    assert told(angles(matrix(by_euler))) == pytest.approx(pose, abs=1e-9)


@given(st.floats(-179, 179), st.floats(-85, 85), st.floats(-179, 179))
def test_angles_find_what_euler_was_given(yaw: float, pitch: float, roll: float) -> None:
    assert told(angles(matrix(euler(-pitch, -yaw, -roll)))) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_looking_straight_up_is_no_error() -> None:
    assert angles(matrix(unit((-1.0, 0.0, 0.0, 1.0)))).pitch == pytest.approx(90.0)


def test_a_child_turns_within_its_parent() -> None:
    neck, head = about("y", 20.0), about("y", 15.0)
    assert told(angles(matrix(times(neck, head)))) == pytest.approx((-35.0, 0.0, 0.0), abs=1e-9)
    assert times(STRAIGHT, head) == pytest.approx(head)


@pytest.mark.parametrize(
    ("direction", "height"),
    [((1.0, 0.0, 0.0), 0.0), ((0.0, -2.0, 0.0), -1.0), ((0.0, 1.0, 0.0), 1.0), ((0.0, 1.0, 1.0), 0.5)],
)
def test_arms_are_raised_from_hanging_to_straight_up(direction: tuple[float, float, float], height: float) -> None:
    assert raised(direction) == pytest.approx(height)


def test_directions_turn_with_the_pose() -> None:
    assert turned(matrix(about("z", 90.0)), (1.0, 0.0, 0.0)) == pytest.approx((0.0, 1.0, 0.0), abs=1e-9)


@pytest.mark.parametrize("none", [(0.0, 0.0, 0.0, 0.0), (1e9, 0.0, 0.0, 0.0)])
def test_a_quaternion_without_a_direction_is_refused(none: tuple[float, float, float, float]) -> None:
    with pytest.raises(PacketRefused, match="direction"):
        unit(none)


def test_a_unit_quaternion_has_length_one() -> None:
    assert math.hypot(*unit((0.3, 0.1, 0.2, 0.4))) == pytest.approx(1.0)
