"""Gestures that an operator is asked for, as people make them: each time a little otherwise."""

from enum import StrEnum

import numpy as np

from samples.studio.kinetics import Move

__all__ = ["Gesture", "act", "length"]


class Gesture(StrEnum):
    """What a challenge may ask for; left and right are the operator's own."""

    LOOK_LEFT = "look_left"
    LOOK_RIGHT = "look_right"
    NOD = "nod"
    SHAKE = "shake"
    TILT_LEFT = "tilt_left"
    TILT_RIGHT = "tilt_right"
    OPEN_MOUTH = "open_mouth"
    BLINK_TWICE = "blink_twice"
    RAISE_HAND = "raise_hand"


HELD = {
    Gesture.LOOK_LEFT: ("yaw", 28.0),
    Gesture.LOOK_RIGHT: ("yaw", -28.0),
    Gesture.TILT_LEFT: ("roll", -18.0),
    Gesture.TILT_RIGHT: ("roll", 18.0),
    Gesture.OPEN_MOUTH: ("mouth_open", 0.92),
    Gesture.RAISE_HAND: ("hand_r", 1.85),
}


def act(gesture: Gesture, at: float, rng: np.random.Generator) -> list[tuple[str, Move]]:
    """The moves, with their channels, of ``gesture`` begun at ``at`` seconds."""
    if gesture is Gesture.NOD:
        return _swings("pitch", -1.0, at, float(rng.uniform(10, 15)), int(rng.integers(2, 4)), rng, both=False)
    if gesture is Gesture.SHAKE:
        side = float(rng.choice([-1.0, 1.0]))
        return _swings("yaw", side, at, float(rng.uniform(14, 20)), int(rng.integers(4, 6)), rng, both=True)
    if gesture is Gesture.BLINK_TWICE:
        gap = float(rng.uniform(0.42, 0.6))
        return [("eye_blink", Move(at + k * gap, 1.0, 0.09, rng.uniform(0.05, 0.12), 0.14)) for k in (0, 1)]
    channel, size = HELD[gesture]
    size *= float(np.clip(rng.normal(1.0, 0.1), 0.8, 1.2))
    if channel in ("mouth_open", "hand_r"):
        size = min(size, HELD[gesture][1] * 1.08)
    rise = float(rng.uniform(0.35, 0.55)) if channel != "hand_r" else float(rng.uniform(0.5, 0.75))
    hold, fall = float(rng.uniform(0.6, 1.1)), float(rng.uniform(0.4, 0.7))
    moves = [(channel, Move(at, size, rise, hold, fall))]
    if channel == "yaw":  # nobody turns about one axis alone
        moves.append(("pitch", Move(at, float(rng.normal(0, 2.5)), rise, hold, fall)))
        moves.append(("roll", Move(at, float(rng.normal(-0.1 * size, 1.5)), rise, hold, fall)))
    if channel == "roll":
        moves.append(("yaw", Move(at, float(rng.normal(0, 3)), rise, hold, fall)))
    if channel == "hand_r":
        moves.append(("roll", Move(at, float(rng.uniform(-5, 0)), rise, hold, fall)))
    return moves


def _swings(
    channel: str, first: float, at: float, size: float, count: int, rng: np.random.Generator, *, both: bool
) -> list[tuple[str, Move]]:
    """Swings that grow smaller, to one side or to both in turn, each as long as it likes."""
    moves = []
    for k in range(count):
        sign = first * (-1.0) ** k if both else first
        rise, fall = float(rng.uniform(0.17, 0.25)), float(rng.uniform(0.18, 0.28))
        moves.append((channel, Move(at, sign * size, rise, 0.02, fall)))
        at += (0.72 if both else 1.0) * (rise + fall)
        size *= float(rng.uniform(0.78, 0.98))
    return moves


def length(moves: list[tuple[str, Move]]) -> float:
    """When the last of ``moves`` is over, in seconds."""
    return max(m.at + m.rise + m.hold + m.fall for _, m in moves)
