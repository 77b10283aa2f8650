"""What a performer sees of the agent: one calm panel in the terminal, or one JSON line for each event."""

import dataclasses
import json
from collections import deque
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from monitor.operator import pose
from monitor.operator.agent import AgentEvent, Connecting, Disconnected, Finished
from monitor.operator.tracking.feed import Tracked
from protocols.channel.event import (
    Acknowledged,
    Challenged,
    DutyTold,
    Ended,
    FloorChanged,
    FloorOffered,
    Noticed,
    Opened,
    Outcome,
    Receipted,
)
from protocols.wording import request

_CONNECTING = Text("connecting 正在连接", style="yellow")
_OFF_SHIFT = Text("not on shift yet 尚未值班", style="bold yellow")
_OUTCOMES = {
    "late": "too late 已超时",
    "repeated": "answered before 已回应过",
    "unknown": "no longer asked 请求已失效",
    "wrong_nonce": "not counted 未计入",
    "wrong_digits": "not those digits, type them again 数字不符，请重新输入",
    "not_driving": "another operator drives now 现由其他操作员出镜",
}
_COLOURS = {"info": "cyan", "warning": "yellow", "urgent": "bold red"}


def line(event: AgentEvent, now: float) -> str:
    """One event as a line of JSON; times become seconds from now."""
    values = dataclasses.asdict(event)
    for name in ("deadline", "until"):
        if values.get(name) is not None:
            values[name] = round(values[name] - now, 3)
    return json.dumps({"type": _name(event), **values}, ensure_ascii=False)


class View:
    """Keeps what was heard, and draws it. Times are on the event loop's clock."""

    def __init__(self, session: str, operator: str, page: str = "", typed: Callable[[], str] = str) -> None:
        """``page`` is where a passkey can be used, such as ``https://monitor.example/passkey``; ``typed``: what was
        typed so far of digits that are asked for."""
        self._typed = typed
        self._page = page
        self._duty: DutyTold | None = None
        self._offer: FloorOffered | None = None
        self._who = f"{operator} · {session}"
        self._state = _CONNECTING
        self._round_trip: float | None = None
        self._beats = 0
        self._refused = 0
        self._beat_at: float | None = None
        self._rates: deque[tuple[float, int]] = deque(maxlen=10)
        self._challenge: Challenged | None = None
        self._asked_for = 1.0
        self._notice: Noticed | None = None
        self._last: Text | None = None

    def hear(self, event: AgentEvent, now: float) -> None:
        """Take in one event."""
        match event:
            case Connecting():
                self._state = _CONNECTING
            case Opened(driving=driving) | FloorChanged(driving=driving):
                self._state = _driving(driving)
            case Acknowledged():
                self._acknowledged(event, now)
            case DutyTold() | FloorOffered():
                self._asked_of(event)
            case Challenged():
                self._challenge, self._asked_for = event, max(0.001, event.deadline - now)
                self._last = None
            case Receipted():
                self._receipted(event)
            case Noticed():
                self._notice = event
            case Disconnected():
                self._state = Text(f"disconnected 已断开: {event.cause}", style="red")
            case Finished() | Ended():
                self._state = Text(event.message, style="bold")

    def draw(self, now: float, *, waiting: int = 0, dropped: int = 0, tracked: Tracked | None = None) -> RenderableType:
        """The panel as it stands now; ``tracked`` where a tracker is followed."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", justify="right")
        grid.add_column()
        grid.add_row("state 状态", self._state)
        grid.add_row("heartbeat 心跳", self._heartbeat(now))
        for label, told in () if tracked is None else pose.rows(tracked):
            grid.add_row(label, told)
        grid.add_row("sent 已发送", self._motion(now, waiting, dropped))
        round_trip = "–" if self._round_trip is None else f"{self._round_trip * 1000:.0f} ms"
        grid.add_row("round trip 往返", round_trip)
        parts: list[RenderableType] = [grid]
        if self._duty is not None and self._duty.en:
            parts += [Text(), *self._stands(self._duty, now)]
        if self._duty is not None and self._duty.break_until is not None and now < self._duty.break_until:
            left = f"{(self._duty.break_until - now) / 60:.0f}"
            parts += [
                Text(),
                Text(f"break, {left} min left, press b to end it 休息中，剩余 {left} 分钟，按 b 结束", style="cyan"),
            ]
        if self._offer is not None and now < self._offer.until:
            by = self._offer.by
            parts += [
                Text(),
                Text(f"{by} hands over to you, press t to take it 请求交接，按 t 接手", style="bold yellow"),
            ]
        if self._challenge is not None and now <= self._challenge.deadline:
            parts += [Text(), *self._ask(self._challenge, now)]
        elif self._last is not None:
            parts += [Text(), self._last]
        if self._notice is not None and (self._notice.until is None or now <= self._notice.until):
            colour = _COLOURS.get(self._notice.level, "cyan")
            parts += [Text(), Text(f"{self._notice.en}\n{self._notice.zh}", style=colour)]
        return Panel(Group(*parts), title=Text(self._who), border_style="dim", padding=(1, 2))

    def _ask(self, challenge: Challenged, now: float) -> list[RenderableType]:
        left = max(0.0, challenge.deadline - now)
        return [
            *(_gestures(challenge) if challenge.digits is None else self._digits(challenge.digits)),
            ProgressBar(total=self._asked_for, completed=left, width=40),
            Text(f"{left:.0f} s left 剩余 {left:.0f} 秒", style="dim"),
        ]

    def _digits(self, digits: str) -> list[RenderableType]:
        typed = self._typed()
        shown = " ".join(typed + "·" * (len(digits) - len(typed)))
        parts: list[RenderableType] = [
            Text(f"Type 请输入   {' '.join(digits)}", style="bold yellow"),
            Text(f"       {shown}", style="bold"),
        ]
        return [self._last, *parts] if self._last is not None else parts

    def _asked_of(self, event: DutyTold | FloorOffered) -> None:
        if isinstance(event, FloorOffered):
            self._offer = event
            return
        self._duty = event
        self._state = self._state if event.on_shift else _OFF_SHIFT

    def _stands(self, duty: DutyTold, now: float) -> list[RenderableType]:
        """What an operator's shift waits for, and where to do it."""
        words: list[RenderableType] = [Text(f"{duty.en}\n{duty.zh}", style="green" if duty.on_shift else "bold yellow")]
        if duty.ceremony is not None and (duty.until is None or now < duty.until):
            words.append(Text(f"{self._page}#shift={duty.ceremony}", style="underline", overflow="fold"))
        return words

    def _acknowledged(self, event: Acknowledged, now: float) -> None:
        self._round_trip = event.round_trip
        self._beats += 1
        self._refused += event.refused
        self._beat_at = now
        self._rates.append((now, event.taken))

    def _receipted(self, event: Receipted) -> None:
        if self._challenge is not None and self._challenge.challenge == event.challenge:
            self._challenge = self._challenge if event.outcome == Outcome.WRONG_DIGITS else None
        counted = event.outcome == "accepted"
        words = (
            "thank you, noted 谢谢，已收到"
            if counted
            else _OUTCOMES.get(event.outcome, f"not counted: {event.outcome}")
        )
        self._last = Text(words, style="green" if counted else "yellow")

    def _heartbeat(self, now: float) -> str:
        if self._beat_at is None:
            return "none yet 尚无"
        return f"{'♥' if now - self._beat_at < 0.5 else '♡'}  {self._beats} acknowledged 已确认"

    def _motion(self, now: float, waiting: int, dropped: int) -> str:
        rate = 0.0
        if len(self._rates) > 1 and now - self._rates[-1][0] < 5:
            span = self._rates[-1][0] - self._rates[0][0]
            rate = (sum(taken for _, taken in self._rates) - self._rates[0][1]) / max(span, 0.001)
        doubts = [f"{waiting} waiting 待发"] if waiting > 60 else []
        doubts += [f"{self._refused} refused 被拒"] if self._refused else []
        doubts += [f"{dropped} dropped 丢弃"] if dropped else []
        return f"{rate:.0f} samples/s 样本/秒" + "".join(f" · {doubt}" for doubt in doubts)


def tracking_line(tracked: Tracked) -> str:
    """The tracking as it stands as a line of JSON."""
    quality = tracked.quality
    return json.dumps(
        {
            "type": "tracking",
            "tracker": tracked.tracker,
            "doing": tracked.doing,
            "detail": tracked.detail,
            "condition": quality.condition,
            "rate": round(quality.rate, 1),
            "gap": round(quality.gap, 3),
            "lag": None if quality.lag is None else round(quality.lag, 3),
            "refused": quality.refused,
            "complaint": quality.complaint,
        },
        ensure_ascii=False,
    )


def _gestures(challenge: Challenged) -> list[RenderableType]:
    """One line for each gesture, in order."""
    gestures = [] if challenge.gesture is None else [request(challenge.gesture), *map(request, challenge.then)]
    ordered = len(gestures) > 1
    lines = [
        f"{number}. {words.en.capitalize()}   {words.zh}" if ordered else f"{words.en.capitalize()}   {words.zh}"
        for number, words in enumerate(gestures, 1)
    ]
    return [Text("\n".join(lines), style="bold yellow"), Text("then press space 完成后按空格键", style="dim")]


def _driving(driving: bool) -> Text:
    if driving:
        return Text("on air, you drive 直播中，由你操作", style="bold green")
    return Text("standing by 待命", style="cyan")


def _name(event: AgentEvent) -> str:
    return type(event).__name__.lower()
