"""The VMC protocol: frames however they are cut into packets, signs, expressions, and what makes no sense."""

import pytest

from protocols.telemetry import TelemetrySample
from protocols.tracking.reading import PacketRefused
from protocols.tracking.vmc import VmcDecoder
from tests.unit.protocols.tracking.packets import about, blend, bone, bundle, osc, tick, vmc_frame


def only(*parts: bytes) -> TelemetrySample:
    """The one sample of a frame, which the next frame's tick brings out."""
    decoder = VmcDecoder()
    assert decoder.read(bundle(tick(1.0), *parts), 10.0) == ()
    [reading] = decoder.read(tick(1.1), 10.1)
    assert reading.sample is not None
    assert reading.sent == pytest.approx(1.0)
    return reading.sample


@pytest.mark.parametrize(
    ("axis", "degrees", "channel", "value"),
    [("y", -20.0, "yaw", 20.0), ("x", -10.0, "pitch", 10.0), ("z", -5.0, "roll", 5.0)],
)
def test_the_head_turns_as_the_telemetry_means_it(axis: str, degrees: float, channel: str, value: float) -> None:
    sample = only(bone("Head", about(axis, degrees)))
    assert {name: getattr(sample, name) for name in ("yaw", "pitch", "roll")} == pytest.approx(
        {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, channel: value}, abs=1e-4
    )
    assert sample.at == 10.0
    assert sample.torso_yaw is None
    assert sample.hand_l is None


def test_the_spine_carries_the_head_and_is_the_torso() -> None:
    sample = only(bone("Spine", about("y", -10.0)), bone("Neck", about("y", -5.0)), bone("Head", about("y", -5.0)))
    assert sample.torso_yaw == pytest.approx(10.0, abs=1e-4)
    assert sample.yaw == pytest.approx(20.0, abs=1e-4)


def test_arms_hang_reach_out_and_go_up() -> None:
    assert only(bone("LeftUpperArm")).hand_l == pytest.approx(0.0, abs=1e-6)
    assert only(bone("LeftUpperArm", about("z", 90.0))).hand_l == pytest.approx(-1.0, abs=1e-4)
    assert only(bone("RightUpperArm", about("z", 90.0))).hand_r == pytest.approx(1.0, abs=1e-4)
    bent = only(bone("RightUpperArm"), bone("RightShoulder"), bone("RightLowerArm", about("z", 90.0)))
    assert bent.hand_r == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("shapes", "face"),
    [
        ({"A": 0.5, "O": 1.0}, {"mouth_open": 0.7}),
        ({"aa": 0.9, "ih": 0.1}, {"mouth_open": 0.9}),
        ({"JawOpen": 0.4, "A": 0.9}, {"mouth_open": 0.4}),
        ({"Blink": 0.8}, {"eye_blink": 0.8}),
        ({"Blink_L": 1.0, "Blink_R": 0.5}, {"eye_blink": 0.75}),
        ({"blinkLeft": 0.2, "blinkRight": 0.2, "blink": 0.0}, {"eye_blink": 0.2}),
        ({"eyeBlinkLeft": 0.6, "eyeBlinkRight": 0.8}, {"eye_blink": 0.7}),
        ({"Joy": 0.6}, {"smile": 0.6}),
        ({"happy": 3.0}, {"smile": 1.0}),
        ({"mouthSmileLeft": 0.2, "mouthSmileRight": 0.4}, {"smile": 0.3}),
        ({"Sorrow": 1.0, "A": 0.0}, {"mouth_open": 0.0}),
    ],
)
def test_expressions_of_each_naming_are_understood(shapes: dict[str, float], face: dict[str, float]) -> None:
    sample = only(*(blend(name, value) for name, value in shapes.items()))
    told = {name: getattr(sample, name) for name in ("mouth_open", "eye_blink", "smile")}
    assert {name: value for name, value in told.items() if value is not None} == pytest.approx(face)


def test_frames_are_found_in_single_packets_without_a_tick() -> None:
    decoder = VmcDecoder()
    assert decoder.read(bone("Neck"), 1.00) == ()
    assert decoder.read(bone("Head", about("y", -10.0)), 1.01) == ()
    [reading] = decoder.read(bone("Neck"), 1.03)
    assert reading.sample is not None
    assert (reading.sample.at, reading.sample.yaw) == (1.01, pytest.approx(10.0, abs=1e-4))
    assert reading.sent is None


def test_a_frame_in_which_nothing_moved_is_none() -> None:
    decoder = VmcDecoder()
    assert [decoder.read(tick(at), at) for at in (1.0, 2.0, 3.0)] == [(), (), ()]


@pytest.mark.parametrize("ok", [osc("/VMC/Ext/OK", "iiii", 1, 3, 0, 0), osc("/VMC/Ext/OK", "i", 0)])
def test_a_tracker_that_sees_nobody_says_so(ok: bytes) -> None:
    decoder = VmcDecoder()
    decoder.read(bundle(ok, tick(1.0), bone("Head")), 1.0)
    [reading] = decoder.read(vmc_frame(1.1), 1.1)
    assert reading.sample is None
    [reading] = decoder.read(vmc_frame(1.2), 1.2)
    assert reading.sample is not None


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (osc("/VMC/Ext/Bone/Pos", "s", "Head"), "1 arguments"),
        (osc("/VMC/Ext/Bone/Pos", "ifffffff", 1, *[0.0] * 7), "without a name"),
        (osc("/VMC/Ext/Bone/Pos", "sfffffff", "Head", *[0.0] * 7), "direction"),
        (osc("/VMC/Ext/Bone/Pos", "sfffffff", "Head", 0.0, 0.0, 0.0, float("nan"), 0.0, 0.0, 1.0), "nan"),
        (osc("/VMC/Ext/Blend/Val", "ss", "A", "much"), "much"),
        (osc("/VMC/Ext/Blend/Val"), "0 arguments"),
        (osc("/VMC/Ext/T", "f", float("inf")), "inf"),
        (osc("/VMC/Ext/OK"), "0 arguments"),
        (b"x" * 70_000, "70000 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        VmcDecoder().read(packet, 1.0)


def test_names_that_nobody_knows_are_passed_over_and_kept_nowhere() -> None:
    decoder = VmcDecoder()
    for number in range(1000):
        decoder.read(bundle(blend(f"x{number}", 1.0), bone(f"b{number}"), osc(f"/y/{number}", "i", 1)), float(number))
    assert (decoder._bones, decoder._shapes, decoder._fresh) == ({}, {}, set())
