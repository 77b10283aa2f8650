"""The judge as a whole, on scenes in numbers; what each rule does is tested beside it."""

import numpy as np
import pytest

from protocols.evidence import Finding, RuleName
from protocols.gesture import Gesture
from protocols.judge import Judge
from protocols.likeness import LikenessCalibration
from protocols.observation import (
    Blindness,
    ChallengeAnswered,
    ChallengeAsked,
    Deregistered,
    Forgotten,
    Look,
    Presence,
    Rest,
    Rival,
)
from protocols.policy import BRISK, STANDARD
from protocols.telemetry import TelemetrySample
from protocols.verdict import Driver
from tests.unit.protocols.rules.scene import course, picture, telemetry

LIKENESS = LikenessCalibration(
    centre=0.3, slope=12, cap=4, memory=0.6, independent_s=1, least_confidence=0.2, full_confidence=0.6, stale_s=20
)
OURS, THEIRS = np.eye(4, dtype=np.float32)[[0]], np.eye(4, dtype=np.float32)[[1]]
HERE = Presence(at=0.0, operator="op_a", connected=True, cause="hello")


def judge(policy=STANDARD):
    return Judge(policy=policy, policy_id="test@1", claimed=OURS, gallery={"other": THEIRS}, likeness=LIKENESS)


def play(judge, observations, until):
    """Every observation in the order of time, judged twice a second; all verdicts and all judged challenges."""
    waiting, verdicts, judged = sorted(observations, key=lambda o: o.at), [], []
    for tick in np.arange(0.5, until + 0.5, 0.5):
        due = [o for o in waiting if o.at <= tick]
        waiting = waiting[len(due) :]
        verdict, done = judge.consider(due, float(tick))
        verdicts.append(verdict)
        judged += done
    return verdicts, judged


def looks(vector, start, end):
    return [Look(at=float(at), vector=vector, confidence=0.9) for at in np.arange(start, end, 2.0)]


def driven(seconds=24, seed=1):
    angles = course(seed, seconds)
    return [*telemetry(angles, seconds), *picture(angles, seconds), HERE]


def test_a_driven_avatar_is_human_and_stays_so():
    verdicts, _ = play(judge(), driven(40), 40)
    named = [verdict.driver for verdict in verdicts]
    assert named[-1] is Driver.HUMAN
    assert Driver.AI not in named
    assert all(verdict.cause is None for verdict in verdicts)
    assert verdicts[-1].finding(RuleName.DRIVING) is Finding.PASS


def test_the_same_observations_give_the_same_verdicts_bit_for_bit():
    one, other = (play(judge(), driven(), 24)[0] for _ in range(2))
    assert [verdict.document() for verdict in one] == [verdict.document() for verdict in other]


def test_another_persons_motion_is_never_human():
    scene = [*telemetry(course(1, 60), 60), *picture(course(2, 60), 60), HERE]
    verdicts, _ = play(judge(), scene, 60)
    assert Driver.HUMAN not in [verdict.driver for verdict in verdicts]
    assert verdicts[-1].log_odds < 0


def test_nobody_there_becomes_ai_for_want_of_presence_and_not_before_its_time():
    verdicts, _ = play(judge(BRISK), picture(course(2, 30), 30), 30)
    causes = [verdict.cause for verdict in verdicts]
    allowed = BRISK.presence.connect_within_s
    assert causes[-1] is RuleName.PRESENCE
    assert set(causes[: round(allowed / 0.5) - 2]) == {None}


def test_heartbeats_without_motion_speak_against_a_lively_avatar():
    scene = [*picture(course(2, 60), 60), HERE]
    verdicts, _ = play(judge(), scene, 60)
    assert verdicts[-1].driver is Driver.AI
    assert verdicts[-1].cause is RuleName.DRIVING


def test_a_still_picture_with_a_still_operator_is_unknown():
    still = np.zeros(4001)
    samples = [TelemetrySample(at=t / 30, yaw=0.0) for t in range(1200)]
    verdicts, _ = play(judge(), [*samples, *picture(still, 40), HERE], 40)
    assert {verdict.driver for verdict in verdicts} == {Driver.UNKNOWN}


def test_a_picture_that_plays_again_is_ai_whatever_the_telemetry_says():
    angles = course(4, 8)
    again = np.tile(angles[:600], 8)
    loop = picture(again, 40)
    verdicts, _ = play(judge(), [*telemetry(course(5, 40), 40), *loop, HERE], 40)
    assert verdicts[-1].finding(RuleName.REPETITION) is Finding.FAIL
    assert verdicts[-1].driver is Driver.AI


def test_a_script_that_matches_its_picture_is_not_acquitted():
    at = np.arange(0, 40.01, 0.01)
    angles = 12 * np.sin(2 * np.pi * 0.31 * at) + 6 * np.sin(2 * np.pi * 0.57 * at)
    script = [
        TelemetrySample(
            at=n / 30, yaw=float(np.interp(n / 30, at, angles)), pitch=0.5 * float(np.interp(n / 30, at, angles))
        )
        for n in range(1200)
    ]
    verdicts, _ = play(judge(), [*script, *picture(angles, 40), HERE], 40)
    last = verdicts[-1]
    assert last.finding(RuleName.AUTHENTICITY) is Finding.FAIL
    assert last.driver is not Driver.HUMAN
    assert all(e.weight <= 0 for e in last.evidence if e.rule is RuleName.DRIVING)


def test_another_avatar_is_a_cause_even_while_a_person_drives():
    scene = [*driven(40), *looks(OURS[0], 0, 20), *looks(THEIRS[0], 20, 40)]
    verdicts, _ = play(judge(), scene, 40)
    assert verdicts[38].finding(RuleName.LIKENESS) is Finding.PASS
    assert verdicts[-1].driver is Driver.HUMAN
    assert verdicts[-1].cause is RuleName.LIKENESS


def test_while_the_monitor_is_blind_nothing_is_known_and_nobody_is_cut():
    scene = [*picture(course(2, 30), 30), HERE, Blindness(at=0.0, blind=True, cause="no picture")]
    verdicts, _ = play(judge(BRISK), scene, 30)
    assert {verdict.driver for verdict in verdicts} == {Driver.UNKNOWN}
    assert {verdict.cause for verdict in verdicts} == {None}
    assert verdicts[-1].evidence == ()


def ask(at=10.0, gesture=Gesture.LOOK_LEFT, within=6.0):
    return ChallengeAsked(at=at, challenge="chl_1", gesture=gesture, within=within)


def turned(seconds, begin=11.0, size=30.0):
    """A head that wanders a little and turns to its left from ``begin`` on for a second."""
    at = np.arange(0, seconds + 0.01, 0.01)
    rise = np.clip((at - begin) / 0.4, 0, 1) - np.clip((at - begin - 1.2) / 0.4, 0, 1)
    return course(6, seconds, size=2.0)[: len(at)] + size * (3 * rise**2 - 2 * rise**3)


def test_a_gesture_that_was_done_passes_and_weighs_for_a_person():
    angles = turned(30)
    verdicts, judged = play(judge(), [*telemetry(angles, 30), *picture(angles, 30), HERE, ask()], 30)
    (outcome,) = judged
    assert outcome.passed is True
    assert 0.2 < outcome.reaction < 2.0
    assert outcome.document()["passed"] is True
    assert verdicts[-1].finding(RuleName.CHALLENGE) is Finding.PASS


def test_a_gesture_that_was_not_done_weighs_against():
    angles = course(6, 30, size=2.0)
    verdicts, judged = play(judge(), [*telemetry(angles, 30), *picture(angles, 30), HERE, ask()], 30)
    assert [outcome.passed for outcome in judged] == [False]
    assert verdicts[-1].finding(RuleName.CHALLENGE) is Finding.FAIL
    assert sum(e.weight for e in verdicts[-1].evidence if e.rule is RuleName.CHALLENGE) < 0


def test_whoever_tells_nothing_has_not_answered():
    _, judged = play(judge(), [*picture(course(2, 30), 30), HERE, ask()], 30)
    assert [outcome.passed for outcome in judged] == [False]


@pytest.mark.parametrize(
    "trouble",
    [
        Presence(at=12.0, operator="op_a", connected=False, cause="silent"),
        Blindness(at=12.0, blind=True, cause="no picture"),
        Rest(at=12.0, operator="op_a", until=60.0),
    ],
)
def test_a_challenge_that_trouble_came_between_counts_for_nobody(trouble):
    verdicts, judged = play(judge(), [*picture(course(2, 30), 30), HERE, ask(), trouble], 30)
    assert [outcome.passed for outcome in judged] == [None]
    assert not any(e.weight for e in verdicts[-1].evidence if e.rule is RuleName.CHALLENGE)


def test_a_claim_to_have_answered_is_only_a_claim():
    angles = course(6, 30, size=2.0)
    claim = ChallengeAnswered(at=12.0, challenge="chl_1")
    _, judged = play(judge(), [*telemetry(angles, 30), *picture(angles, 30), HERE, ask(), claim], 30)
    assert [outcome.passed for outcome in judged] == [False]


def test_a_recording_is_judged_to_its_end():
    made, angles = judge(), turned(15)
    play(made, [*telemetry(angles, 15), *picture(angles, 15), HERE, ask()], 15)
    verdict, judged = made.finish(15.0)
    assert [outcome.passed for outcome in judged] == [True]
    assert len([e for e in verdict.evidence if e.rule is RuleName.DRIVING]) >= 1
    assert made.score(15.0) > 0
    assert made.driving.lag == pytest.approx(0.4, abs=0.1)


def test_nothing_observed_is_unknown():
    made = judge()
    verdict, judged = made.finish(0.0)
    assert (verdict.driver, judged) == (Driver.UNKNOWN, ())
    assert made.score(0.0) == 0.0
    assert made.driving.lag is None


@pytest.mark.parametrize("blind", [False, True])
def test_an_avatar_that_may_not_be_on_air_is_a_cause_whatever_is_seen_or_not_seen(blind):
    ours = judge()
    ours.consider([HERE, *looks(OURS[0], 0, 8)], 8.0)
    said = [Blindness(at=8.5, blind=blind, cause="x"), Deregistered(at=9.0, because="is suspended")]
    verdict, _ = ours.consider(said, 9.0)
    assert verdict.cause is RuleName.REGISTRATION
    assert verdict.finding(RuleName.LIKENESS) is (Finding.UNKNOWN if blind else Finding.PASS)
    assert ("because", "is suspended") in [fact for e in verdict.evidence for fact in e.facts]


def test_somebody_elses_likeness_is_named_once_the_search_has_found_it():
    ours = Judge(policy=STANDARD, policy_id="test@1", claimed=OURS, gallery={}, likeness=LIKENESS)
    stolen = looks(THEIRS[0], 0, 8)
    verdict, _ = ours.consider([HERE, *stolen], 8.0)
    assert verdict.cause is RuleName.LIKENESS
    [evidence] = [e for e in verdict.evidence if e.rule is RuleName.LIKENESS]
    assert dict(evidence.facts)["most_like_otherwise"] is None
    found = Rival(at=9.0, avatar="pro_1", references=THEIRS)
    verdict, _ = ours.consider([found, found, *looks(THEIRS[0], 10, 12)], 12.0)
    [evidence] = [e for e in verdict.evidence if e.rule is RuleName.LIKENESS]
    assert dict(evidence.facts)["most_like_otherwise"] == "pro_1"


def test_a_rival_that_is_forgotten_is_named_no_more_and_the_claimed_one_leaves_likeness_unknown():
    gallery = {"pro_1": THEIRS}
    ours = Judge(policy=STANDARD, policy_id="t@1", avatar="av_1", claimed=OURS, gallery=gallery, likeness=LIKENESS)
    verdict, _ = ours.consider([HERE, *looks(THEIRS[0], 0, 8)], 8.0)
    assert told_of(verdict)["most_like_otherwise"] == "pro_1"
    verdict, _ = ours.consider([Forgotten(at=9.0, avatar="pro_1"), *looks(THEIRS[0], 10, 12)], 12.0)
    assert told_of(verdict)["most_like_otherwise"] is None
    assert verdict.cause is RuleName.LIKENESS
    rival = Rival(at=14.0, avatar="pro_2", references=THEIRS)
    verdict, _ = ours.consider([Forgotten(at=13.0, avatar="av_1"), rival, *looks(THEIRS[0], 14, 16)], 16.0)
    assert verdict.finding(RuleName.LIKENESS) is Finding.UNKNOWN
    assert len(ours.likeness.track._references) == 0


def told_of(verdict):
    [evidence] = [e for e in verdict.evidence if e.rule is RuleName.LIKENESS]
    return dict(evidence.facts)


def test_an_avatar_that_breathes_while_its_person_is_away_is_no_broadcast_that_loops():
    breath = 0.4 * np.sin(2 * np.pi * np.arange(0, 60.01, 0.01) / 3.5)
    lively = np.tile(course(4, 8)[:600], 8)
    weights = []
    for angles in (breath, lively):
        made = judge()
        play(made, [*picture(angles, 40), HERE], 40)
        weights.append(sum(e.weight for e in made.repetition.standing(40.0)))
    assert weights[1] < -4
    assert weights[1] < weights[0] <= 0
