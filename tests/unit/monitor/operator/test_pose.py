"""What a performer is told of the tracking."""

import json

import pytest
from rich.console import Console

from monitor.operator.tracking.feed import Doing, Tracked
from monitor.operator.view import View, tracking_line
from protocols.telemetry import TelemetrySample
from protocols.tracking.quality import Condition, Quality


def tracked(
    doing: Doing = Doing.LISTENING,
    condition: Condition = Condition.GOOD,
    newest: TelemetrySample | None = None,
    refused: int = 0,
    lag: float | None = 0.0123,
) -> Tracked:
    complaint = "no OSC [x]" if refused else None
    quality = Quality(condition=condition, rate=29.7, gap=0.04, lag=lag, refused=refused, complaint=complaint)
    return Tracked(tracker="VMC protocol", doing=doing, detail="UDP 39539", quality=quality, newest=newest)


def shown(told: Tracked) -> str:
    console = Console(width=110, color_system=None)
    with console.capture() as capture:
        console.print(View("s-1", "ann").draw(1.0, tracked=told))
    return capture.get()


@pytest.mark.parametrize("doing", list(Doing))
@pytest.mark.parametrize("condition", list(Condition))
def test_everything_is_said_in_both_languages(doing: Doing, condition: Condition) -> None:
    panel = shown(tracked(doing, condition, TelemetrySample(at=1.0, yaw=1.0)))
    assert "tracking 动捕" in panel
    assert ("quality 质量" in panel) is (doing in {Doing.LISTENING, Doing.FOLLOWING})
    seen = doing in {Doing.LISTENING, Doing.FOLLOWING} and condition not in {Condition.SILENT, Condition.NO_FACE}
    assert ("head 头部" in panel) is seen


def test_rate_lag_and_pose_are_words() -> None:
    panel = shown(tracked(newest=TelemetrySample(at=1.0, yaw=12.4, pitch=-5.0, roll=-8.0, mouth_open=0.52, smile=0.0)))
    assert "good 良好 · 30/s · lag 延迟 12 ms" in panel
    assert "left 左转 12° · down 低头 5° · tilted left 左歪 8°" in panel
    assert "mouth 嘴 █████░░░░░  smile 笑 ░░░░░░░░░░" in panel


def test_a_head_that_looks_straight_on_and_a_face_that_is_not_tracked() -> None:
    panel = shown(tracked(newest=TelemetrySample(at=1.0, yaw=0.5), lag=None))
    assert "straight 正对" in panel
    assert "not tracked 未捕捉" in panel
    assert "lag" not in panel
    assert "right 右转 3° · up 抬头 3° · tilted right" in shown(
        tracked(newest=TelemetrySample(at=1.0, yaw=-3.0, pitch=3.0, roll=3.0))
    )


def test_packets_that_made_no_sense_are_told_and_are_no_markup() -> None:
    assert "2 packets made no sense 无法识别的数据: no OSC [x]" in shown(tracked(refused=2))


def test_a_program_reads_the_same_as_a_line() -> None:
    assert json.loads(tracking_line(tracked(refused=1))) == {
        "type": "tracking",
        "tracker": "VMC protocol",
        "doing": "listening",
        "detail": "UDP 39539",
        "condition": "good",
        "rate": 29.7,
        "gap": 0.04,
        "lag": 0.012,
        "refused": 1,
        "complaint": "no OSC [x]",
    }
    assert json.loads(tracking_line(tracked(lag=None)))["lag"] is None
