"""A stream that a worker holds is to its pipeline as one that is held here."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import numpy as np
import pytest

from monitor.egress import EgressPolicy
from monitor.sources.ring import Ring
from monitor.sources.source import Ended, Lost, Picture, Refused, Sighted, SourceEvent, Stalled, Watch
from monitor.workers.far import FarGaze, FarStream
from monitor.workers.frame import Frame, FrameRefused, of_observation
from monitor.workers.opening import Opening
from protocols.observation import Look, Observation, Rival
from protocols.policy import WatchPolicy
from protocols.session import AvatarId, Feed, SourceKind

OPENING = Opening(
    feed=Feed(kind=SourceKind.RTMP, url="rtmp://edge/live/hoshi"), zero=100.0, policy=WatchPolicy(),
    egress=EgressPolicy(ports=frozenset({1935})),
)  # fmt: skip


class Line:
    """What was said to the worker, and whose stream was left."""

    def __init__(self) -> None:
        self.said: list[Frame] = []
        self.left: list[str] = []
        self.ring = Ring()
        self.stream = FarStream("ses_1", OPENING, self.ring, send=self.said.append, left=self.left.append)

    def hear(self, kind: str, body: bytes = b"", **says: object) -> None:
        self.stream.hear(Frame(kind=kind, stream="ses_1", says=says, body=body))


async def told(line: Line) -> list[SourceEvent]:
    return [event async for event in line.stream.events()]


async def test_what_happens_to_it_is_told_in_order_up_to_its_end() -> None:
    line = Line()
    line.hear("sighted", at=1.0)
    line.hear("stalled", at=4.0, silent_for=2.5)
    line.stream.lost(105.0, "the process has died")
    line.hear("sighted", at=6.0)
    line.hear("ended", at=9.0, cause="over")
    events = await told(line)
    assert [type(event) for event in events] == [Sighted, Stalled, Lost, Sighted, Ended]
    assert [event.at for event in events] == [1.0, 4.0, 5.0, 6.0, 9.0]
    assert [frame.kind for frame in line.said] == ["open"]


async def test_a_refusal_ends_it_as_well() -> None:
    line = Line()
    line.hear("refused", at=0.0, cause="no stream")
    assert await told(line) == [Refused(at=0.0, cause="no stream")]


async def test_a_new_worker_is_told_everything_that_the_one_before_knew() -> None:
    line = Line()
    line.stream.watch(Watch.FULL)
    line.stream.watch(Watch.FULL)
    assert [frame.says for frame in line.said] == [{"mode": "full"}]
    says = line.stream.opened().says
    assert says["mode"] == "full"
    again = Opening.read(says)
    assert again == OPENING


async def test_closing_lets_go_once_and_ends_the_events() -> None:
    line = Line()
    events = asyncio.create_task(told(line))
    await asyncio.sleep(0)
    await line.stream.close()
    await line.stream.close()
    assert await events == []
    assert [frame.kind for frame in line.said] == ["open", "close"]
    assert line.left == ["ses_1"]


async def test_packets_are_kept_here_so_that_they_outlive_the_worker() -> None:
    line = Line()
    line.hear("take", b"head", codec="h264", unit=[1, 1000])
    line.hear("packet", b"key", pts=0, dts=0, keyframe=True, arrived=1.0)
    line.hear("packet", b"next", pts=40, dts=40, keyframe=False, arrived=1.04)
    [excerpt] = line.ring.excerpts()
    assert (excerpt.take.codec, excerpt.take.unit, excerpt.take.head) == ("h264", Fraction(1, 1000), b"head")
    assert [bytes(packet.data) for packet in excerpt.packets] == [b"key", b"next"]


async def test_counts_add_up() -> None:
    line = Line()
    for _ in range(2):
        line.hear("count", seen=25, dropped=1, corrupt=2)
    assert (line.stream.seen, line.stream.dropped, line.stream.corrupt) == (50, 2, 4)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("poem", {}),
        ("sighted", {}),
        ("ended", {"at": 1.0}),
        ("count", {"seen": "many", "dropped": 0, "corrupt": 0}),
        ("packet", {"pts": 0}),
        ("take", {"codec": "h264", "unit": [1, 0]}),
        ("take", {"codec": "h264", "unit": [1, 1000], "sound": {"codec": "aac", "unit": [1, 1000], "head": 9}}),
        ("sound", {"pts": 0}),
        ("observation", {"type": "Poem"}),
    ],
)
async def test_what_makes_no_sense_is_refused(kind: str, says: dict[str, object]) -> None:
    with pytest.raises(FrameRefused):
        Line().hear(kind, **says)


async def test_looks_call_others_to_mind_here_and_the_purged_are_told_of_no_more() -> None:
    line, seen = Line(), list[Observation]()
    rivals = [Rival(at=1.0, avatar=name, references=np.eye(1, 8, dtype=np.float32)) for name in ("av_1", "av_2")]

    async def recall(look: Look) -> Sequence[Observation]:
        return [*rivals, look]

    gaze = FarGaze(line.stream, seen.append, recall)
    gaze.forget(AvatarId("av_2"))
    look = Look(at=1.0, vector=None, confidence=0.5)
    line.stream.hear(of_observation("ses_1", look))
    running = asyncio.create_task(gaze.run())
    async with asyncio.timeout(5):
        while len(seen) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert [getattr(one, "avatar", "look") for one in seen] == ["av_1", "look"]
    assert gaze.seen == 0
    with pytest.raises(TypeError):
        gaze.take(cast("Picture", None), full=True)
