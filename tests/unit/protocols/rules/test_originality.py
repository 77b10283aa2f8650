"""What was told before is played again; of two at once only whoever's picture it does not move is suspected."""

import pytest

from protocols.evidence import Evidence, Finding, RuleName
from protocols.observation import Compared, Rest, ToldBefore
from protocols.policy import STANDARD
from protocols.rules.originality import OriginalityRule


class Windows:
    """What the windows of the picture say."""

    def __init__(self, *weights: float) -> None:
        self._weights = weights

    def standing(self, at: float) -> tuple[Evidence, ...]:
        return tuple(Evidence(rule=RuleName.DRIVING, start=0.0, end=at, weight=weight) for weight in self._weights)


def found(apart: float = 86_400.0) -> ToldBefore:
    return ToldBefore(
        since=70.0, session="ses_x", apart=apart, told="now", before="then", turns=6, mirrored=False
    )  # fmt: skip


def rule(*met: Compared, windows: tuple[float, ...] = (), **operator: str) -> OriginalityRule:
    about = STANDARD.operator.model_copy(update=operator)
    made = OriginalityRule(STANDARD.model_copy(update={"operator": about}), Windows(*windows))  # type: ignore[arg-type]
    for one in met:
        made.observe(one)
    return made


def test_before_enough_was_compared_nothing_is_known_and_then_it_passes():
    compared = rule(Compared(at=10.0, turns=9))
    assert compared.finding(10.0) is Finding.UNKNOWN
    compared.observe(Compared(at=15.0, turns=1))
    compared.observe(Rest(at=15.0, operator="o", until=20.0))
    assert compared.finding(15.0) is Finding.PASS
    assert compared.standing(15.0) == ()


def test_what_was_told_before_weighs_against_and_fades():
    replayed = rule(Compared(at=100.0, turns=1, found=found()))
    assert replayed.finding(100.0) is Finding.FAIL
    (evidence,) = replayed.standing(100.0)
    assert (evidence.start, evidence.end, evidence.weight) == (70.0, 100.0, -STANDARD.fusion.originality_weight)
    assert dict(evidence.facts) == {
        "session": "ses_x", "told": "now", "before": "then", "at_the_same_time": False, "turns": 6, "mirrored": False,
    }  # fmt: skip
    assert replayed.standing(160.0)[0].weight == pytest.approx(-STANDARD.fusion.originality_weight / 2)
    assert replayed.finding(221.0) is Finding.UNKNOWN


@pytest.mark.parametrize("apart", [-86_400.0, -13.0])
def test_who_told_it_first_is_not_punished_for_being_copied(apart):
    copied = rule(Compared(at=100.0, turns=20, found=found(apart)))
    assert copied.finding(100.0) is Finding.PASS
    assert copied.standing(100.0) == ()


@pytest.mark.parametrize("apart", [-12.0, 0.0, 12.0])
@pytest.mark.parametrize(
    ("windows", "finding", "weight"),
    [
        ((3.0, 3.0), Finding.WARN, 0.0),
        ((), Finding.WARN, 0.0),
        ((3.0, -2.0), Finding.WARN, 0.0),
        ((3.0, -2.5, -2.0), Finding.FAIL, -2.5),
        ((-3.0, -3.0, -3.0, -3.0), Finding.FAIL, -5.0),
    ],
    ids=["driven", "not watched", "one mishap", "driven now and then", "not driven"],
)
def test_of_two_at_once_the_picture_tells(apart, windows, finding, weight):
    twin = rule(Compared(at=100.0, turns=1, found=found(apart)), windows=windows)
    assert twin.finding(100.0) is finding
    (evidence,) = twin.standing(100.0)
    assert evidence.weight == pytest.approx(weight)
    assert dict(evidence.facts)["at_the_same_time"] is True


def test_two_at_once_pass_where_the_policy_says_so_and_a_replay_never():
    both = rule(Compared(at=100.0, turns=20, found=found(0.0)), windows=(-3.0, -3.0), same_motion="pass")
    assert both.finding(100.0) is Finding.PASS
    assert both.standing(100.0) == ()
    both.observe(Compared(at=101.0, turns=1, found=found()))
    assert both.finding(101.0) is Finding.FAIL
