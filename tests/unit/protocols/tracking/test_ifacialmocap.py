"""iFacialMocap: both versions, the vendor's own odd example, and what is refused."""

import pytest

from protocols.tracking.ifacialmocap import IFacialMocapDecoder
from protocols.tracking.reading import PacketRefused
from tests.unit.protocols.tracking.packets import ifacialmocap


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_say_the_same(version: int) -> None:
    packet = ifacialmocap(
        (-10.0, -20.0, 0.0, 0, 0, 0), version=version, jawOpen=50, eyeBlink_L=100, eyeBlink_R=50, mouthSmile_L=20
    )
    [reading] = IFacialMocapDecoder().read(packet, 3.0)
    sample = reading.sample
    assert sample is not None
    assert (sample.at, sample.yaw, sample.pitch) == pytest.approx((3.0, 20.0, 10.0))
    assert (sample.mouth_open, sample.eye_blink, sample.smile) == pytest.approx((0.5, 0.75, 0.2))
    assert reading.sent is None


def test_an_example_with_stray_pieces_is_read() -> None:
    # Shaped as the one that the vendor publishes: a lone number, a block without a name, movements missing.
    packet = b"mouthSmile_R-0(eyeWide_R-0)x|1|mouthLeft-3|jawOpen-7|=head#-21.5,-6.0,-6.6,-0.03,-0.1,-0.66|rightEye#6,2"
    packet = packet.replace(b"(eyeWide_R-0)x", b"") + b",0|leftEye#6,-1,-0|34903,-1.66,-0.17|"
    [reading] = IFacialMocapDecoder().read(packet, 1.0)
    assert reading.sample is not None
    assert reading.sample.mouth_open == pytest.approx(0.07)
    assert reading.sample.pitch == pytest.approx(21.5)


def test_movements_without_a_head_and_a_head_without_movements_are_something() -> None:
    [movements] = IFacialMocapDecoder().read(b"jawOpen-10|", 1.0)
    [head] = IFacialMocapDecoder().read(b"=head#0,0,0|", 1.0)
    assert movements.sample is not None
    assert head.sample is not None
    assert (movements.sample.yaw, head.sample.mouth_open) == (None, None)


def test_negative_and_overshooting_movements_are_cut() -> None:
    [reading] = IFacialMocapDecoder().read(b"jawOpen&-3|eyeBlink_L&104|", 1.0)
    assert reading.sample is not None
    assert (reading.sample.mouth_open, reading.sample.eye_blink) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "neither"),
        (b"hello|world|", "neither"),
        (b"\xff\xfe", "no text"),
        (b"jawOpen-much|", "'much'"),
        (b"jawOpen-nan|", "no measurement"),
        (b"=head#1,2|", "fewer than three"),
        (b"=head#a,b,c|", "'a'"),
        (b"|" * 300, "parts"),
    ],
)
def test_what_makes_no_sense_is_refused(packet: bytes, why: str) -> None:
    with pytest.raises(PacketRefused, match=why):
        IFacialMocapDecoder().read(packet, 1.0)
