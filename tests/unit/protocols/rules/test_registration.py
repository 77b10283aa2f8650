from protocols.evidence import Finding, RuleName
from protocols.observation import Blindness, Deregistered
from protocols.rules.registration import RegistrationRule


def test_it_passes_until_the_avatar_may_not_be_on_air_and_the_first_reason_stands() -> None:
    rule = RegistrationRule()
    rule.observe(Blindness(at=1.0, blind=True, cause="x"))
    assert (rule.finding(1.0), rule.standing(1.0)) == (Finding.PASS, ())
    rule.observe(Deregistered(at=2.0, because="is suspended"))
    rule.observe(Deregistered(at=3.0, because="is revoked"))
    assert rule.finding(4.0) is Finding.FAIL
    [evidence] = rule.standing(4.0)
    assert evidence.rule is RuleName.REGISTRATION
    assert (evidence.start, evidence.end, evidence.weight, evidence.facts) == (
        2.0,
        4.0,
        0.0,
        (("because", "is suspended"),),
    )
