"""A publisher's connection that a worker holds is to the service as one of its own."""

import asyncio
from dataclasses import replace

import pytest

from monitor.sources.ring import Ring
from monitor.sources.sdp import SdpRefused
from monitor.sources.source import Ended, Lost, SourceEvent
from monitor.sources.whip import WhipEnd
from monitor.workers.far import FarStream
from monitor.workers.far_whip import FarWhip
from monitor.workers.frame import Frame, FrameRefused
from protocols.session import Feed, SourceKind
from tests.unit.monitor.workers.test_far import OPENING

WHIP = replace(OPENING, feed=Feed(kind=SourceKind.WHIP, url=None))


class Line:
    """What was said to the worker, and what it says."""

    def __init__(self) -> None:
        self.said: list[Frame] = []
        self.stream = FarWhip("ses_1", WHIP, Ring(), send=self.said.append, left=lambda _: None)

    def hear(self, kind: str, body: bytes = b"", **says: object) -> None:
        self.stream.hear(Frame(kind=kind, stream="ses_1", says=says, body=body))

    async def events(self) -> list[SourceEvent]:
        return [event async for event in self.stream.events()]


async def offered(line: Line, offer: str = "v=0") -> asyncio.Task[str]:
    answering = asyncio.create_task(line.stream.answer(offer))
    await asyncio.sleep(0)
    return answering


def test_it_is_an_end_of_whip_and_other_streams_are_none() -> None:
    assert isinstance(Line().stream, WhipEnd)
    assert not isinstance(FarStream("ses_1", OPENING, Ring(), send=lambda _: None, left=lambda _: None), WhipEnd)


async def test_offers_are_answered_each_by_its_number() -> None:
    line = Line()
    first, second = await offered(line, "v=0 first"), await offered(line, "v=0 second")
    assert [(frame.kind, frame.says, frame.body) for frame in line.said] == [
        ("offer", {"number": 0}, b"v=0 first"),
        ("offer", {"number": 1}, b"v=0 second"),
    ]
    line.hear("refusal", b"no video in it", number=1)
    line.hear("live", live=True)
    line.hear("answer", b"v=0 answer", number=0)
    line.hear("answer", b"v=0 again", number=0)
    assert await first == "v=0 answer"
    with pytest.raises(SdpRefused, match="no video"):
        await second
    assert line.stream.live


async def test_hanging_up_waits_until_the_worker_has_done_it() -> None:
    line = Line()
    line.hear("live", live=True)
    hanging = asyncio.create_task(line.stream.hang_up("cut"))
    await asyncio.sleep(0.01)
    assert not hanging.done()
    line.hear("live", live=False)
    await hanging
    [ended] = await line.events()
    assert isinstance(ended, Ended)
    assert ended.cause == "cut"


async def test_with_its_worker_the_connection_is_gone_and_what_was_offered_is_put_to_the_next() -> None:
    line = Line()
    line.hear("live", live=True)
    answering = await offered(line)
    line.stream.lost(105.0, "the process has died")
    assert not line.stream.live
    assert [frame.kind for frame in line.stream.begun()] == ["open", "offer"]
    line.hear("answer", b"v=0 answer", number=0)
    assert await answering == "v=0 answer"
    assert [frame.kind for frame in line.stream.begun()] == ["open"]
    await line.stream.hang_up()
    assert [type(event) for event in await line.events()] == [Lost, Ended]


async def test_closing_lets_go_of_the_publisher() -> None:
    line = Line()
    line.hear("live", live=True)
    hanging = asyncio.create_task(line.stream.hang_up())
    await asyncio.sleep(0)
    await line.stream.close()
    await hanging
    assert not line.stream.live


@pytest.mark.parametrize(("says", "body"), [({}, b""), ({"number": "x"}, b""), ({"number": 0}, b"\xff")])
async def test_answers_that_make_no_sense_are_refused(says: dict[str, object], body: bytes) -> None:
    line = Line()
    answering = await offered(line)
    with pytest.raises(FrameRefused):
        line.hear("answer", body, **says)
    answering.cancel()
