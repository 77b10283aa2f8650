"""What a performer sees, and what a program reads."""

import json

from rich.console import Console

from monitor.operator.agent import AgentEvent, Connecting, Disconnected, Finished
from monitor.operator.view import View, line
from protocols.channel.event import Acknowledged, Challenged, FloorChanged, Noticed, Opened, Receipted
from protocols.gesture import Gesture

ASKED = Challenged(challenge="ch", gesture=Gesture.LOOK_LEFT, deadline=110.0)


def shown(*events: tuple[AgentEvent, float], now: float, **counts: int) -> str:
    view = View("s-1", "ann")
    for event, at in events:
        view.hear(event, at)
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(view.draw(now, **counts))
    return capture.get()


def test_it_says_where_things_stand() -> None:
    assert "connecting" in shown((Connecting(server="wss://x"), 1.0), now=1.0)
    opened = Opened(driving=True, resumed=False, interval=1.0)
    assert "on air" in shown((opened, 1.0), now=1.0)
    assert "standing by" in shown((opened, 1.0), (FloorChanged(driving=False), 2.0), now=2.0)
    assert "disconnected 已断开: no route" in shown((Disconnected(cause="no route", retry_in=1.0), 1.0), now=1.0)
    assert "taken over" in shown((Finished(code="superseded", message="taken over"), 1.0), now=1.0)


def test_it_shows_heartbeats_rate_and_round_trip() -> None:
    beats = [(Acknowledged(round_trip=0.025, taken=30, refused=1), float(at)) for at in range(5)]
    panel = shown(*beats, now=4.1, waiting=100, dropped=7)
    assert "♥  5 acknowledged" in panel
    assert "30 samples/s 样本/秒 · 100 waiting 待发 · 5 refused 被拒 · 7 dropped 丢弃" in panel
    assert "25 ms" in panel
    assert "♡  5 acknowledged" in shown(*beats, now=5.0)
    assert "0 samples/s" in shown(*beats, now=20.0)
    assert "none yet" in shown(now=0.0)


def test_a_challenge_is_large_with_a_countdown_until_it_is_over() -> None:
    panel = shown((ASKED, 100.0), now=104.0)
    assert "Look to your left" in panel
    assert "请向左看" in panel
    assert "6 s left" in panel
    assert "Look to your left" not in shown((ASKED, 100.0), now=111.0)


def test_gestures_in_a_row_are_numbered() -> None:
    row = Challenged(challenge="ch", gesture=Gesture.NOD, then=(Gesture.LOOK_LEFT,), deadline=110.0)
    panel = shown((row, 100.0), now=104.0)
    assert "1. Nod   请点头" in panel
    assert "2. Look to your left" in panel


def test_digits_are_shown_with_what_was_typed_and_typed_again_where_they_were_not_those() -> None:
    view, console = View("s-1", "ann", typed=lambda: "04"), Console(width=100, color_system=None)
    view.hear(Challenged(challenge="ch", digits="0472", deadline=110.0), 100.0)
    view.hear(Receipted(challenge="ch", outcome="wrong_digits"), 101.0)
    with console.capture() as capture:
        console.print(view.draw(102.0))
    panel = capture.get()
    assert "Type 请输入   0 4 7 2" in panel
    assert "0 4 · ·" in panel
    assert "type them again" in panel
    assert "press space" not in panel


def test_a_receipt_ends_the_challenge() -> None:
    accepted = shown((ASKED, 100.0), (Receipted(challenge="ch", outcome="accepted"), 102.0), now=102.0)
    assert "Look to your left" not in accepted
    assert "thank you" in accepted
    late = shown((ASKED, 100.0), (Receipted(challenge="other", outcome="late"), 102.0), now=102.0)
    assert "Look to your left" in late
    assert "not counted: new" in shown((Receipted(challenge="ch", outcome="new"), 1.0), now=1.0)
    assert "too late 已超时" in shown((Receipted(challenge="ch", outcome="late"), 1.0), now=1.0)


def test_a_notice_is_shown_in_both_languages_for_its_time() -> None:
    notice = Noticed(level="warning", code="grace", en="Do [this]", zh="请回应", until=10.0)
    assert "Do [this]" in shown((notice, 1.0), now=9.0)
    assert "请回应" in shown((notice, 1.0), now=9.0)
    assert "Do [this]" not in shown((notice, 1.0), now=11.0)


def test_words_of_the_server_are_no_markup() -> None:
    assert "[red]boo[/red]" in shown((Finished(code="x", message="[red]boo[/red]"), 1.0), now=1.0)


def test_events_are_lines_of_json_with_times_from_now() -> None:
    assert json.loads(line(ASKED, 104.0)) == {
        "type": "challenged",
        "challenge": "ch",
        "gesture": "look_left",
        "deadline": 6.0,
        "then": [],
        "digits": None,
    }
    assert json.loads(line(Connecting(server="wss://x"), 0.0)) == {"type": "connecting", "server": "wss://x"}
    lasting = Noticed(level="info", code="c", en="e", zh="请", until=None)
    assert "请" in line(lasting, 0.0)
    assert json.loads(line(lasting, 0.0))["until"] is None
