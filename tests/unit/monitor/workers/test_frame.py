"""What passes between a service and its workers comes through as it was, and nothing else comes in."""

import asyncio
import json
import struct

import numpy as np
import pytest

from monitor.workers.frame import MOST_BODY, Frame, FrameRefused, observation, of_observation, read
from protocols.observation import Look, Motion

MOTION = Motion(
    at=1.5,
    interval=0.04,
    flow=np.ones((18, 32, 2), np.float32),
    detail=np.arange(72 * 128, dtype=np.uint8).reshape(72, 128),
)
LOOK = Look(at=2.0, vector=np.eye(1, 8, dtype=np.float32)[0], confidence=0.9, fresh=True, head=(0.1, 0.2, 0.3, 0.4))


async def through(data: bytes) -> Frame | None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read(reader)


async def test_motion_comes_through_to_the_last_bit() -> None:
    frame = await through(of_observation("ses_1", MOTION).packed())
    assert frame is not None
    assert frame.stream == "ses_1"
    seen = observation(frame)
    assert isinstance(seen, Motion)
    assert (seen.at, seen.interval) == (MOTION.at, MOTION.interval)
    for name in ("flow", "detail"):
        ours, theirs = getattr(MOTION, name), getattr(seen, name)
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("look", [LOOK, Look(at=2.0, vector=None, confidence=0.0)])
async def test_a_look_comes_through(look: Look) -> None:
    frame = await through(of_observation("ses_1", look).packed())
    assert frame is not None
    seen = observation(frame)
    assert isinstance(seen, Look)
    assert (seen.at, seen.confidence, seen.fresh, seen.head) == (look.at, look.confidence, look.fresh, look.head)
    assert np.array_equal(np.zeros(0) if seen.vector is None else seen.vector,
                          np.zeros(0) if look.vector is None else look.vector)  # fmt: skip


async def test_the_end_is_no_frame() -> None:
    assert await through(b"") is None
    assert await through(Frame(kind="count", stream="s", says={}).packed()[:-1]) is None


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 10, MOST_BODY + 1) + b"x" * 10,
        struct.pack(">II", 2**31, 0),
        struct.pack(">II", 4, 0) + b"none",
        struct.pack(">II", 2, 0) + b"{}",
        struct.pack(">II", 13, 0) + json.dumps([1, "s", {}]).encode().ljust(13),
    ],
)
async def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(FrameRefused):
        await through(data)


@pytest.mark.parametrize(
    "says",
    [
        {},
        {"type": "Presence", "says": {}, "arrays": []},
        {"type": "Look", "says": {"at": 1.0}, "arrays": []},
        {"type": "Look", "says": {"at": 1.0, "confidence": 1.0, "evil": 1}, "arrays": []},
        {"type": "Look", "says": {"at": 1.0, "confidence": 1.0}, "arrays": [["vector", "object", [1]]]},
        {"type": "Look", "says": {"at": 1.0, "confidence": 1.0}, "arrays": [["vector", "float32", [10**9]]]},
        {"type": "Look", "says": {"at": 1.0, "confidence": 1.0}, "arrays": [["vector", "float32", []]]},
    ],
)
def test_what_is_no_observation_is_refused(says: dict[str, object]) -> None:
    with pytest.raises(FrameRefused):
        observation(Frame(kind="observation", stream="s", says=says, body=b"1234"))
