"""What an operator is told, in English and Simplified Chinese: what is wrong and what to do, before anything is cut.

Scores are never told to operators.
"""

from dataclasses import dataclass

from protocols.evidence import RuleName
from protocols.gesture import Gesture
from protocols.ladder import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One text in both languages."""

    en: str
    zh: str


_REASONS = {
    RuleName.REGISTRATION: Wording(en="the avatar may not be on air any more", zh="该虚拟形象已不得继续直播"),
    RuleName.LIKENESS: Wording(en="the picture does not show the registered avatar", zh="画面与备案的虚拟形象不符"),
    RuleName.PRESENCE: Wording(en="no operator of the roster is connected", zh="名单内的操作员均未在线"),
    RuleName.REPETITION: Wording(en="the picture repeats a recording", zh="画面为循环播放的录像"),
    RuleName.AUTHENTICITY: Wording(
        en="the telemetry is a machine's, not a person's", zh="遥测数据像程序生成，而非真人动作"
    ),
    RuleName.ORIGINALITY: Wording(
        en="the same motion was told before, in another broadcast", zh="同样的动作数据此前已在另一场直播中出现过"
    ),
    RuleName.CHALLENGE: Wording(en="gestures that were asked for were not done", zh="未按要求完成指定动作"),
    RuleName.DRIVING: Wording(
        en="the avatar's motion is not the operator's motion", zh="虚拟形象的动作与操作员的动作不一致"
    ),
}

_GESTURES = {
    Gesture.LOOK_LEFT: Wording(en="look to your left", zh="请向左看"),
    Gesture.LOOK_RIGHT: Wording(en="look to your right", zh="请向右看"),
    Gesture.NOD: Wording(en="nod", zh="请点头"),
    Gesture.SHAKE: Wording(en="shake your head", zh="请摇头"),
    Gesture.TILT_LEFT: Wording(en="tilt your head to your left", zh="请向左歪头"),
    Gesture.TILT_RIGHT: Wording(en="tilt your head to your right", zh="请向右歪头"),
    Gesture.OPEN_MOUTH: Wording(en="open your mouth wide", zh="请张大嘴"),
    Gesture.BLINK_TWICE: Wording(en="blink twice", zh="请眨眼两次"),
    Gesture.RAISE_HAND: Wording(en="raise your right hand", zh="请举起右手"),
}

_ADVICE = {
    RuleName.REGISTRATION: Wording(
        en="Ask the platform how its registration stands.", zh="请向平台查询该形象的备案状态。"
    ),
    RuleName.LIKENESS: Wording(en="Show the registered avatar again.", zh="请换回备案的虚拟形象。"),
    RuleName.PRESENCE: Wording(
        en="Connect the operator's software and stay on shift.", zh="请连接操作员软件并保持在岗。"
    ),
    RuleName.REPETITION: Wording(en="Play the live picture, not a recording.", zh="请播放实时画面，勿循环播放录像。"),
    RuleName.AUTHENTICITY: Wording(
        en="Track yourself with a camera and send that tracking.", zh="请使用摄像头捕捉本人动作并上传。"
    ),
    RuleName.ORIGINALITY: Wording(
        en="Move here and now, and send the tracking of this stream alone.",
        zh="请现场做动作，并只上传本场直播的捕捉数据。",
    ),
    RuleName.CHALLENGE: Wording(en="Do the next gesture that you are asked for.", zh="请完成接下来要求的动作。"),
    RuleName.DRIVING: Wording(
        en="Move yourself: the avatar must follow your own tracking.", zh="请亲自做动作：虚拟形象须由您的动作驱动。"
    ),
}

_RUNGS = {
    Rung.WATCHING: Wording(en="All is well again.", zh="一切恢复正常。"),
    Rung.NOTIFY: Wording(en="Something is wrong: {reason}. {advice}", zh="发现异常：{reason}。{advice}"),
    Rung.CHALLENGE: Wording(en="Please show that you are there. {advice}", zh="请证明您在场。{advice}"),
    Rung.GRACE: Wording(
        en="The stream will be cut unless this is mended now: {reason}. {advice}",
        zh="若不立即改正，直播将被中断：{reason}。{advice}",
    ),
    Rung.SLATE: Wording(
        en="Viewers see a notice instead of your picture: {reason}. {advice} Then the picture returns.",
        zh="观众画面已被提示页遮盖：{reason}。{advice}改正后画面即可恢复。",
    ),
    Rung.DROP: Wording(
        en="The stream was disconnected: {reason}. {advice} Then start it again after the pause.",
        zh="直播已被断开：{reason}。{advice}暂停时间过后可重新开播。",
    ),
    Rung.FORBID: Wording(
        en="The stream was cut: {reason}. It may not be published until the ban ends. You may appeal to the platform.",
        zh="直播已被中断：{reason}。禁播期结束前不得重新开播。您可以向平台申诉。",
    ),
    Rung.RESTORED: Wording(
        en="The cut was undone. You may publish again at once.", zh="中断决定已撤销。您可以立即重新开播。"
    ),
}


def request(gesture: Gesture) -> Wording:
    """What to ask of the operator."""
    return _GESTURES[gesture]


def reason(rule: RuleName) -> Wording:
    """Why a rule speaks against a stream."""
    return _REASONS[rule]


def notice(rung: Rung, cause: RuleName | None) -> Wording:
    """What the operator is told on ``rung``."""
    words = _RUNGS[rung]
    if cause is None and rung is not Rung.RESTORED:
        return _RUNGS[Rung.WATCHING]
    if cause is None:
        return words
    why, advice = _REASONS[cause], _ADVICE[cause]
    return Wording(
        en=words.en.format(reason=why.en, advice=advice.en), zh=words.zh.format(reason=why.zh, advice=advice.zh)
    )


def undone(cut_at: str) -> Wording:
    """What an operator is told who was not there when the cut of ``cut_at``, a day and time, was undone."""
    words = _RUNGS[Rung.RESTORED]
    return Wording(en=f"About the cut of {cut_at}: {words.en}", zh=f"关于 {cut_at} 的中断：{words.zh}")


def advice(rule: RuleName) -> Wording:
    """How what a rule speaks against is mended."""
    return _ADVICE[rule]
