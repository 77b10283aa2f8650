"""The script of a session: who moves the avatar from when on, who is connected, and who does what is asked."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from operator import attrgetter

from monitor.simulation.measured import Scene
from protocols.challenge import Dice
from protocols.gesture import Ability
from protocols.observation import Blindness, Presence

__all__ = ["Act", "Script"]

_START = attrgetter("start")
_ATTENTIVE = 60.0  # seconds for which somebody who was warned looks at what is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """From ``start`` seconds on everything is as it was measured on ``scene``.

    ``told``: whether the operator's side reports motion; ``answers`` 0..1: how likely what is asked is done, ``slow``
    seconds later than on the scene; ``foreign``: another avatar than the claimed one is shown; ``away``: the person
    has gone, and comes back when called.
    """

    start: float
    scene: Scene
    told: bool = True
    answers: float = 0.0
    slow: float = 0.0
    foreign: bool = False
    away: bool = False


@dataclass(slots=True, kw_only=True)
class Script:
    """One session. ``events`` in the order of time; ``wrong_from``: when the stream stops being driven by a person,
    None where it never does; ``heeds`` 0..1: how likely a person who is away comes back when they are called;
    ``stand_in``: what is shown for as long as an attacker needs to do what was asked; ``copied``: by how many seconds
    another session told the same motion before, 0 where it does at the same time."""

    species: str
    length: float
    acts: list[Act]
    events: tuple[Presence | Blindness, ...] = ()
    wrong_from: float | None = None
    abilities: frozenset[Ability] = field(default_factory=lambda: frozenset(Ability))
    heeds: float = 0.0
    stand_in: Act | None = None
    copied: float | None = None
    called_at: float = -math.inf

    def act(self, at: float) -> Act:
        """What is on at ``at``."""
        return self.acts[max(0, bisect_right(self.acts, at, key=_START) - 1)]

    def call(self, now: float, dice: Dice) -> None:
        """The operator's side is warned: who is away comes back within seconds, if they hear it, and who is there
        looks up."""
        self.called_at = now
        number = max(0, bisect_right(self.acts, now, key=_START) - 1)
        following = self.acts[number + 1 : number + 2]
        if self.acts[number].away and following and dice() < self.heeds:
            back = min(following[0].start, now + 4.0 + 16.0 * dice())
            self.acts[number + 1] = replace(following[0], start=back)

    def willing(self, asked: float, act: Act) -> float:
        """How likely what is ``asked`` is done: by people who were just warned at least as likely as they heed that."""
        warned = asked - self.called_at < _ATTENTIVE and not act.away
        return max(act.answers, self.heeds) if warned else act.answers

    def ask(self, now: float, dice: Dice) -> None:
        """Something is asked for: an attacker who can spare the time drives for as long as it takes."""
        if self.stand_in is None or dice() >= self.stand_in.answers:
            return
        begun = [act for act in self.acts if act.start <= now]  # what was asked just before is done no longer
        before = next(act for act in reversed(begun) if act.scene is not self.stand_in.scene)
        self.acts = [*begun, replace(self.stand_in, start=now + 1.0), replace(before, start=now + 9.0)]
