"""Species: the honest and the dishonest, and how a session of each is written.

Every number here is an assumption about people and networks, not a threshold: docs/simulate.md says where each is from.
"""

from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from random import Random

from monitor.simulation.measured import Measured, Scene
from monitor.simulation.script import Act, Script
from protocols.gesture import Ability
from protocols.observation import Blindness, Presence

__all__ = ["ATTACKS", "HONEST", "SPECIES", "Species"]

_OPERATOR = "op"
_GIVEN_UP = 900.0  # seconds after which an attack counts as not caught
_NIGHT = 86_400.0  # seconds since the broadcast that is played again
_ALL = frozenset(Ability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """One kind of session. ``write`` makes a session's script; ``summary`` is a line for people."""

    name: str
    honest: bool
    summary: str
    write: Callable[[Measured, Random], Script]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How honest people are: scenes that they are measured on, how likely they do what is asked and how slowly, how
    often an hour their network fails them and for how many seconds, and how often they leave their seat."""

    kinds: tuple[str, ...]
    answers: float = 0.97
    slow: float = 0.0
    lapses: float = 0.2
    lapse_s: float = 4.0
    stalls: float = 0.2
    stall_s: float = 4.0
    breaks: float = 0.0
    cannot: frozenset[Ability] = frozenset()


def _honest(name: str, summary: str, manner: Manner) -> Species:
    return Species(name=name, honest=True, summary=summary, write=lambda m, r: _evening(name, manner, m, r))


def _evening(name: str, manner: Manner, measured: Measured, rng: Random) -> Script:
    """A broadcast of about an hour and a half."""
    length = min(5 * 3600.0, max(900.0, rng.lognormvariate(8.6, 0.5)))
    person = Act(
        start=0.0,
        scene=_scene(measured, rng, *manner.kinds),
        answers=manner.answers,
        slow=manner.slow * rng.lognormvariate(0.0, 0.3),
    )
    # Whether it is known what they cannot show; who can do none of it has told so.
    enrolled = rng.random() < 0.5 or manner.cannot == _ALL
    events: list[Presence | Blindness] = [_here(max(0.0, rng.gauss(4.0, 4.0)), connected=True)]
    for at, seconds in _spells(rng, length, manner.lapses, manner.lapse_s):
        events += [_here(at, connected=False, cause="silent"), _here(at + seconds, connected=True)]
    events += _stalls(rng, length, manner)
    return Script(
        species=name,
        length=length,
        acts=_with_breaks(person, measured, rng, length, manner.breaks),
        events=tuple(sorted(events, key=attrgetter("at"))),
        abilities=_ALL - manner.cannot if enrolled else _ALL,
        heeds=0.95,
    )


def _stalls(rng: Random, length: float, manner: Manner) -> list[Presence | Blindness]:
    stalls: list[Presence | Blindness] = []
    for at, seconds in _spells(rng, length, manner.stalls, manner.stall_s):
        stalls.append(Blindness(at=at, blind=True, cause="no picture"))
        stalls.append(Blindness(at=at + seconds, blind=False, cause="the picture is there"))
    return stalls


def _with_breaks(person: Act, measured: Measured, rng: Random, length: float, an_hour: float) -> list[Act]:
    """The person, and the times at which nobody sits there: the avatar breathes, and nothing is told."""
    acts = [person]
    for at, seconds in _spells(rng, length, an_hour, 75.0):
        idle = Act(start=at, scene=_scene(measured, rng, "idle"), told=False, away=True)
        for act in (idle, replace(person, start=at + seconds)):
            insort(acts, act, key=attrgetter("start"))
    return acts


def _attack(
    name: str, summary: str, write: Callable[[Measured, Random], tuple[Act, ...]], *, copied: float | None = None
) -> Species:
    """Somebody is connected from the beginning, and the stream is not driven from the last act on."""
    return Species(
        name=name,
        honest=False,
        summary=summary,
        write=lambda m, r: replace(_assault(name, write(m, r), r), copied=copied),
    )


def _assault(name: str, acts: tuple[Act, ...], rng: Random) -> Script:
    begins = acts[-1].start
    return Script(
        species=name,
        length=begins + _GIVEN_UP,
        acts=list(acts),
        events=(_here(max(0.0, rng.gauss(2.0, 1.0)), connected=True),),
        wrong_from=begins,
    )


def _nobody(measured: Measured, rng: Random) -> Script:
    act = Act(start=0.0, scene=_scene(measured, rng, "engine silent"), told=False)
    return Script(species="no_one", length=_GIVEN_UP, acts=[act], wrong_from=0.0)


def _crowd(measured: Measured, rng: Random) -> Script:
    """The telemetry of one person for many streams; what is asked on one is done there, if no other asks just then."""
    engine = Act(start=0.0, scene=_scene(measured, rng, "engine stranger"))
    driving = Act(start=0.0, scene=_scene(measured, rng, "driven lively", "driven average"), answers=0.8)
    return replace(_assault("many_streams", (engine,), rng), stand_in=driving, copied=0.0)


def _typing(measured: Measured, rng: Random) -> Script:
    """Nothing can be asked but digits, which a program types as a person would, each time."""
    engine = Act(start=0.0, scene=_scene(measured, rng, "engine stranger"), answers=1.0)
    return replace(_assault("typing_bot", (engine,), rng), abilities=frozenset())


def _verified(measured: Measured, rng: Random, act: Act) -> tuple[Act, ...]:
    """A person drives until long after HUMAN was said, then the other act takes their place."""
    person = Act(start=0.0, scene=_scene(measured, rng, "driven lively", "driven average"), answers=0.97)
    return person, replace(act, start=rng.uniform(120.0, 600.0))


def _recorded(measured: Measured, rng: Random) -> tuple[Act, ...]:
    return (Act(start=0.0, scene=_scene(measured, rng, "driven lively", "driven average", "driven calm")),)


def _machine(measured: Measured, rng: Random) -> tuple[Act, ...]:
    kind = rng.choice(("engine silent", "engine stranger", "engine clean"))
    return _verified(measured, rng, Act(start=0.0, scene=_scene(measured, rng, kind), told=kind != "engine silent"))


def _foreign(measured: Measured, rng: Random) -> tuple[Act, ...]:
    """The same person goes on with an avatar that they never registered."""
    scene = _scene(measured, rng, "driven lively", "driven average")
    return _verified(measured, rng, Act(start=0.0, scene=scene, answers=0.97, foreign=True))


def _one(*kinds: str, told: bool = True, answers: float = 0.0) -> Callable[[Measured, Random], tuple[Act, ...]]:
    return lambda measured, rng: (Act(start=0.0, scene=_scene(measured, rng, *kinds), told=told, answers=answers),)


def _scene(measured: Measured, rng: Random, *kinds: str) -> Scene:
    return rng.choice([scene for kind in kinds for scene in measured.of(kind)])


def _here(at: float, *, connected: bool, cause: str = "hello") -> Presence:
    return Presence(at=at, operator=_OPERATOR, connected=connected, cause=cause)


def _spells(rng: Random, length: float, an_hour: float, seconds: float) -> list[tuple[float, float]]:
    """When, and for how long: a Poisson process with exponential lengths, none into another."""
    spells, at = [], 60.0 + (rng.expovariate(an_hour / 3600) if an_hour else length)
    while at < length:
        lasts = 2.0 + rng.expovariate(1 / seconds)
        spells.append((at, lasts))
        at += lasts + 10.0 + rng.expovariate(an_hour / 3600)
    return spells


HONEST: tuple[Species, ...] = (
    _honest("restless", "lively and average people", Manner(kinds=("driven lively", "driven average"))),
    _honest("still", "calm and shy people, who hardly move", Manner(kinds=("driven calm", "driven shy"), answers=0.95)),
    _honest(
        "tired",
        "calm people who overhear one question in seven and answer two seconds late",
        Manner(kinds=("driven calm", "driven shy"), answers=0.86, slow=2.0),
    ),
    _honest(
        "laggy",
        "lost telemetry, pictures held back, a channel and a stream that fail eight times an hour",
        Manner(kinds=("driven laggy",), answers=0.9, slow=0.5, lapses=8.0, lapse_s=5.0, stalls=8.0, stall_s=5.0),
    ),
    _honest("no_hands", "people without the use of their hands",
            Manner(kinds=("driven no hands",), cannot=frozenset({Ability.HANDS}))),
    _honest("no_blink", "people whose eyelids nobody can track",
            Manner(kinds=("driven no blink",), cannot=frozenset({Ability.EYELIDS}))),
    _honest("typing", "people of whom no gesture can be asked, who type digits instead",
            Manner(kinds=("driven average", "driven calm"), cannot=_ALL)),
    _honest(
        "breaks",
        "people who leave their seat twice an hour for about a minute without a word",
        Manner(kinds=("driven average", "driven calm"), breaks=2.0),
    ),
)  # fmt: skip
"""Who must never be cut."""

ATTACKS: tuple[Species, ...] = (
    Species(name="no_one", honest=False, summary="an engine moves the avatar, nobody connects", write=_nobody),
    _attack("heartbeat_bot", "an engine moves the avatar, a program sends heartbeats",
            _one("engine silent", told=False)),
    _attack("recorded_loop", "a recording plays round and round, with a stranger's or its own telemetry",
            _one("loop stranger", "loop own")),
    _attack("replayed_telemetry", "an engine moves the avatar, the telemetry is a person's of another night",
            _one("engine stranger")),
    _attack("replayed_motion", "the same, of a night that was watched here", _one("engine stranger"), copied=_NIGHT),
    _attack("replayed_evening", "an old broadcast with the telemetry that was recorded along with it", _recorded),
    _attack("replayed_broadcast", "the same, of a broadcast that was watched here", _recorded, copied=_NIGHT),
    _attack("matching_bot", "an engine's own motion sent as telemetry", _one("engine clean")),
    _attack("noisy_bot", "the same with the noise, the jitter and the gaps of a camera", _one("engine noisy")),
    Species(name="typing_bot", honest=False,
            summary="an engine, a stranger's telemetry, and a program that types digits where nothing else is asked",
            write=_typing),
    _attack("paid_clicker", "an engine moves the avatar, somebody elsewhere does what is asked before a camera",
            _one("engine stranger", answers=0.9)),
    Species(name="many_streams", honest=False,
            summary="one person for many streams, who drives where something is asked, four times in five",
            write=_crowd),
    _attack("swapped_driver", "a person drives until verified, then a machine does", _machine),
    _attack("swapped_avatar", "the avatar is another one after verification", _foreign),
)  # fmt: skip
"""What must be cut, and soon."""

SPECIES: Mapping[str, Species] = {species.name: species for species in (*HONEST, *ATTACKS)}
