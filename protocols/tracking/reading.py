"""Readings: what one packet of a tracking program says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from protocols.telemetry import TelemetrySample

PACKET_BYTES = 65_536
"""The longest packet that is read; no datagram is longer, and no tracking program comes near it."""

_MOST = 1e15  # the present in microseconds has 16 digits

T = TypeVar("T")


class PacketRefused(ValueError):
    """A packet that is not what it should be; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One moment of tracking; ``sample`` is None where the tracker says that it sees nobody.

    ``sent`` is the tracker's own clock in seconds, where the packet tells it. Its zero is the tracker's business.
    """

    sample: TelemetrySample | None
    sent: float | None = None


class Decoder(Protocol):
    """Reads one format."""

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """What ``packet`` says, which arrived at ``at`` seconds; nothing where it is about other things.

        Raises PacketRefused.
        """


def checked(packet: bytes, limit: int = PACKET_BYTES) -> bytes:
    """The packet, if it is not longer than any packet is."""
    if len(packet) > limit:
        raise PacketRefused(f"a packet of {len(packet)} bytes: no tracking program sends more than {limit}")
    return packet


def parsed(decoder: msgspec.json.Decoder[T], packet: bytes, limit: int = PACKET_BYTES) -> T:
    """The packet as JSON of the decoder's type. Raises PacketRefused."""
    try:
        return decoder.decode(checked(packet, limit))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PacketRefused(f"not the JSON that was expected: {error}") from None


def finite(value: object, what: str) -> float:
    """``value`` as a number that a tracker can have measured. Raises PacketRefused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > _MOST:
        raise PacketRefused(f"{what} is {value!r}, which is no measurement")
    return float(value)


def share(value: object, what: str) -> float:
    """``value`` as a share 0..1; trackers overshoot a little, so what lies outside is cut. Raises PacketRefused."""
    return min(1.0, max(0.0, finite(value, what)))


def vector(value: Any, what: str) -> tuple[float, float, float]:
    """``{"x":…, "y":…, "z":…}`` as three numbers. Raises PacketRefused."""
    if not isinstance(value, Mapping):
        raise PacketRefused(f"{what} is no vector of x, y and z")
    x, y, z = (finite(value.get(axis), f"{what}.{axis}") for axis in "xyz")
    return x, y, z
