"""Open Sound Control 1.0: messages and bundles, read strictly and within bounds."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from protocols.tracking.reading import PacketRefused

Argument = int | float | str | bytes | bool | None
_DEPTH = 4
_ARGUMENTS = 64
_FIXED = {"i": struct.Struct(">i"), "f": struct.Struct(">f"), "h": struct.Struct(">q"), "d": struct.Struct(">d")}
_IMMEDIATE: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": None}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its address, and its arguments."""

    address: str
    arguments: tuple[Argument, ...]


def messages(packet: bytes, depth: int = 0) -> Iterator[Message]:
    """All messages of a packet, those of bundles in bundles too, in their order. Raises PacketRefused."""
    if packet.startswith(b"#bundle\0"):
        yield from _bundle(packet, depth)
    elif packet.startswith(b"/"):
        yield _message(packet)
    else:
        raise PacketRefused("no OSC: a packet begins with '/' or '#bundle'")


def _bundle(packet: bytes, depth: int) -> Iterator[Message]:
    if depth >= _DEPTH:
        raise PacketRefused(f"OSC bundles are nested more than {_DEPTH} deep")
    if len(packet) < 16:
        raise PacketRefused("an OSC bundle without its time tag")
    at = 16
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")
        part = packet[at + 4 : at + 4 + size]
        if size == 0 or size % 4 or len(part) != size:
            raise PacketRefused("an OSC bundle whose parts do not fit into it")
        yield from messages(part, depth + 1)
        at += 4 + size


def _message(packet: bytes) -> Message:
    address, at = _text(packet, 0)
    if at == len(packet):
        return Message(address, ())
    tags, at = _text(packet, at)
    if not tags.startswith(",") or len(tags) > _ARGUMENTS:
        raise PacketRefused("an OSC message without a type tag, or with too many")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        value, at = _argument(packet, at, tag)
        arguments.append(value)
    return Message(address, tuple(arguments))


def _argument(packet: bytes, at: int, tag: str) -> tuple[Argument, int]:
    if tag in _FIXED:
        kind = _FIXED[tag]
        if at + kind.size > len(packet):
            raise PacketRefused("an OSC message that ends within an argument")
        return kind.unpack_from(packet, at)[0], at + kind.size
    if tag == "s":
        return _text(packet, at)
    if tag == "b":
        size = int.from_bytes(packet[at : at + 4], "big")
        blob = packet[at + 4 : at + 4 + size]
        if at + 4 > len(packet) or len(blob) != size:
            raise PacketRefused("an OSC message that ends within an argument")
        return blob, at + 4 + size + -size % 4
    if tag in _IMMEDIATE:
        return _IMMEDIATE[tag], at
    raise PacketRefused(f"an OSC argument of the kind {tag!r}, which no tracking program sends")


def _text(packet: bytes, at: int) -> tuple[str, int]:
    end = packet.find(b"\0", at)
    if end < 0:
        raise PacketRefused("an OSC text without an end")
    try:
        return packet[at:end].decode(), end + 4 - end % 4
    except UnicodeDecodeError:
        raise PacketRefused("an OSC text that is no UTF-8") from None
