"""Frozen: a judge and what it was told, as bytes that another machine can read without trusting who made them.

A JSON table of nodes, and the numbers of all arrays behind it. Nothing in it can run: reading makes objects of classes
of ``protocols`` alone, without calling them, arrays of plain numbers, and containers. What is shared stays shared. The
arrays of a motion or a look are kept as they are; floats are written so that they are read back bit for bit.
"""

import copy
import importlib
import json
import struct
import sys
import zlib
from collections import deque
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel

_MAGIC = b"NKHF1\n"
_LENGTHS = struct.Struct("<QQ")
_DTYPES = frozenset({"float32", "float64", "uint8", "bool", "int64", "int32", "int16"})
LARGEST = 512 * 1024 * 1024
"""Bytes of one, uncompressed."""


_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ImportError,
    ArithmeticError,
    MemoryError,
    RecursionError,
)


class FrozenRefused(ValueError):
    """These bytes are none, or this cannot be frozen; the message says why."""


def freeze(value: Any, *, compressed: bool = True) -> bytes:
    """``value`` as bytes, ``compressed`` where there is time for it.

    Raises FrozenRefused for what is made of other things than data of ``protocols``.
    """
    freezer = _Freezer()
    root = freezer.refer(value)
    header = json.dumps({"root": root, "nodes": freezer.nodes}, ensure_ascii=False, separators=(",", ":")).encode()
    body = b"".join(freezer.arrays)
    return _MAGIC + zlib.compress(_LENGTHS.pack(len(header), len(body)) + header + body, 1 if compressed else 0)


def duplicate(value: Any) -> Any:
    """A deep copy of ``value`` in which the constants of ``protocols`` stay the ones that they are."""
    return copy.deepcopy(value, {number: one for number, (_, one) in _constants().items()})


def _constants() -> dict[int, tuple[str, Any]]:
    """Objects that a module of ``protocols`` keeps under a name, by their id: code asks whether something *is* one."""
    return {
        id(value): (f"{name}:{attribute}", value)
        for name, module in list(sys.modules.items())
        if name.startswith("protocols.")
        for attribute, value in vars(module).items()
        if type(value).__module__.startswith("protocols.") and not isinstance(value, Enum | BaseModel)
    }


def thaw(frozen: bytes) -> Any:
    """What ``freeze`` made bytes of. Raises FrozenRefused, whatever they hold."""
    header, body = _parts(frozen)
    try:
        document = json.loads(header)
        return _Thawer(document["nodes"], body).value(document["root"])
    except FrozenRefused:
        raise
    except _UNREADABLE as error:
        raise FrozenRefused(f"the frozen record cannot be read: {type(error).__name__}: {error}") from error


def _parts(frozen: bytes) -> tuple[bytes, bytes]:
    if not frozen.startswith(_MAGIC):
        raise FrozenRefused("this is no frozen record")
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(frozen[len(_MAGIC) :], LARGEST)
    except zlib.error as error:
        raise FrozenRefused(f"the frozen record is damaged: {error}") from error
    if not unpacker.eof or unpacker.unused_data or len(plain) < _LENGTHS.size:
        raise FrozenRefused("the frozen record is cut short, too large, or goes on behind its end")
    first, second = _LENGTHS.unpack_from(plain)
    if len(plain) != _LENGTHS.size + first + second:
        raise FrozenRefused("the frozen record's lengths are not its own")
    return plain[_LENGTHS.size : _LENGTHS.size + first], plain[_LENGTHS.size + first :]


class _Freezer:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[bytes] = []
        self._known: dict[int, int] = {}
        self._held: list[Any] = []  # so that no id is given out twice
        self._end = 0
        self._constants = _constants()

    def refer(self, value: Any) -> Any:
        """The value itself where JSON has it; else ``[number]`` of its node."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) not in self._known:
            self._known[id(value)] = number = len(self.nodes)
            self._held.append(value)
            self.nodes.append(None)
            self.nodes[number] = self._node(value)
        return [self._known[id(value)]]

    def _node(self, value: Any) -> Any:
        if id(value) in self._constants:
            return ["constant", self._constants[id(value)][0]]
        match value:
            case Enum():
                return ["enum", _name(type(value)), value.name]
            case np.ndarray():
                return self._array(value)
            case np.generic():
                return ["scalar", str(value.dtype), value.item()]
            case BaseModel():
                return ["model", _name(type(value)), value.model_dump(mode="json")]
            case deque():
                return ["deque", value.maxlen, [self.refer(one) for one in value]]
            case dict():
                return ["dict", [[self.refer(key), self.refer(one)] for key, one in value.items()]]
            case list() | tuple() | set() | frozenset():
                return [type(value).__name__, [self.refer(one) for one in value]]
            case _:
                return ["object", _name(type(value)), {name: self.refer(one) for name, one in _attributes(value)}]

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        if str(value.dtype) not in _DTYPES:
            raise FrozenRefused(f"an array of {value.dtype} cannot be frozen")
        data = np.ascontiguousarray(value).tobytes()
        self.arrays.append(data)
        self._end += len(data)
        return ["array", str(value.dtype), list(value.shape), self._end - len(data)]


class _Thawer:
    def __init__(self, nodes: list[Any], body: bytes) -> None:
        self._nodes = nodes
        self._body = body
        self._made: dict[int, Any] = {}

    def value(self, reference: Any) -> Any:
        if not isinstance(reference, list):
            return reference
        [number] = reference
        if number not in self._made:
            self._make(number)
        return self._made[number]

    def _make(self, number: int) -> None:
        match self._nodes[number]:
            case ["tuple" | "set" | "frozenset" as kind, list() as items]:
                self._made[number] = _CLOSED[kind]([self.value(one) for one in items])
            case ["list", list() as items]:
                self._made[number] = made = list[Any]()
                made.extend(self.value(one) for one in items)
            case ["deque", int() | None as most, list() as items]:
                self._made[number] = row = deque[Any]((), most)
                row.extend(self.value(one) for one in items)
            case ["dict", list() as pairs]:
                self._made[number] = table = dict[Any, Any]()
                table.update((self.value(key), self.value(one)) for key, one in pairs)
            case ["object", str() as name, dict() as attributes]:
                self._object(number, name, attributes)
            case node:
                self._made[number] = self._leaf(node)

    def _leaf(self, node: Any) -> Any:
        """What holds nothing else of the record."""
        match node:
            case ["enum", str() as name, str() as member]:
                return _class(name, Enum)[member]  # type: ignore[index]
            case ["constant", str() as name]:
                return _constant(name)
            case ["array", str() as dtype, list() as shape, int() as start]:
                return self._array(dtype, shape, start)
            case ["scalar", str() as dtype, plain] if dtype in _DTYPES:
                return np.dtype(dtype).type(plain)
            case ["model", str() as name, dict() as document]:
                return _class(name, BaseModel).model_validate(document)  # type: ignore[attr-defined]
            case strange:
                raise FrozenRefused(f"the frozen record holds what is unknown here: {str(strange)[:80]}")

    def _object(self, number: int, name: str, attributes: dict[str, Any]) -> None:
        kind = _class(name, object)
        made: Any = object.__new__(kind)
        self._made[number] = made
        for attribute, one in attributes.items():
            if not attribute.isidentifier() or attribute.startswith("__"):
                raise FrozenRefused(f"{name} cannot have {attribute!r}")
            object.__setattr__(made, attribute, self.value(one))

    def _array(self, dtype: str, shape: list[int], start: int) -> np.ndarray[Any, Any]:
        if dtype not in _DTYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise FrozenRefused(f"an array of {dtype} {shape} cannot be read")
        count = 1
        for size in shape:
            count *= size
        if count == 0:
            return np.zeros(shape, np.dtype(dtype))
        # A copy: what was frozen could be written to as well.
        return np.frombuffer(self._body, np.dtype(dtype), count, start).reshape(shape).copy()


_CLOSED: dict[str, Any] = {"tuple": tuple, "set": set, "frozenset": frozenset}


def _name(kind: type) -> str:
    if not kind.__module__.startswith("protocols.") or "<" in kind.__qualname__:
        raise FrozenRefused(f"{kind.__module__}.{kind.__qualname__} cannot be frozen")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str, base: type) -> type:
    module, _, path = name.partition(":")
    if not module.startswith("protocols.") or not path.isidentifier():
        raise FrozenRefused(f"{name} may not be read")
    kind = getattr(importlib.import_module(module), path, None)
    if not isinstance(kind, type) or not issubclass(kind, base) or kind.__module__ != module:
        raise FrozenRefused(f"{name} is unknown here: the record is of another version")
    return kind


def _constant(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module.startswith("protocols.") or not attribute.isidentifier():
        raise FrozenRefused(f"{name} may not be read")
    value = getattr(importlib.import_module(module), attribute)
    if id(value) not in _constants():
        raise FrozenRefused(f"{name} is no constant here: the record is of another version")
    return value


def _attributes(value: Any) -> list[tuple[str, Any]]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    own = [(name, getattr(value, name)) for name in slots if hasattr(value, name)]
    return own + sorted(getattr(value, "__dict__", {}).items())
