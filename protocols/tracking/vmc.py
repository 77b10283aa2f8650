"""The VMC protocol: an avatar's bones and expressions over OSC, from VSeeFace, Warudo, VirtualMotionCapture and others.

Performers send to UDP 39539. Bones come as rotations in their parent's axes, Unity's: x right, y up, z forward, in
the avatar's pose with its arms stretched out sideways. A frame may be one bundle, several, or a packet for each bone,
so it is over when any part of it comes anew, and its moment is that of its last part.
Source: sh-akira/VirtualMotionCaptureProtocol.
"""

from collections.abc import Sequence
from functools import reduce

from protocols.telemetry import TelemetrySample
from protocols.tracking import blendshape, osc
from protocols.tracking.reading import PacketRefused, Reading, checked, finite, share
from protocols.tracking.rotation import STRAIGHT, Quaternion, Row, angles, matrix, raised, times, turned, unit

PORT = 39_539

_TORSO = ("Hips", "Spine", "Chest", "UpperChest")
_HEAD = ("Neck", "Head")
_ARMS = {
    "hand_l": ("LeftShoulder", "LeftUpperArm", "LeftLowerArm"),
    "hand_r": ("RightShoulder", "RightUpperArm", "RightLowerArm"),
}
_SIDEWAYS: dict[str, Row] = {"hand_l": (-1.0, 0.0, 0.0), "hand_r": (1.0, 0.0, 0.0)}
_BONES = frozenset((*_TORSO, *_HEAD, *(bone for arm in _ARMS.values() for bone in arm)))

# How far a mouth opens for a vowel, against A. The protocol tells vowels and no opening: these shares are our own.
_VOWELS_0 = {"a": 1.0, "o": 0.7, "e": 0.5, "i": 0.3, "u": 0.3}
_VOWELS = _VOWELS_0 | {"aa": 1.0, "oh": 0.7, "ee": 0.5, "ih": 0.3, "ou": 0.3}
_BLINKS = ("blinkleft", "blinkright")
_BLINK = "blink"
_SMILES = ("joy", "happy")
_SHAPES = blendshape.USED | frozenset((*_VOWELS, *_BLINKS, _BLINK, *_SMILES))


class VmcDecoder:
    """Gathers a frame, and hands it back when the next one begins."""

    def __init__(self) -> None:
        self._bones: dict[str, Quaternion] = {}
        self._shapes: dict[str, float] = {}
        self._fresh: set[str] = set()
        self._at = 0.0
        self._sent: float | None = None
        self._tracking = True

    def read(self, packet: bytes, at: float) -> tuple[Reading, ...]:
        """Take one packet; the frames that are whole by it. Raises PacketRefused."""
        readings: list[Reading] = []
        for message in osc.messages(checked(packet)):
            key = _key(message)
            if key is None:
                continue
            if key in self._fresh:
                readings += self._frame()
            self._take(key, message.arguments)
            self._fresh.add(key)
            self._at = at
        return tuple(readings)

    def _take(self, key: str, arguments: Sequence[osc.Argument]) -> None:
        kind, _, name = key.partition(" ")
        match kind:
            case "bone":
                x, y, z, w = (finite(value, f"the rotation of {name}") for value in _at_least(arguments, 8)[4:8])
                self._bones[name] = unit((x, y, z, w))
            case "shape":
                self._shapes[name] = share(_at_least(arguments, 2)[1], f"the expression {name}")
            case "time":
                self._sent = finite(_at_least(arguments, 1)[0], "the time")
            case _:
                self._tracking = bool(_at_least(arguments, 1)[0]) and (len(arguments) < 4 or bool(arguments[3]))

    def _frame(self) -> list[Reading]:
        moved = any(key.startswith(("bone", "shape")) for key in self._fresh)
        self._fresh.clear()
        if not self._tracking:
            return [Reading(sample=None, sent=self._sent)]
        return [Reading(sample=self._sample(), sent=self._sent)] if moved else []

    def _sample(self) -> TelemetrySample:
        torso = self._chain(_TORSO, STRAIGHT)
        upright = torso or STRAIGHT
        head = self._chain(_HEAD, upright)
        channels: dict[str, float | None] = {hand: self._hand(hand, upright) for hand in _ARMS}
        if head is not None:
            pose = angles(matrix(head))
            channels |= {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
        if torso is not None:
            pose = angles(matrix(torso))
            channels |= {"torso_yaw": pose.yaw, "torso_pitch": pose.pitch, "torso_roll": pose.roll}
        return TelemetrySample(at=self._at, **channels, **self._face())

    def _chain(self, bones: Sequence[str], parent: Quaternion) -> Quaternion | None:
        """The rotation at the end of a chain of bones; None where none of them was told."""
        told = [self._bones[bone] for bone in bones if bone in self._bones]
        return reduce(times, told, parent) if told else None

    def _hand(self, hand: str, torso: Quaternion) -> float | None:
        shoulder, upper, lower = _ARMS[hand]
        if upper not in self._bones:
            return None
        arm = times(times(torso, self._bones.get(shoulder, STRAIGHT)), self._bones[upper])
        forearm = times(arm, self._bones.get(lower, STRAIGHT))
        (ax, ay, az), (bx, by, bz) = (turned(matrix(part), _SIDEWAYS[hand]) for part in (arm, forearm))
        return raised((ax + bx, ay + by, az + bz))

    def _face(self) -> dict[str, float | None]:
        shapes = self._shapes
        face = blendshape.channels(shapes)
        vowels = [shapes[vowel] * opening for vowel, opening in _VOWELS.items() if vowel in shapes]
        sides = [shapes[one] for one in _BLINKS if one in shapes]
        smiles = [shapes[one] for one in _SMILES if one in shapes]
        if face["mouth_open"] is None and vowels:
            face["mouth_open"] = max(vowels)
        if face["eye_blink"] is None and (sides or _BLINK in shapes):
            # A blink of both eyes is told by itself, and that of each side beside it.
            face["eye_blink"] = max(shapes.get(_BLINK, 0.0), sum(sides) / len(sides) if sides else 0.0)
        if face["smile"] is None and smiles:
            face["smile"] = max(smiles)
        return face


def _key(message: osc.Message) -> str | None:
    """What a message is about, as one of a fixed number of keys; None where it does not matter here."""
    match message.address:
        case "/VMC/Ext/Bone/Pos":
            bone = _name(message)
            return f"bone {bone}" if bone in _BONES else None
        case "/VMC/Ext/Blend/Val":
            shape = blendshape.name(_name(message))
            return f"shape {shape}" if shape in _SHAPES else None
        case "/VMC/Ext/T":
            return "time"
        case "/VMC/Ext/OK":
            return "ok"
        case _:
            return None


def _name(message: osc.Message) -> str:
    first = _at_least(message.arguments, 1)[0]
    if not isinstance(first, str):
        raise PacketRefused(f"{message.address} without a name")
    return first


def _at_least(arguments: Sequence[osc.Argument], count: int) -> Sequence[osc.Argument]:
    if len(arguments) < count:
        raise PacketRefused(f"a VMC message with {len(arguments)} arguments, where it has {count}")
    return arguments
