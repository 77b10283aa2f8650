"""How often telemetry is examined: often until it is found to be a person's, then as half of it is new."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from protocols.driving.plausibility import UNKNOWN, Plausibility
from protocols.evidence import Finding
from protocols.policy import STANDARD
from protocols.rules.authenticity import AuthenticityRule
from protocols.rules.tracks import Instruments
from protocols.telemetry import TelemetrySample

CLEARED = Plausibility(score=1.0, weight=0.5, findings=())
SUSPECT = Plausibility(score=0.2, weight=-1.5, findings=("clean",))
CASES = [(UNKNOWN, 5, Finding.UNKNOWN), (SUSPECT, 5, Finding.WARN), (CLEARED, 15, Finding.PASS)]


@dataclass
class Examined:
    """Instruments that always say the same, and keep what was asked of them."""

    says: Plausibility
    asked: list[float] = field(default_factory=list)

    def plausibility(self, start: float, end: float) -> Plausibility:
        self.asked.append(end)
        return self.says


def told(says: Plausibility, seconds: int) -> tuple[Examined, AuthenticityRule]:
    instruments = Examined(says)
    rule = AuthenticityRule(STANDARD.fusion, cast("Instruments", instruments))
    for second in range(seconds + 1):
        rule.observe(TelemetrySample(at=float(second), yaw=1.0))
        rule.examine()
    return instruments, rule


@pytest.mark.parametrize(
    ("says", "every", "finding"),
    CASES,
)
def test_it_is_examined_as_often_as_it_may_change_what_is_done(
    says: Plausibility, every: int, finding: Finding
) -> None:
    instruments, rule = told(says, 60)
    assert instruments.asked == [float(at) for at in range(0, 61, every)]
    assert rule.finding(60.0) is finding


def test_at_the_end_of_a_recording_it_is_examined_at_once() -> None:
    instruments, rule = told(CLEARED, 20)
    rule.examine(now=True)
    assert instruments.asked == [0.0, 15.0, 20.0]


def test_without_telemetry_there_is_nothing_to_examine() -> None:
    instruments = Examined(CLEARED)
    rule = AuthenticityRule(STANDARD.fusion, cast("Instruments", instruments))
    rule.examine(now=True)
    assert instruments.asked == []
    assert rule.standing(5.0) == ()
