"""What operators have announced: a break, in which nobody need be there, or a segment in which nobody should ask."""

from protocols.channel.breaks import Breaks
from protocols.channel.duty import Duty
from protocols.channel.notice import Level, Notice

_NOT_ASKED = ("No routine challenge will come until the time is over.", "在此期间不会有例行验证。")
_ASKED = ("No such time is left this hour, or one is on.", "本小时已无可用的免打扰时间，或正在进行中。")


class Announced:
    """The breaks and segments of one session, each with its budget of seconds within an hour."""

    def __init__(self, break_budget: float, performance_budget: float) -> None:
        self.breaks = Breaks(break_budget)
        self._segments = Breaks(performance_budget)

    def asks(self, now: float, *, routine: bool) -> bool:
        """Whether a challenge may be asked: none in a break, no routine one in a segment."""
        return not (self.breaks.on(now) or (routine and self._segments.on(now)))

    def perform(self, seconds: float, now: float) -> tuple[Notice, float | None] | None:
        """Begin a segment, or end it by 0; what to tell who announced it, and for how many seconds that holds."""
        if seconds <= 0:
            self._segments.end(now)
            return None
        until = self._segments.begin(seconds, now)
        en, zh = _ASKED if until is None else _NOT_ASKED
        told = Notice(level=Level.INFO, code="performance", text_en=en, text_zh=zh)
        return told, None if until is None else until - now

    def duty(self, now: float, en: str = "", zh: str = "") -> Duty:
        """How those on shift stand with their breaks."""
        until = self.breaks.until
        break_for = None if until is None else max(0.0, until - now)
        return Duty(on_shift=True, text_en=en, text_zh=zh, break_for=break_for, break_left=self.breaks.left(now))
