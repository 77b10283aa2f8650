"""Conventions: a head's motion told in another channel, or the other way round, than is documented.

Which is which cannot be seen in the numbers, nor, since avatars may be mirrored, on the picture. It shows where
somebody is asked to look to their left and, each time, something else moves as a look to the left does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from protocols.driving.form import FORMS, Form, Shape
from protocols.gesture import Gesture

_HEAD = ("yaw", "pitch", "roll")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The ``channel`` that a gesture was told in instead of its own, and its ``sign`` against it; 0: either."""

    channel: str
    sign: int

    def __str__(self) -> str:
        return f"-{self.channel}" if self.sign < 0 else self.channel

    def agrees(self, other: "Reading") -> bool:
        """Whether both can be the same convention."""
        return self.channel == other.channel and self.sign * other.sign >= 0


def axis(gesture: Gesture) -> str:
    """The channel that ``gesture`` is documented for."""
    return FORMS[gesture].channels[0]


def others(form: Form) -> Iterator[tuple[Form, Reading]]:
    """``form`` as other conventions of the head have it; none for what is no motion of the head."""
    if form.channels[0] not in _HEAD:
        return
    signs = (0,) if form.shape is Shape.SWING else (1, -1)  # to and fro is the same as fro and to
    for channel, sign in product(_HEAD, signs):
        if channel != form.channels[0] or sign < 0:
            told = replace(form, channels=(channel,), sign=form.sign * (sign or 1))
            yield told, Reading(channel=channel, sign=sign)
