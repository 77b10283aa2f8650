"""Scenarios: what the demo plays live, each with the truth about it and what the service is expected to do."""

from dataclasses import dataclass
from enum import StrEnum

from protocols.evidence import RuleName

__all__ = ["SCENARIOS", "Feed", "Scenario", "Shown", "named"]


class Shown(StrEnum):
    """What moves the avatar on the screen."""

    PERSON = "person"
    ENGINE = "engine"
    RECORDING = "recording"


class Feed(StrEnum):
    """What the operator's side reports."""

    NOBODY = "nobody"
    STILL = "still"
    DRIVER = "driver"
    STRANGER = "stranger"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One stream of the demo.

    ``expected`` holds the rules that it may rightly be cut for; empty where it has to stay up. The cause of a cut is
    there from the stream's first picture on, or, where an avatar is swapped in, from ``swap_at`` seconds on.
    """

    name: str
    title: str
    avatar: str
    shown: Shown
    feed: Feed
    seed: int
    expected: frozenset[RuleName] = frozenset()
    temperament: str = "lively"
    backdrop: str = "bedroom"
    overlays: tuple[str, ...] = ("badge", "chat")
    swap_to: str = ""
    swap_at: float = 0.0

    @property
    def stays(self) -> bool:
        """Whether the stream has to be up at the end."""
        return not self.expected


_DRIVING = frozenset({RuleName.DRIVING, RuleName.CHALLENGE, RuleName.AUTHENTICITY})

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="honest",
        title="a person drives and does the gestures",
        avatar="sakura",
        shown=Shown.PERSON,
        feed=Feed.DRIVER,
        seed=11,
        overlays=("badge", "chat", "hearts"),
    ),
    Scenario(
        name="empty",
        title="an engine's animation, nobody there",
        avatar="kon",
        shown=Shown.ENGINE,
        feed=Feed.NOBODY,
        seed=23,
        expected=frozenset({RuleName.PRESENCE, RuleName.REPETITION}),  # an engine's idle animation comes round again
        backdrop="stage",
    ),
    Scenario(
        name="bot",
        title="beats and claims gestures, never moves",
        avatar="raiden",
        shown=Shown.ENGINE,
        feed=Feed.STILL,
        seed=37,
        expected=_DRIVING | {RuleName.REPETITION},
        backdrop="studio",
    ),
    Scenario(
        name="puppet",
        title="an engine, its own signal as telemetry",
        avatar="bolt",
        shown=Shown.ENGINE,
        feed=Feed.ENGINE,
        seed=29,
        expected=_DRIVING | {RuleName.REPETITION},
        backdrop="bedroom",
    ),
    Scenario(
        name="stranger",
        title="who is connected does not move it",
        avatar="nia",
        shown=Shown.PERSON,
        feed=Feed.STRANGER,
        seed=41,
        expected=_DRIVING,
        backdrop="sky",
    ),
    Scenario(
        name="loop",
        title="a recording of its driver, looped",
        avatar="aldric",
        shown=Shown.RECORDING,
        feed=Feed.DRIVER,
        seed=53,
        expected=_DRIVING | {RuleName.REPETITION},
        backdrop="shop",
    ),
    Scenario(
        name="swap",
        title="a person drives; then another avatar",
        avatar="yuki",
        shown=Shown.PERSON,
        feed=Feed.DRIVER,
        seed=67,
        expected=frozenset({RuleName.LIKENESS}),
        backdrop="studio",
        swap_to="bolt",
        swap_at=35.0,
    ),
)


def named(name: str) -> Scenario:
    """The scenario of that name. Raises ValueError."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise ValueError(f"no scenario {name!r}; there are {', '.join(s.name for s in SCENARIOS)}")
