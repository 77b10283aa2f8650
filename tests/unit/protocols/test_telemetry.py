import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.telemetry import CHANNELS, MISSING, TelemetryBatch, TelemetryRefused, TelemetrySample

unit = st.floats(-1, 1)


def test_a_sample_is_read_from_the_wire_and_shifted():
    sample = TelemetrySample.from_wire({"t": 2, "yaw": -8.5, "mouthOpen": 0.25, "unheardOf": "x"}, offset=10.0)
    assert (sample.at, sample.yaw, sample.mouth_open, sample.pitch) == (12.0, -8.5, 0.25, None)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"t": None},
        {"t": "1"},
        {"t": True},
        {"t": math.nan},
        {"t": 0, "yaw": math.inf},
        {"t": 0, "yaw": 1e9},
        {"t": 0, "mouthOpen": 3.0},
        {"t": 0, "smile": [1]},
    ],
)
def test_what_is_no_motion_is_refused_with_the_name_of_the_channel(values):
    with pytest.raises(TelemetryRefused, match=r"'(t|yaw|mouthOpen|smile)'"):
        TelemetrySample.from_wire(values)


@given(st.fixed_dictionaries({"t": st.floats(0, 1e6)}, optional=dict.fromkeys(CHANNELS, unit)))
def test_the_wire_and_back(values):
    assert TelemetrySample.from_wire(values).to_wire() == values


def test_a_batch_is_its_samples():
    steps = np.array([[150, MISSING], [MISSING, 300], [0, 32767]], dtype=np.int16)
    batch = TelemetryBatch(times=[1.0, 2.0], names=("yaw", "roll", "smile"), steps=steps)
    assert batch.samples() == (
        TelemetrySample(at=1.0, yaw=1.5, smile=0.0),
        TelemetrySample(at=2.0, roll=3.0, smile=2.0),
    )
    assert (batch.at, len(batch)) == (2.0, 2)
    nothing = TelemetryBatch(times=[1.0], names=(), steps=np.empty((0, 1), dtype=np.int16))
    assert nothing.samples() == (TelemetrySample(at=1.0),)
