"""The tracking in words and bars that a performer understands, in English and Chinese."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from monitor.operator.tracking.feed import Doing, Tracked
from protocols.telemetry import TelemetrySample
from protocols.tracking.quality import Condition, Quality

_DOING = {
    Doing.SEARCHING: ("looking for your tracking", "正在寻找动作捕捉", "yellow"),
    Doing.LISTENING: ("listening", "正在接收", "cyan"),
    Doing.CONNECTING: ("connecting", "正在连接", "yellow"),
    Doing.ASKING: ("please click Allow in VTube Studio", "请在 VTube Studio 中点击“允许”", "bold yellow"),
    Doing.FOLLOWING: ("following", "正在接收", "cyan"),
    Doing.REFUSED: ("cannot be followed", "无法接收", "bold red"),
}
_CONDITION = {
    Condition.SILENT: ("nothing arrives", "没有收到数据", "red"),
    Condition.NO_FACE: ("no face is seen", "看不到脸", "yellow"),
    Condition.SPARSE: ("too few samples, close other programs", "数据太少，请关闭其他程序", "yellow"),
    Condition.UNEVEN: ("uneven", "不稳定", "yellow"),
    Condition.GOOD: ("good", "良好", "green"),
}
_STILL = 2.0  # degrees, below which a head is called straight
_BAR = 10
_SEEN = (Doing.LISTENING, Doing.FOLLOWING)


def rows(tracked: Tracked) -> Iterator[tuple[str, RenderableType]]:
    """Labels and what stands beside them."""
    en, zh, colour = _DOING[tracked.doing]
    where = " · ".join(part for part in (tracked.tracker, tracked.detail) if part)
    yield "tracking 动捕", Text(f"{en} {zh}" + (f" · {where}" if where else ""), style=colour)
    if tracked.doing not in _SEEN:
        return
    yield "quality 质量", _quality(tracked.quality)
    if tracked.newest is not None and tracked.quality.condition not in (Condition.SILENT, Condition.NO_FACE):
        yield "head 头部", _head(tracked.newest)
        yield "face 面部", _face(tracked.newest)
    if tracked.quality.refused:
        words = f"{tracked.quality.refused} packets made no sense 无法识别的数据: {tracked.quality.complaint}"
        yield "refused 拒收", Text(words, style="yellow")


def _quality(quality: Quality) -> Text:
    en, zh, colour = _CONDITION[quality.condition]
    lag = "" if quality.lag is None else f" · lag 延迟 {quality.lag * 1000:.0f} ms"
    return Text(f"{en} {zh} · {quality.rate:.0f}/s{lag}", style=colour)


def _head(sample: TelemetrySample) -> str:
    """Where the head is turned, as its owner would say it: who sees the wrong side here knows what to flip."""
    turns = [
        _turn(sample.yaw, "left 左转", "right 右转"),
        _turn(sample.pitch, "up 抬头", "down 低头"),
        _turn(sample.roll, "tilted right 右歪", "tilted left 左歪"),
    ]
    return " · ".join(turn for turn in turns if turn) or "straight 正对"


def _turn(degrees: float | None, positive: str, negative: str) -> str:
    if degrees is None or abs(degrees) < _STILL:
        return ""
    return f"{positive if degrees > 0 else negative} {abs(degrees):.0f}°"


def _face(sample: TelemetrySample) -> str:
    shares = {"mouth 嘴": sample.mouth_open, "eyes shut 闭眼": sample.eye_blink, "smile 笑": sample.smile}
    told = [f"{name} {_bar(value)}" for name, value in shares.items() if value is not None]
    return "  ".join(told) or "not tracked 未捕捉"


def _bar(share: float) -> str:
    full = round(min(1.0, max(0.0, share)) * _BAR)
    return "█" * full + "░" * (_BAR - full)
