"""Packing: what goes over the wire comes back, and what is not packed as it must be is one clear fault."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.channel.intake import Intake
from protocols.channel.limits import Limits
from protocols.channel.message import NO_SAMPLES, Samples
from protocols.channel.packing import pack, unpack
from protocols.channel.violation import Fault, TheirViolation
from protocols.telemetry import TelemetrySample

DEGREES, SHARES = st.none() | st.floats(-180, 180), st.none() | st.floats(-2, 2)


@given(
    st.lists(
        st.builds(
            TelemetrySample, at=st.floats(0, 1e6), yaw=DEGREES, mouth_open=SHARES, hand_l=SHARES, torso_roll=DEGREES
        ),
        max_size=8,
    )
)
def test_samples_come_back_to_a_hundredth_of_a_degree(samples: list[TelemetrySample]) -> None:
    records = unpack(pack(samples))
    assert len(records) == len(samples)
    assert list(records.times) == [round(sample.at * 1e6) for sample in samples]
    for name, row in zip(records.names, records.steps.tolist(), strict=True):
        step = 0.01 if name in {"yaw", "torso_roll"} else 0.0001
        told = [getattr(sample, name) for sample in samples]
        assert [None if steps == -32768 else steps * step for steps in row] == [
            None if value is None else pytest.approx(value, abs=step / 2 + 1e-9) for value in told
        ]
    untold = {"yaw", "mouth_open", "hand_l", "torso_roll"} - set(records.names)
    assert all(getattr(sample, name) is None for sample in samples for name in untold)


def test_a_sample_lies_on_the_wire_as_it_is_documented() -> None:
    packed = pack([TelemetrySample(at=1.5, yaw=-2.5, smile=0.25), TelemetrySample(at=2.0, yaw=1.0)])
    assert packed.channels == ["yaw", "smile"]
    assert packed.values == struct.pack("<2q4h", 1_500_000, 2_000_000, -250, 100, 2500, -32768)


def test_what_is_beyond_a_number_is_cut() -> None:
    assert unpack(pack([TelemetrySample(at=0.0, yaw=1e9, smile=-1e9)])).steps.tolist() == [[32767], [-32767]]


def test_nothing_is_packed_as_nothing() -> None:
    assert pack([]) is NO_SAMPLES
    assert len(unpack(NO_SAMPLES)) == 0
    bare = pack([TelemetrySample(at=3.0)])
    assert (bare.channels, unpack(bare).times) == ([], (3_000_000,))


@pytest.mark.parametrize(
    "samples",
    [
        Samples(channels=[], values=b"1234567"),
        Samples(channels=["yaw"], values=bytes(11)),
        Samples(channels=["pitch", "yaw"], values=bytes(12)),
        Samples(channels=["yaw", "yaw"], values=bytes(12)),
    ],
)
def test_what_is_packed_otherwise_is_malformed(samples: Samples) -> None:
    with pytest.raises(TheirViolation) as caught:
        unpack(samples)
    assert caught.value.fault is Fault.MALFORMED


@given(st.binary(max_size=400), st.sampled_from([[], ["yaw"], ["yaw", "smile", "torsoRoll"]]))
def test_any_bytes_are_samples_within_their_limits_or_refused(values: bytes, channels: list) -> None:
    try:
        records = unpack(Samples(channels=channels, values=values))
    except TheirViolation:
        return
    taken = Intake(Limits(), zero=0.0).take(10.0, records, 10.0)
    assert taken.count + taken.refused == len(records)
    for sample in taken.batch.samples() if taken.batch is not None else ():
        assert 0.0 <= sample.at <= 10.25
        assert abs(sample.yaw or 0.0) <= 180.0
        assert abs(sample.smile or 0.0) <= 2.0
