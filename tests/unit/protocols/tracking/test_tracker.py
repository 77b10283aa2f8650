"""The trackers by name, and what all of them do with noise."""

import math
import tracemalloc
from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.telemetry import TelemetrySample
from protocols.tracking import vtube_studio
from protocols.tracking.reading import Decoder, PacketRefused, Reading
from protocols.tracking.tracker import PORTS, TITLES, Tracker, decoder
from tests.unit.protocols.tracking import packets

REAL = [
    packets.vmc_frame(1.0, packets.about("y", 10.0), packets.blend("A", 0.4)),
    packets.bone("LeftUpperArm", packets.about("z", 70.0)),
    packets.openseeface(mouth=0.3),
    packets.ifacialmocap((1.0, 2.0, 3.0, 0.0, 0.0, 0.0), version=2, jawOpen=3),
    packets.phone((1.0, 2.0, 3.0), JawOpen=0.5),
    packets.mediapipe([[1, 0, 0], [0, 1, 0], [0, 0, 1]], jawOpen=0.1),
    packets.vts_parameters(FaceAngleX=1.0, MouthOpen=0.2),
]


class VtubeStudioAnswers:
    """The plugin API's answers as a decoder among the others."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        said = vtube_studio.answer(packet, at)
        return (said,) if isinstance(said, Reading) else ()


def readers() -> list[Decoder]:
    return [found for one in Tracker if (found := decoder(one)) is not None] + [VtubeStudioAnswers()]


def test_every_tracker_has_a_port_and_a_title() -> None:
    assert set(PORTS) == set(TITLES) == set(Tracker)
    assert len(set(PORTS.values())) == len(PORTS)
    assert decoder(Tracker.VTUBE_STUDIO) is None
    assert all(decoder(one) for one in Tracker if one is not Tracker.VTUBE_STUDIO)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A real packet with bytes changed, cut out, or put in."""
    packet = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(packet)))
        packet[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(packet)


def sound(sample: TelemetrySample) -> bool:
    """Whether every value is a number within what the channel takes."""
    told = {field.name: getattr(sample, field.name) for field in fields(sample)}
    sizes = {name: 180.0 if name.endswith(("yaw", "pitch", "roll")) else 1.0 for name in told if name != "at"}
    return all(told[name] is None or (math.isfinite(told[name]) and abs(told[name]) <= sizes[name]) for name in sizes)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300) | spoiled() | st.sampled_from(REAL), max_size=6))
def test_noise_is_refused_or_read_and_nothing_else(stream: list[bytes]) -> None:
    for reader in readers():
        for number, packet in enumerate(stream):
            try:
                readings = reader.read(packet, float(number))
            except PacketRefused:
                continue
            assert all(reading.sample is None or sound(reading.sample) for reading in readings)


@pytest.mark.parametrize("bad", [b"\0" * 1000, REAL[0][:-3], REAL[4] + b"}", REAL[5].replace(b"[", b"[[")])
def test_refusing_keeps_nothing(bad: bytes) -> None:
    for reader in readers():
        _refuse(reader, bad, 50)
        tracemalloc.start()
        _refuse(reader, bad, 400)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept < 20_000


def _refuse(reader: Decoder, bad: bytes, times: int) -> None:
    for _ in range(times):
        with suppress(PacketRefused):
            reader.read(bad, 1.0)
