import contextlib
import json
import math
import struct
import zlib
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.driving.plausibility import UNKNOWN, Plausibility
from protocols.frozen import LARGEST, FrozenRefused, duplicate, freeze, thaw
from protocols.gesture import Gesture
from protocols.observation import ChallengeAsked, Look
from protocols.policy import STANDARD
from protocols.rules.window import Windows
from protocols.telemetry import TelemetrySample


def test_what_is_frozen_is_read_back_bit_for_bit() -> None:
    array = np.array([[0.1, math.nan], [math.inf, -0.0]], np.float32)
    value = {
        "asked": ChallengeAsked(at=0.1, challenge="c", gesture=Gesture.NOD, within=8.0),
        "look": Look(at=1e-9, vector=array[0], confidence=0.3),
        "sample": TelemetrySample(at=math.pi, yaw=-0.0),
        "policy": STANDARD,
        "windows": Windows(10.0, 1.0),
        "arrays": [array, np.zeros((0, 3)), np.array([True])],
        "numbers": (np.float64(0.1), np.int64(7), 1, 2.5, True, None, "text", -math.inf),
        "row": deque([1, 2], maxlen=2),
        "set": {1, 2},
        ("a", 1): frozenset({3}),
    }
    back = thaw(freeze(value))
    assert back["asked"] == value["asked"]
    assert (back["sample"].at, math.copysign(1, back["sample"].yaw)) == (math.pi, -1)
    assert back["look"].vector.tobytes() == array[0].tobytes()
    assert back["policy"] == STANDARD
    assert isinstance(back["windows"], Windows)
    assert [one.tobytes() for one in back["arrays"]] == [one.tobytes() for one in value["arrays"]]
    assert back["arrays"][1].shape == (0, 3)
    assert back["numbers"] == value["numbers"]
    assert type(back["numbers"][0]) is np.float64
    assert (back["row"], back["row"].maxlen, back["set"]) == (deque([1, 2]), 2, {1, 2})
    assert back[("a", 1)] == frozenset({3})


def test_what_is_shared_stays_shared_and_may_go_round() -> None:
    inner: list[Any] = [1]
    inner.append(inner)
    one, other = thaw(freeze([inner, inner]))
    assert one is other
    assert one[1] is one


def test_a_constant_stays_the_one_that_it_is() -> None:
    held = {"unknown": UNKNOWN, "own": Plausibility(score=UNKNOWN.score, weight=UNKNOWN.weight, findings=())}
    for back in (thaw(freeze(held)), duplicate(held)):
        assert back["unknown"] is UNKNOWN
        assert back["own"] is not UNKNOWN
        assert back["own"] == held["own"]


@pytest.mark.parametrize("value", [object(), print, 1j, np.array(["a"]), struct.Struct("<Q"), b"bytes"])
def test_what_is_no_data_of_ours_is_not_frozen(value: object) -> None:
    with pytest.raises(FrozenRefused):
        freeze([value])


def made(nodes: list[Any], root: Any = None, body: bytes = b"", lengths: tuple[int, int] | None = None) -> bytes:
    header = json.dumps({"root": [0] if root is None else root, "nodes": nodes}).encode()
    first, second = (len(header), len(body)) if lengths is None else lengths
    return b"NKHF1\n" + zlib.compress(struct.pack("<QQ", first, second) + header + body)


@pytest.mark.parametrize(
    "nodes",
    [
        [["object", "os:system", {}]],
        [["object", "protocols.policy:_Part", {"__class__": 1}]],
        [["object", "protocols.policy:Annotated", {}]],
        [["object", "protocols.policy:BaseModel", {}]],
        [["object", "protocols.none:Thing", {}]],
        [["object", "protocols.verdict:Verdict", {"not an identifier": 1}]],
        [["object", "protocols.verdict:Verdict.at", {}]],
        [["enum", "protocols.gesture:Gesture", "EAT"]],
        [["enum", "protocols.policy:Policy", "x"]],
        [["model", "protocols.policy:Policy", {"name": "!"}]],
        [["constant", "os:environ"]],
        [["constant", "protocols.policy:Policy"]],
        [["constant", "protocols.policy:NONE"]],
        [["constant", "protocols.policy:not one"]],
        [["array", "object", [1], 0]],
        [["array", "float32", [-1], 0]],
        [["array", "float32", [10**30], 0]],
        [["array", "float32", [4], 10**30]],
        [["scalar", "object", 1]],
        [["dict", [[1]]]],
        [["set", [[0]]]],
        [["sing", []]],
        ["text"],
        [],
    ],
)
def test_what_is_made_up_is_refused(nodes: list[Any]) -> None:
    with pytest.raises(FrozenRefused):
        thaw(made(nodes))


@pytest.mark.parametrize(
    "frozen",
    [
        b"",
        b"PK",
        b"NKHF1\nno zlib",
        b"NKHF1\n" + zlib.compress(b"short"),
        b"NKHF1\n" + zlib.compress(bytes(64)),
        made([], lengths=(1, 1)),
        made([]) + b"more",
        made([])[:-3],
        b"NKHF1\n" + zlib.compress(bytes(LARGEST + 1), 1),
        b"NKHF1\n" + zlib.compress(struct.pack("<QQ", 2, 0) + b"{]"),
    ],
    ids=["empty", "zip", "no zlib", "short", "zeros", "lengths", "more", "cut", "bomb", "no json"],
)
def test_other_bytes_are_refused(frozen: bytes) -> None:
    with pytest.raises(FrozenRefused):
        thaw(frozen)


@settings(max_examples=60)
@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_read_and_nothing_else(place: int, change: int) -> None:
    header = json.dumps({"root": [0], "nodes": [["list", [1, [1]]], ["enum", "protocols.gesture:Gesture", "NOD"]]})
    changed = bytearray(header.encode())
    changed[place % len(changed)] ^= change
    frozen = b"NKHF1\n" + zlib.compress(struct.pack("<QQ", len(changed), 0) + bytes(changed))
    with contextlib.suppress(FrozenRefused):
        thaw(frozen)
