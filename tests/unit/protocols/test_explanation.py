from dataclasses import replace

import pytest

from protocols.evidence import Evidence, Finding, RuleName
from protocols.explanation import explain
from protocols.verdict import Driver, Verdict


def verdict(driver: Driver, p: float, weights: dict[RuleName, float], **findings: Finding) -> Verdict:
    return Verdict(
        at=20.0,
        driver=driver,
        p_human=p,
        log_odds=0.0,
        prior=0.0,
        findings=tuple((RuleName(name), finding) for name, finding in findings.items()),
        evidence=tuple(Evidence(rule=rule, start=0, end=10, weight=weight) for rule, weight in weights.items()),
        policy="standard@1",
        cause=None,
    )


def told_before(*, together: bool) -> Verdict:
    found = verdict(Driver.AI, 0.01, {RuleName.ORIGINALITY: -5})
    facts = (
        ("session", "ses_x"),
        ("told", "2026-11-26T21:04:00+00:00"),
        ("before", "2026-11-25T20:00:00+00:00"),
        ("at_the_same_time", together),
    )
    return replace(found, evidence=(replace(found.evidence[0], facts=facts),))


@pytest.mark.parametrize(
    ("given", "en", "zh"),
    [
        (
            verdict(Driver.HUMAN, 0.96, {RuleName.DRIVING: 4, RuleName.PRESENCE: -9}),
            "A person drives this avatar (probability 96 %): the avatar's motion is the operator's motion.",
            "该虚拟形象由真人驱动（概率 96%）：虚拟形象的动作与操作员的动作一致。",
        ),
        (
            verdict(Driver.AI, 0.02, {RuleName.DRIVING: 1, RuleName.PRESENCE: -5}),
            "Nobody drives this avatar (probability 98 %): no operator of the roster is connected.",
            "该虚拟形象无真人驱动（概率 98%）：名单内的操作员均未在线。",
        ),
        (
            told_before(together=False),
            "Nobody drives this avatar (probability 99 %): the motion told at 2026-11-26T21:04:00+00:00 was told "
            "before, in session ses_x at 2026-11-25T20:00:00+00:00.",
            "该虚拟形象无真人驱动（概率 99%）：2026-11-26T21:04:00+00:00 的动作数据此前已在场次 ses_x 中于 "
            "2026-11-25T20:00:00+00:00 出现过。",
        ),
        (
            told_before(together=True),
            "Nobody drives this avatar (probability 99 %): the motion told at 2026-11-26T21:04:00+00:00 is told in "
            "session ses_x at the same time and does not move this avatar.",
            "该虚拟形象无真人驱动（概率 99%）：2026-11-26T21:04:00+00:00 的动作数据同时出现在场次 ses_x 中，"
            "且未驱动本虚拟形象。",
        ),
        (
            verdict(Driver.MIXED, 0.5, {RuleName.DRIVING: 2, RuleName.CHALLENGE: -3}),
            "A person drives this avatar in part (probability 50 %): gestures that were asked for were not done.",
            "该虚拟形象部分由真人驱动（概率 50%）：未按要求完成指定动作。",
        ),
        (
            verdict(Driver.UNKNOWN, 0.5, {}),
            "Who drives this avatar is not known yet (probability of a person 50 %).",
            "尚无法判断由谁驱动该虚拟形象（真人概率 50%）。",
        ),
        (
            verdict(Driver.UNKNOWN, 0.5, {RuleName.DRIVING: 0.0}),
            "Who drives this avatar is not known yet (probability of a person 50 %).",
            "尚无法判断由谁驱动该虚拟形象（真人概率 50%）。",
        ),
        (
            verdict(Driver.HUMAN, 0.9, {RuleName.DRIVING: 3}, likeness=Finding.FAIL),
            "A person drives this avatar (probability 90 %): the picture does not show the registered avatar.",
            "该虚拟形象由真人驱动（概率 90%）：画面与备案的虚拟形象不符。",
        ),
    ],
)
def test_the_verdict_in_one_sentence(given: Verdict, en: str, zh: str) -> None:
    sentence = explain(given)
    assert (sentence.en, sentence.zh) == (en, zh)


@pytest.mark.parametrize("rule", RuleName)
@pytest.mark.parametrize("weight", [-3.0, 3.0])
def test_every_rule_has_its_words(rule: RuleName, weight: float) -> None:
    sentence = explain(verdict(Driver.HUMAN if weight > 0 else Driver.AI, 0.5, {rule: weight}))
    assert ": " in sentence.en
    assert "：" in sentence.zh


def test_windows_of_a_rule_add_up() -> None:
    given = verdict(Driver.UNKNOWN, 0.5, {RuleName.PRESENCE: -2.5})
    more = tuple(Evidence(rule=RuleName.DRIVING, start=n, end=n + 1, weight=1.0) for n in range(3))
    several = Verdict(**{f: getattr(given, f) for f in Verdict.__slots__} | {"evidence": given.evidence + more})
    assert "the avatar's motion is the operator's motion" in explain(several).en
