"""The gestures that an operator may be asked for, and what an avatar must be able to show for each."""

from enum import StrEnum
from functools import cache


class Gesture(StrEnum):
    """One gesture of a challenge; left and right are the operator's own."""

    LOOK_LEFT = "look_left"
    LOOK_RIGHT = "look_right"
    NOD = "nod"
    SHAKE = "shake"
    TILT_LEFT = "tilt_left"
    TILT_RIGHT = "tilt_right"
    OPEN_MOUTH = "open_mouth"
    BLINK_TWICE = "blink_twice"
    RAISE_HAND = "raise_hand"


class Ability(StrEnum):
    """A movement that an avatar can show; what it cannot show is known from enrolment and never asked."""

    HEAD = "head"
    MOUTH = "mouth"
    EYELIDS = "eyelids"
    HANDS = "hands"


NEEDS: dict[Gesture, Ability] = {
    Gesture.LOOK_LEFT: Ability.HEAD,
    Gesture.LOOK_RIGHT: Ability.HEAD,
    Gesture.NOD: Ability.HEAD,
    Gesture.SHAKE: Ability.HEAD,
    Gesture.TILT_LEFT: Ability.HEAD,
    Gesture.TILT_RIGHT: Ability.HEAD,
    Gesture.OPEN_MOUTH: Ability.MOUTH,
    Gesture.BLINK_TWICE: Ability.EYELIDS,
    Gesture.RAISE_HAND: Ability.HANDS,
}


FASTEST_REACTION = 0.2
"""Seconds from a sign to a movement: a choice reaction takes people more (Hick, 1952)."""
FASTEST_TYPED = 0.7
"""Seconds in which four digits are read and typed: half a second to the first, 0.08 s from key to key (Salthouse,
1986)."""


@cache
def askable(abilities: frozenset[Ability]) -> tuple[Gesture, ...]:
    """Gestures that an avatar with ``abilities`` can show, in the order of the enumeration."""
    return tuple(gesture for gesture in Gesture if NEEDS[gesture] in abilities)
