"""Sealed evidence as bytes, and back: a header, the frozen judge with what it was told, and the stream's own packets.

The packets are written as they are: compressing video gains nothing, and the cut waits for this.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from monitor.sources.ring import Excerpt, Kept, Sound, Take
from monitor.testimony import Deposition
from protocols.frozen import FrozenRefused, freeze, thaw

_LENGTHS = struct.Struct("<QQ")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sealed:
    """What a witness had at one moment. ``zero`` is the session's zero on the monotonic clock."""

    deposition: Deposition
    excerpts: Sequence[Excerpt]
    zero: float


def spooled(sealed: Sealed) -> bytes:
    """The bytes of it. Raises FrozenRefused."""
    told, packets = sealed.deposition, list[bytes]()
    takes = []
    for excerpt in sealed.excerpts:
        data = [bytes(kept.data) for kept in excerpt.packets]
        sounds, sound = [bytes(kept.data) for kept in excerpt.sounds], excerpt.take.sound
        packets += [excerpt.take.head, *data, b"" if sound is None else sound.head, *sounds]
        takes.append(
            {
                "sound": None if sound is None else [sound.codec, *sound.unit.as_integer_ratio(), len(sound.head)],
                "sounds": _told(sounds, excerpt.sounds),
                "codec": excerpt.take.codec,
                "unit": [excerpt.take.unit.numerator, excerpt.take.unit.denominator],
                "head": len(excerpt.take.head),
                "began": excerpt.began,
                "packets": _told(data, excerpt.packets),
            }
        )
    header = json.dumps({"zero": sealed.zero, "takes": takes}, separators=(",", ":")).encode()
    frozen = freeze(
        {"judge": told.judge, "told": [(at, list(batch)) for at, batch in told.told], "curves": told.curves},
        compressed=False,  # most of the time that the cut would wait
    )
    return b"".join([_LENGTHS.pack(len(header), len(frozen)), header, frozen, *packets])


def unspooled(content: bytes) -> Sealed:
    """What ``spooled`` made bytes of. Raises FrozenRefused."""
    try:
        first, second = _LENGTHS.unpack_from(content)
        begins = _LENGTHS.size + first
        document = json.loads(content[_LENGTHS.size : begins])
        record = thaw(content[begins : begins + second])
        deposition = Deposition(judge=record["judge"], told=record["told"], curves=record["curves"])
        return Sealed(
            deposition=deposition,
            excerpts=_excerpts(document["takes"], content, begins + second),
            zero=float(document["zero"]),
        )
    except (struct.error, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise FrozenRefused(f"the spooled evidence cannot be read: {error}") from error


def _told(data: Sequence[bytes], packets: Sequence[Kept]) -> list[list[Any]]:
    return [[len(one), kept.pts, kept.dts, kept.keyframe] for one, kept in zip(data, packets, strict=True)]


def _kept(told: Sequence[Sequence[Any]], content: bytes, place: int) -> tuple[list[Kept], int]:
    packets = []
    for size, pts, dts, keyframe in told:
        packets.append(Kept(content[place : place + size], pts, dts, keyframe))
        place += size
    return packets, place


def _excerpts(takes: Sequence[dict[str, Any]], content: bytes, place: int) -> list[Excerpt]:
    excerpts = []
    for told in takes:
        head, place = content[place : place + told["head"]], place + told["head"]
        packets, place = _kept(told["packets"], content, place)
        sound = None
        if told["sound"] is not None:
            codec, numerator, denominator, size = told["sound"]
            sound = Sound(codec=codec, unit=Fraction(numerator, denominator), head=content[place : place + size])
            place += size
        sounds, place = _kept(told["sounds"], content, place)
        take = Take(codec=told["codec"], unit=Fraction(*told["unit"]), head=head, sound=sound)
        excerpts.append(Excerpt(take=take, began=told["began"], packets=packets, sounds=sounds))
    if place != len(content):
        raise FrozenRefused("the spooled evidence is cut short, or goes on behind its end")
    return excerpts
