from protocols.evidence import Finding
from protocols.observation import Blindness, ChallengeAnswered, Presence, Rest
from protocols.policy import PresencePolicy
from protocols.rules.presence import PresenceRule

POLICY = PresencePolicy(connect_within_s=60, absent_after_s=20, weight=5)


def present(at, operator="op_a"):
    return Presence(at=at, operator=operator, connected=True, cause="hello")


def lapsed(at, operator="op_a"):
    return Presence(at=at, operator=operator, connected=False, cause="heartbeats stopped")


def blind(at, value=True):
    return Blindness(at=at, blind=value, cause="test")


def rule(*observations):
    made = PresenceRule(POLICY)
    for observation in observations:
        made.observe(observation)
    return made


def test_nobody_ever_came():
    made = rule()
    assert made.finding(59.0) is Finding.UNKNOWN
    assert made.standing(59.0) == ()
    assert made.finding(60.0) is Finding.FAIL
    (evidence,) = made.standing(61.0)
    assert evidence.weight == -5
    assert dict(evidence.facts) == {"absent_s": 61.0, "allowed_s": 60, "because": "no operator has connected"}


def test_being_there_passes_and_weighs_nothing():
    made = rule(present(3.0))
    assert made.connected
    assert made.absent_for(1e4) == 0.0
    assert made.finding(1e4) is Finding.PASS
    assert made.standing(1e4) == ()


def test_who_leaves_may_come_back_in_time():
    made = rule(present(3.0), lapsed(100.0))
    assert made.finding(119.0) is Finding.WARN
    assert made.finding(120.0) is Finding.FAIL
    assert dict(made.standing(121.0)[0].facts)["because"] == "heartbeats stopped"
    made.observe(present(121.0))
    assert made.finding(121.0) is Finding.PASS


def test_one_of_two_is_enough():
    made = rule(present(0.0, "op_a"), present(1.0, "op_b"), lapsed(2.0, "op_a"))
    assert made.finding(1e4) is Finding.PASS
    made.observe(lapsed(50.0, "op_b"))
    made.observe(lapsed(60.0, "op_b"))
    assert made.absent_for(70.0) == 20.0


def test_the_monitors_own_blindness_does_not_count():
    made = rule(blind(0.0), blind(5.0), blind(100.0, False), blind(101.0, False))
    assert made.absent_for(130.0) == 30.0
    made.observe(blind(140.0))
    assert made.absent_for(1e5) == 40.0
    assert made.finding(1e5) is Finding.UNKNOWN


def test_other_observations_are_passed_over():
    made = rule(ChallengeAnswered(at=1.0, challenge="c"))
    assert made.absent_for(5.0) == 5.0


def test_in_an_announced_break_nobody_need_be_there() -> None:
    policy = PresencePolicy(connect_within_s=60, absent_after_s=20)
    rule = PresenceRule(policy)
    rule.observe(Presence(at=10.0, operator="op", connected=True, cause="hello"))
    rule.observe(Rest(at=100.0, operator="op", until=400.0))
    rule.observe(Presence(at=110.0, operator="op", connected=False, cause="the connection is down"))
    assert (rule.finding(399.0), rule.absent_for(399.0)) == (Finding.UNKNOWN, 0.0)
    assert rule.finding(419.0) is Finding.WARN
    assert rule.finding(420.0) is Finding.FAIL


def test_a_break_that_is_ended_early_excuses_nobody_any_more() -> None:
    rule = PresenceRule(PresencePolicy(connect_within_s=60, absent_after_s=20))
    rule.observe(Presence(at=10.0, operator="op", connected=True, cause="hello"))
    rule.observe(Rest(at=100.0, operator="op", until=400.0))
    rule.observe(Rest(at=120.0, operator="op", until=120.0))
    rule.observe(Presence(at=130.0, operator="op", connected=False, cause="silent"))
    assert rule.finding(150.0) is Finding.FAIL
