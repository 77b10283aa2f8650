"""The tracks keep what was told and where the head was, for as long as it helps."""

import numpy as np

from protocols.observation import Look
from protocols.rules.tracks import Tracks
from protocols.telemetry import TelemetryBatch

HEAD = 0.3, 0.1, 0.2, 0.4


def test_a_window_begins_with_the_head_of_the_nearest_look() -> None:
    tracks = Tracks()
    assert tracks._head(1.0) is None
    tracks.observe(Look(at=1.0, vector=None, confidence=0.0))
    tracks.observe(Look(at=2.0, vector=None, confidence=0.5, head=HEAD))
    tracks.observe(Look(at=6.0, vector=None, confidence=0.5, head=(0.1, 0.1, 0.2, 0.4)))
    assert tracks._head(3.0) == HEAD
    assert tracks._head(20.0) is None, "a head moves on"


def test_a_batch_tells_the_same_as_its_samples_one_by_one() -> None:
    times = [1.0 + number / 30 for number in range(30)]
    batch = TelemetryBatch(times=times, names=("yaw",), steps=np.arange(30, dtype=np.int16)[None] * 100)
    together, one_by_one = Tracks(), Tracks()
    together.observe(batch)
    for sample in batch.samples():
        one_by_one.observe(sample)
    assert together.told(1.0, 2.0)
    told, same = together.telemetry.between(0.0, 3.0), one_by_one.telemetry.between(0.0, 3.0)
    assert np.array_equal(told.times, same.times)
    assert np.allclose(told.channels["yaw"], same.channels["yaw"])


def test_no_avatar_is_there_where_none_was_located_at_several_looks() -> None:
    tracks = Tracks()
    assert not tracks.vacant(0.0, 10.0), "nobody looked"
    tracks.observe(Look(at=1.0, vector=None, confidence=0.0))
    assert not tracks.vacant(0.0, 10.0), "one look may be mistaken"
    tracks.observe(Look(at=3.0, vector=None, confidence=0.0))
    assert tracks.vacant(0.0, 10.0)
    tracks.observe(Look(at=5.0, vector=None, confidence=0.5, head=HEAD))
    assert not tracks.vacant(0.0, 10.0)
