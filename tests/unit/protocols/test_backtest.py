"""Back-tests over records that are written by hand, and over what a judge was told."""

import numpy as np
import pytest

from protocols.backtest import Outcome, judged_again, recorded, tally, text, tried
from protocols.evidence import Evidence, Finding, RuleName
from protocols.frozen import FrozenRefused, freeze
from protocols.judge import Judge
from protocols.ladder import Rung
from protocols.likeness import LikenessCalibration
from protocols.observation import Deregistered, Look, Presence
from protocols.policy import STANDARD, Policy
from protocols.verdict import Driver, conclude

LIKENESS = LikenessCalibration(
    centre=0.3, slope=12, cap=4, memory=0.6, independent_s=1, least_confidence=0.2, full_confidence=0.6, stale_s=20
)
CUT = ("cut.intended", {})


def said(at, *weights, policy=STANDARD, **findings):
    """A ledger entry of a verdict with these weights of driving and these findings."""
    evidence = tuple(Evidence(rule=RuleName.DRIVING, start=0.0, end=at, weight=w, facts=()) for w in weights)
    found = {RuleName(rule): Finding(finding) for rule, finding in findings.items()}
    verdict = conclude(
        at=at, evidence=evidence, findings=found, before=Driver.UNKNOWN, policy=policy, policy_id="standard@1"
    )
    return "verdict.changed", verdict.document()


def came(at, operator="op_a"):
    return "operator.present", {"at": at, "operator": operator, "cause": "hello"}


def left(at, operator="op_a"):
    return "operator.lapsed", {"at": at, "operator": operator, "cause": "silent"}


def sight(at, *, blind=False):
    return ("session.blind" if blind else "session.sighted"), {"at": at, "cause": "no picture"}


def ended(at):
    return "session.ended", {"at": at}


def changed(**parts):
    return Policy.model_validate(STANDARD.model_dump(mode="json") | parts, strict=False)


CUT_FOR_DRIVING = (came(0.5), said(1.0), said(30.0, -4.5), ("ladder.step", {"at": 30.0, "rung": "notify"}), CUT)


def test_a_record_tells_how_it_came_out():
    assert recorded([]).then is Outcome.PASSED
    assert recorded(CUT_FOR_DRIVING).then is Outcome.CUT
    warned = recorded([("ladder.step", {"at": 3.0, "rung": "notify", "by": "standard@1"})])
    assert (warned.then, warned.ordered, warned.end) == (Outcome.WARNED, False, 3.0)
    down = ("ladder.step", {"at": 4.0, "rung": "watching"})
    assert recorded([down]).then is Outcome.PASSED
    assert recorded([("ladder.step", {"at": 3.0, "rung": "drop", "by": "acc_1"}), CUT, down]).ordered


def test_the_same_policy_does_the_same_again():
    trial = tried(recorded([*CUT_FOR_DRIVING, ended(90.0)]), STANDARD, "standard@1")
    assert (trial.outcome, trial.cause, trial.at) == (Outcome.CUT, RuleName.DRIVING, 65.0)
    assert trial.rung in (Rung.DROP, Rung.FORBID)
    assert trial.p_human == pytest.approx(1 / (1 + np.exp(4.5)))
    assert not trial.anew
    calm = tried(recorded([came(0.5), said(1.0), said(20.0, 4.0), ended(90.0)]), STANDARD, "standard@1")
    assert (calm.outcome, calm.rung, calm.at, calm.cause) == (Outcome.PASSED, Rung.WATCHING, None, None)


def test_a_higher_threshold_lets_pass_and_a_longer_ladder_warns():
    record = recorded([*CUT_FOR_DRIVING, ended(90.0)])
    strict = changed(fusion=STANDARD.fusion.model_copy(update={"ai_at": 6.0}).model_dump(mode="json"))
    assert tried(record, strict, "draft").outcome is Outcome.PASSED
    patient = changed(ladder={"driving": [{"rung": "notify", "seconds": 5}, {"rung": "grace", "seconds": 600}]})
    trial = tried(record, patient, "draft")
    assert (trial.outcome, trial.rung, trial.at) == (Outcome.WARNED, Rung.GRACE, 35.0)


def test_absence_is_counted_by_the_times_of_the_policy():
    alone = {"presence": "warn"}
    record = recorded([came(0.5), said(1.0, presence="pass"), left(20.0), said(20.0, **alone), ended(140.0)])
    trial = tried(record, changed(presence={"absent_after_s": 30, "weight": 5.0}), "draft")
    assert (trial.outcome, trial.cause) == (Outcome.CUT, RuleName.PRESENCE)
    assert trial.at == pytest.approx(20 + 30 + 25, abs=0.01)
    assert tried(record, changed(presence={"absent_after_s": 300}), "draft").outcome is Outcome.PASSED
    rest = ("operator.break", {"at": 20.0, "operator": "op_a", "until": 130.0})
    resting = recorded([came(0.5), said(1.0, presence="pass"), left(20.0), said(20.0, **alone), rest, ended(140.0)])
    assert tried(resting, changed(presence={"absent_after_s": 30}), "draft").outcome is Outcome.PASSED


def test_time_stands_still_while_the_monitor_is_blind():
    record = recorded([sight(5.0), *CUT_FOR_DRIVING, sight(32.0, blind=True), sight(82.0), ended(120.0)])
    assert tried(record, STANDARD, "standard@1").at == 65.0 + 50.0
    blind_for_good = recorded([*CUT_FOR_DRIVING, sight(32.0, blind=True), said(33.0, -9.0), ended(120.0)])
    assert tried(blind_for_good, STANDARD, "standard@1").outcome is Outcome.WARNED


def test_who_comes_back_comes_down_and_whoever_may_not_be_on_air_is_cut_at_once():
    record = recorded([*CUT_FOR_DRIVING, said(40.0, 4.0), ended(90.0)])
    trial = tried(record, STANDARD, "standard@1")
    assert (trial.outcome, trial.rung, trial.at) == (Outcome.WARNED, Rung.CHALLENGE, 35.0)
    barred = recorded([came(0.5), said(1.0), said(12.0, registration="fail"), ended(20.0)])
    trial = tried(barred, STANDARD, "standard@1")
    assert (trial.outcome, trial.cause, trial.at) == (Outcome.CUT, RuleName.REGISTRATION, 12.0)


def test_what_cannot_be_read_is_passed_over():
    senseless = [
        ("verdict.changed", {"at": 3.0}),
        ("operator.present", {"operator": "op_a"}),
        ("operator.break", {"at": 1.0, "operator": "op_a", "until": "soon"}),
        ("session.blind", {"at": None}),
        ("made.up", {"at": 7.0}),
    ]
    record = recorded(senseless)
    assert (list(record.verdicts), list(record.happened), record.end) == ([], [], 7.0)
    assert tried(record, STANDARD, "standard@1").p_human is None


def told():
    """A judge, and what it is told: nobody is there, and the picture shows another."""
    ours, theirs = np.eye(4, dtype=np.float32)[[0]], np.eye(4, dtype=np.float32)[[1]]
    judge = Judge(policy=STANDARD, policy_id="standard@1", claimed=ours, gallery={"o": theirs}, likeness=LIKENESS)
    here = Presence(at=0.0, operator="op_a", connected=True, cause="hello")
    gone = Presence(at=10.0, operator="op_a", connected=False, cause="silent")
    looks = [Look(at=float(at), vector=ours[0], confidence=0.9) for at in range(0, 60, 2)]
    batches = [(float(at), [one for one in [here, gone, *looks] if at - 1 < one.at <= at]) for at in range(60)]
    return judge, batches


def test_a_judge_that_is_told_again_weighs_anew():
    judge, batches = told()
    frozen = freeze({"judge": judge, "told": batches})
    same = judged_again(frozen, STANDARD, "standard@1")
    assert same[-1].finding(RuleName.PRESENCE) is Finding.FAIL
    assert same[-1].policy == "standard@1"
    patient = changed(presence={"absent_after_s": 300})
    again = judged_again(frozen, patient, "draft")
    assert again[-1].finding(RuleName.PRESENCE) is Finding.WARN
    assert again[-1].policy == "draft"
    record = recorded([came(0.5), said(1.0), ended(60.0)])
    assert tried(record, STANDARD, "standard@1", same).anew
    assert tried(record, STANDARD, "standard@1", same).cause is RuleName.PRESENCE
    assert tried(record, patient, "draft", again).outcome is Outcome.PASSED


def test_every_rule_adopts_the_policy():
    judge, _ = told()
    judge.adopt(changed(fusion={"repetition_weight": 1.0, "authenticity_cap": 2.0, "originality_weight": 3.0}), "draft")
    assert (judge.repetition._weight, judge.authenticity._cap, judge.originality._weight) == (1.0, 2.0, 3.0)
    verdict, _ = judge.consider([Deregistered(at=1.0, because="revoked")], 1.0)
    assert (verdict.cause, verdict.policy) == (RuleName.REGISTRATION, "draft")


@pytest.mark.parametrize("frozen", [b"no", freeze({"judge": 3, "told": []}), freeze([1])])
def test_what_was_not_frozen_by_a_judge_is_refused(frozen):
    with pytest.raises(FrozenRefused):
        judged_again(frozen, STANDARD, "standard@1")


def test_a_tally_says_what_changes_and_what_people_had_said_of_it():
    trials = [
        {"then": then, "outcome": outcome, "case_state": state}
        for then, outcome, state in (
            ("cut", "cut", "upheld"),
            ("cut", "passed", "overturned"),
            ("cut", "warned", "upheld"),
            ("cut", "warned", "open"),
            ("passed", "cut", None),
        )
    ]
    counted = tally(trials)
    assert counted == {"same": 1, "milder": 3, "harder": 1, "wrongs_mended": 1, "rights_lost": 1}
    assert text(counted).startswith("1 come out as they did, 3 milder, 1 harder; not cut any more: 1 that people")
