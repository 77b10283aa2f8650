"""Telemetry of other conventions and pictures that are odd: judged as what they are, or not at all; never called AI."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from protocols.driving.convention import Reading
from protocols.evidence import RuleName
from protocols.explanation import explain
from protocols.judge import Judge
from protocols.observation import Look, Motion, Presence
from protocols.policy import STANDARD
from protocols.telemetry import TelemetrySample
from protocols.verdict import Driver, Verdict
from tests.unit.protocols.rules.scene import angle, course, picture
from tests.unit.protocols.test_judge import LIKENESS, OURS

UNTIL = 22.0
HERE = Presence(at=0.0, operator="op_a", connected=True, cause="hello")
Telemetry = list[TelemetrySample]
Turned = Callable[[Telemetry], Telemetry]


@cache
def scene(rate: float = 30.0) -> tuple[Telemetry, list[Motion]]:
    """A head that turns, nods along and tilts by itself, told ``rate`` times a second; and the avatar that follows."""
    yaw, roll = course(1, UNTIL), course(5, UNTIL, size=4.0)
    dice = np.random.default_rng(3)
    told = [
        TelemetrySample(
            at=float(at + dice.normal(0, 0.002)),
            yaw=angle(yaw, at) + float(dice.normal(0, 0.3)),
            pitch=0.5 * angle(yaw, at) + float(dice.normal(0, 0.3)),
            roll=angle(roll, at) + float(dice.normal(0, 0.3)),
        )
        for at in np.arange(0.0, UNTIL, 1 / rate)
    ]
    return told, picture(yaw, UNTIL)


def judged(told: Sequence[TelemetrySample], seen: Sequence[Motion], *, avatar: bool = True) -> Verdict:
    """What is said of it at the end."""
    vector = OURS[0] if avatar else None
    looks = [Look(at=float(at), vector=vector, confidence=0.9 * avatar) for at in np.arange(0.0, UNTIL, 2.0)]
    judge = Judge(policy=STANDARD, policy_id="t@1", claimed=OURS, gallery={}, likeness=LIKENESS)
    verdict, _ = judge.consider([HERE, *looks, *told, *seen], UNTIL)
    return verdict


def facts(verdict: Verdict) -> dict[str, object]:
    """Of the last window."""
    return dict(next(e.facts for e in reversed(verdict.evidence) if e.rule is RuleName.DRIVING))


def each(turn: Callable[[TelemetrySample], TelemetrySample]) -> Turned:
    return lambda told: [turn(sample) for sample in told]


def radians(sample: TelemetrySample) -> TelemetrySample:
    return replace(sample, **{name: float(np.radians(getattr(sample, name))) for name in ("yaw", "pitch", "roll")})


def spikes(told: Telemetry) -> Telemetry:
    return [replace(s, yaw=179.0 * (-1) ** n, roll=-150.0) if n % 23 == 0 else s for n, s in enumerate(told)]


def holes(told: Telemetry) -> Telemetry:
    return [sample for sample in told if sample.at % 3.0 > 0.9]


def stammered(told: Telemetry) -> Telemetry:
    return [one for n, s in enumerate(told) for one in ((s, replace(s, at=told[max(0, n - 3)].at)) if n % 5 else (s,))]


DRIVEN: dict[str, Turned] = {
    "as documented": each(lambda s: s),
    "radians": each(radians),
    "axes swapped": each(lambda s: replace(s, yaw=s.roll, pitch=s.yaw, roll=s.pitch)),
    "axes swapped, in radians": each(lambda s: radians(replace(s, yaw=s.roll, pitch=s.yaw, roll=s.pitch))),
    "mirrored": each(lambda s: replace(s, yaw=-s.yaw, roll=-s.roll)),
    "upside down": each(lambda s: replace(s, pitch=-s.pitch)),
    "zero elsewhere": each(lambda s: replace(s, yaw=s.yaw + 35.0, pitch=s.pitch - 20.0)),
    "a clock half a percent fast": each(lambda s: replace(s, at=s.at * 1.005)),
    "a second late": each(lambda s: replace(s, at=s.at - 1.0)),
    "a hole in every three seconds": holes,
    "time stamps that repeat and step back": stammered,
    "values that jump": spikes,
}


@pytest.mark.parametrize("turned", DRIVEN.values(), ids=DRIVEN)
def test_whoever_drives_is_seen_to_whatever_the_convention(turned: Turned) -> None:
    told, seen = scene()
    verdict = judged(turned(told), seen)
    assert verdict.driver is Driver.HUMAN, verdict.document()


@pytest.mark.parametrize("rate", [10.0, 15.0, 60.0, 120.0])
def test_whoever_drives_is_seen_to_at_any_rate(rate: float) -> None:
    assert judged(scene(rate)[0], scene()[1]).driver is Driver.HUMAN


def test_mirrored_is_told() -> None:
    told, seen = [replace(s, pitch=None) for s in scene()[0]], scene()[1]
    assert facts(judged(told, seen))["mirrored"] is False
    assert facts(judged(DRIVEN["mirrored"](told), seen))["mirrored"] is True


@pytest.mark.parametrize("shift", [-5.0, -8.0])
def test_clocks_that_are_seconds_apart_are_told_and_held_against_nobody(shift: float) -> None:
    told, seen = scene()
    verdict = judged([replace(s, at=s.at + shift) for s in told if s.at + shift < UNTIL], seen)
    assert verdict.driver is Driver.UNKNOWN
    assert facts(verdict)["elsewhere_s"] == pytest.approx(0.4 - shift, abs=0.1)
    assert "clock" in explain(verdict).en
    assert "时钟" in explain(verdict).zh


def test_a_picture_that_leads_its_telemetry_is_told_and_acquits_nobody() -> None:
    told, seen = scene()
    verdict = judged([replace(s, at=s.at + 1.4) for s in told], seen)
    assert facts(verdict)["elsewhere_s"] == pytest.approx(-1.0, abs=0.1)
    assert verdict.log_odds < -1.0
    assert verdict.driver is not Driver.HUMAN
    assert "before" in explain(verdict).en


def test_in_step_is_as_good_as_behind() -> None:
    told, seen = scene()
    assert judged([replace(s, at=s.at + 0.4) for s in told], seen).driver is Driver.HUMAN


def test_a_strangers_radians_are_no_ai_and_no_human() -> None:
    stranger = [radians(replace(s, yaw=angle(course(8, UNTIL), s.at), pitch=0.0, roll=0.0)) for s in scene()[0]]
    verdict = judged(stranger, scene()[1])
    assert verdict.driver is Driver.UNKNOWN
    assert "radians" in explain(verdict).en
    assert "弧度" in explain(verdict).zh


def slower(seen: list[Motion]) -> list[Motion]:
    return [m for n, m in enumerate(seen) if m.at < 9.0 or n % 2]


def jumped(seen: list[Motion]) -> list[Motion]:
    return [m if m.at < 9.0 else replace(m, at=m.at + 40.0) for m in seen]


def repeated(seen: list[Motion]) -> list[Motion]:
    return [one for m in seen for one in (m, replace(m, at=m.at - 0.3))]


def still(seen: list[Motion]) -> list[Motion]:
    return [replace(seen[0], at=m.at, flow=np.zeros_like(m.flow)) for m in seen]


def black(seen: list[Motion]) -> list[Motion]:
    return [replace(m, detail=np.full_like(m.detail, 16)) for m in still(seen)]


PICTURES = {
    "another frame rate midway": (slower, {Driver.HUMAN}),
    "time stamps that jump": (jumped, {Driver.HUMAN, Driver.UNKNOWN}),
    "time stamps that step back": (repeated, {Driver.HUMAN}),
    "frozen": (still, {Driver.UNKNOWN}),
    "black": (black, {Driver.UNKNOWN}),
}


@pytest.mark.parametrize(("made", "allowed"), PICTURES.values(), ids=PICTURES)
def test_odd_pictures_are_held_against_nobody(
    made: Callable[[list[Motion]], list[Motion]], allowed: set[Driver]
) -> None:
    told, seen = scene()
    assert judged(told, made(seen)).driver in allowed


def test_what_moves_while_no_avatar_is_shown_is_held_against_nobody() -> None:
    """A game, played by somebody else."""
    told, game = scene()[0], picture(course(9, UNTIL), UNTIL)
    assert judged(told, game, avatar=False).driver is Driver.UNKNOWN
    assert judged([], game, avatar=False).driver is not Driver.AI
    assert judged(told, game).driver is Driver.AI


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Reading(channel="pitch", sign=1), Reading(channel="pitch", sign=0), True),
        (Reading(channel="pitch", sign=-1), Reading(channel="pitch", sign=-1), True),
        (Reading(channel="pitch", sign=1), Reading(channel="pitch", sign=-1), False),
        (Reading(channel="pitch", sign=1), Reading(channel="roll", sign=1), False),
    ],
)
def test_a_reading_agrees_with_what_can_be_the_same_convention(one: Reading, other: Reading, same: bool) -> None:
    assert one.agrees(other) is other.agrees(one) is same
    assert str(Reading(channel="yaw", sign=-1)) == "-yaw"
