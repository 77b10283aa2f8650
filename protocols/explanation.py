"""A verdict in one sentence that a moderator understands, in English and Simplified Chinese."""

from protocols.evidence import Finding, RuleName
from protocols.verdict import Driver, Verdict
from protocols.wording import Wording, reason

_SPEAKS_FOR: dict[RuleName, Wording] = {
    RuleName.REGISTRATION: Wording(en="the avatar is registered", zh="该虚拟形象已备案"),
    RuleName.LIKENESS: Wording(en="the picture shows the registered avatar", zh="画面与备案的虚拟形象相符"),
    RuleName.PRESENCE: Wording(en="an operator of the roster is connected", zh="名单内的操作员在线"),
    RuleName.REPETITION: Wording(en="the picture does not repeat", zh="画面没有循环"),
    RuleName.AUTHENTICITY: Wording(en="the telemetry is a person's", zh="遥测数据具有真人动作的特征"),
    RuleName.ORIGINALITY: Wording(en="the motion is told here for the first time", zh="动作数据系首次出现"),
    RuleName.CHALLENGE: Wording(en="a gesture that was asked for was done", zh="已按要求完成指定动作"),
    RuleName.DRIVING: Wording(en="the avatar's motion is the operator's motion", zh="虚拟形象的动作与操作员的动作一致"),
}


_DRIVERS: dict[Driver, Wording] = {
    Driver.HUMAN: Wording(en="A person drives this avatar (probability {} %)", zh="该虚拟形象由真人驱动（概率 {}%）"),
    Driver.MIXED: Wording(
        en="A person drives this avatar in part (probability {} %)", zh="该虚拟形象部分由真人驱动（概率 {}%）"
    ),
    Driver.AI: Wording(en="Nobody drives this avatar (probability {} %)", zh="该虚拟形象无真人驱动（概率 {}%）"),
    Driver.UNKNOWN: Wording(
        en="Who drives this avatar is not known yet (probability of a person {} %)",
        zh="尚无法判断由谁驱动该虚拟形象（真人概率 {}%）",
    ),
}


_UNLIKELY_LAG = Wording(
    en="both sides match, but {} s apart: a clock is wrong, or the telemetry comes much too late",
    zh="两侧动作一致，但相差 {} 秒：时钟有误，或遥测数据严重延迟",
)
_LEADS = Wording(
    en="the picture moves {} s before the telemetry that should drive it",
    zh="画面比本应驱动它的遥测数据早 {} 秒动作",
)
_UNITS = Wording(
    en="the telemetry's angles are so small that they may be radians: send degrees",
    zh="遥测数据的角度过小，可能是弧度：请发送角度值",
)
_LEAD = 3.0  # seconds by which a picture may lead what was made from it


def explain(verdict: Verdict) -> Wording:
    """Who drives, how sure that is, and the strongest reason for it."""
    head, why = _head(verdict), _reason(verdict)
    if why is None:
        return Wording(en=f"{head.en}.", zh=f"{head.zh}。")
    return Wording(en=f"{head.en}: {why.en}.", zh=f"{head.zh}：{why.zh}。")


def _head(verdict: Verdict) -> Wording:
    words, human = _DRIVERS[verdict.driver], round(100 * verdict.p_human)
    share = 100 - human if verdict.driver is Driver.AI else human
    return Wording(en=words.en.format(share), zh=words.zh.format(share))


def _reason(verdict: Verdict) -> Wording | None:
    """What a cut would be for; else the rule that weighs most in the direction of the verdict."""
    for on_its_own in (RuleName.REGISTRATION, RuleName.LIKENESS):
        if verdict.finding(on_its_own) is Finding.FAIL:
            return reason(on_its_own)
    weights: dict[RuleName, float] = {}
    for e in verdict.evidence:
        weights[e.rule] = weights.get(e.rule, 0.0) + e.weight
    reserved = _reservation(verdict)
    if reserved is not None:
        return reserved
    rule = max(weights, key=lambda name: _strength(verdict.driver, weights[name]), default=None)
    if rule is None or weights[rule] == 0:
        return None
    if weights[rule] > 0:
        return _SPEAKS_FOR[rule]
    return _told_before(verdict) if rule is RuleName.ORIGINALITY else reason(rule)


_BEFORE = Wording(
    en="the motion told at {told} was told before, in session {session} at {before}",
    zh="{told} 的动作数据此前已在场次 {session} 中于 {before} 出现过",
)
_TOGETHER = Wording(
    en="the motion told at {told} is told in session {session} at the same time and does not move this avatar",
    zh="{told} 的动作数据同时出现在场次 {session} 中，且未驱动本虚拟形象",
)


def _told_before(verdict: Verdict) -> Wording:
    """When the motion was told here, and where and when it was before."""
    facts = dict(next(e for e in verdict.evidence if e.rule is RuleName.ORIGINALITY and e.weight < 0).facts)
    said = {name: str(facts.get(name)) for name in ("told", "session", "before")}
    words = _TOGETHER if facts.get("at_the_same_time") else _BEFORE
    return Wording(en=words.en.format(**said), zh=words.zh.format(**said))


def _reservation(verdict: Verdict) -> Wording | None:
    """Why the motion of both sides says less than it might: what the last window found to be wrong with it."""
    if verdict.driver is Driver.HUMAN:
        return None
    facts = next((dict(e.facts) for e in reversed(verdict.evidence) if e.rule is RuleName.DRIVING), {})
    lag = facts.get("elsewhere_s")
    if isinstance(lag, float):
        words, seconds = (_LEADS if -_LEAD <= lag < 0 else _UNLIKELY_LAG), f"{abs(lag):.1f}"
        return Wording(en=words.en.format(seconds), zh=words.zh.format(seconds))
    return _UNITS if facts.get("units_unclear") and verdict.driver is Driver.UNKNOWN else None


def _strength(driver: Driver, weight: float) -> float:
    """How much ``weight`` says for the verdict ``driver``; for an open verdict, how much it says at all."""
    return {Driver.HUMAN: weight, Driver.AI: -weight}.get(driver, abs(weight))
