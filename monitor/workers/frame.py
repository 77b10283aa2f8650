"""What passes between the service and its workers: a head in JSON, and bytes.

A worker decodes what strangers send, so what comes from it is read as strictly as from anybody: closed sets of kinds
and types, bounded sizes, no code.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.observation import Look, Motion

MOST_HEAD = 256 * 1024
MOST_BODY = 64 * 1024 * 1024
_SIZES = struct.Struct(">II")
_TYPES: Mapping[str, type[Look] | type[Motion]] = {"Look": Look, "Motion": Motion}
_ARRAYS = {"float32": np.float32, "uint8": np.uint8}


class FrameRefused(Exception):
    """What came is no frame of ours; its sender is not to be listened to any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message: ``kind``, whose stream it is about, what it says (JSON), and bytes."""

    kind: str
    stream: str
    says: Mapping[str, Any]
    body: bytes = b""

    def packed(self) -> bytes:
        """As it goes over the line."""
        head = json.dumps([self.kind, self.stream, self.says], allow_nan=False).encode()
        return _SIZES.pack(len(head), len(self.body)) + head + self.body


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame; None at the end. Raises FrameRefused."""
    try:
        head_size, body_size = _SIZES.unpack(await reader.readexactly(_SIZES.size))
        if head_size > MOST_HEAD or body_size > MOST_BODY:
            raise FrameRefused("a frame is longer than any of ours")
        head = await reader.readexactly(head_size)
        body = await reader.readexactly(body_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return _frame(head, body)


def _frame(head: bytes, body: bytes) -> Frame:
    try:
        match json.loads(head):
            case [str(kind), str(stream), dict(says)]:
                return Frame(kind=kind, stream=stream, says=says, body=body)
    except (ValueError, RecursionError):
        pass
    raise FrameRefused("a frame has no head of ours")


def of_observation(stream: str, seen: Look | Motion) -> Frame:
    """An observation, with its arrays in the body one after the other."""
    says: dict[str, Any] = {}
    arrays: list[tuple[str, str, tuple[int, ...]]] = []
    body = bytearray()
    for each in fields(seen):
        value = getattr(seen, each.name)
        if isinstance(value, np.ndarray):
            arrays.append((each.name, value.dtype.name, value.shape))
            body += value.tobytes()
        else:
            says[each.name] = value
    head = {"type": type(seen).__name__, "says": says, "arrays": arrays}
    return Frame(kind="observation", stream=stream, says=head, body=bytes(body))


def observation(frame: Frame) -> Look | Motion:
    """The observation of a frame. Raises FrameRefused."""
    try:
        kind = _TYPES[frame.says["type"]]
        given = dict(frame.says["says"])
        at = 0
        for name, dtype, shape in frame.says["arrays"]:
            array, at = _array(frame.body, at, dtype, shape)
            given[name] = array
        if isinstance(given.get("head"), list):
            given["head"] = tuple(float(edge) for edge in given["head"])
        return kind(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise FrameRefused(f"a frame is no observation: {type(error).__name__}") from error


def _array(body: bytes, at: int, dtype: str, shape: Any) -> tuple[NDArray[Any], int]:
    sizes = [int(size) for size in shape]
    if not 1 <= len(sizes) <= 3 or min(sizes) < 0:
        raise ValueError(shape)
    count = int(np.prod(sizes))
    array: NDArray[Any] = np.frombuffer(body, dtype=_ARRAYS[dtype], count=count, offset=at).reshape(sizes)
    return array, at + array.nbytes
