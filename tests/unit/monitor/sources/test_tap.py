import asyncio
import time
from dataclasses import dataclass, replace
from typing import Any

import aiortc
import pytest
from aiortc import RTCRtpReceiver, rtcrtpreceiver
from aiortc.codecs import get_decoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from monitor.sources import tap as tapping
from monitor.sources.feed import Feed
from monitor.sources.source import Limit, Patience, Picture, Refused, SourceEvent, Watch
from monitor.sources.tap import KNOWN_VERSION, Tap, attach, detach, is_keyframe
from tests.unit.monitor.sources.test_decoder import encoded

VP8 = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90000, payloadType=97)


@dataclass(slots=True)
class Encoded:
    data: bytes
    timestamp: int


def frames(codec: str, **options: Any) -> list[tuple[Encoded, bool]]:
    return [(Encoded(bytes(p), p.pts * 3600), p.is_keyframe) for p in encoded(codec, b_frames=0, **options)]


@pytest.fixture
def feed() -> Feed:
    return Feed(zero=time.monotonic(), patience=Patience())


async def told(feed: Feed) -> list[SourceEvent]:
    feed.close()
    return [event async for event in feed.events()]


def test_aiortc_is_of_the_version_that_the_tap_was_tested_with() -> None:
    assert aiortc.__version__.startswith(KNOWN_VERSION)
    assert hasattr(rtcrtpreceiver, tapping.PATCHED)
    assert asyncio.iscoroutinefunction(RTCRtpReceiver._send_rtcp_pli)


@pytest.mark.parametrize(("name", "encoder"), [("h264", "libx264"), ("vp8", "libvpx")])
def test_keyframes_are_told_from_others(name: str, encoder: str) -> None:
    for frame, keyframe in frames(encoder):
        assert is_keyframe(name, frame.data) == keyframe


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x01", b"\x00" * 9, b"\xff" * 9])
def test_rubbish_is_no_keyframe_of_h264(data: bytes) -> None:
    assert not is_keyframe("h264", data)


def test_only_tapped_codecs_are_decoded_by_us(feed: Feed) -> None:
    codec, other, tap = replace(VP8), replace(VP8), Tap(feed=feed, limit=Limit())
    attach([codec], tap)
    try:
        assert isinstance(rtcrtpreceiver.get_decoder(codec), tapping.TappedDecoder)
        assert type(rtcrtpreceiver.get_decoder(other)) is type(get_decoder(other))
    finally:
        detach(tap)
    assert not isinstance(rtcrtpreceiver.get_decoder(codec), tapping.TappedDecoder)


@pytest.mark.parametrize(("name", "encoder"), [("h264", "libx264"), ("vp8", "libvpx")])
async def test_pictures_go_to_the_feed_and_nothing_to_aiortc(name: str, encoder: str, feed: Feed) -> None:
    feed.mode = Watch.FULL
    decoder = Tap(feed=feed, limit=Limit()).decoder(name)
    assert [decoder.decode(frame) for frame, _ in frames(encoder, count=12)] == [[]] * 12
    events = await told(feed)
    assert [isinstance(e, Picture) and e.keyframe for e in events] == [i % 10 == 0 for i in range(len(events))]
    assert len(events) >= 11


async def test_while_closing_it_returns_at_once_and_tells_nothing(feed: Feed) -> None:
    tap = Tap(feed=feed, limit=Limit(), closing=True)
    decoder = tap.decoder("h264")
    assert [decoder.decode(frame) for frame, _ in frames("libx264")] == [[]] * 40
    assert await told(feed) == []


async def test_a_backlog_is_left_out_up_to_the_next_keyframe(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    feed.mode = Watch.FULL
    tap = Tap(feed=feed, limit=Limit())
    decoder = tap.decoder("h264")
    # A GOP of forty frames at one a second, handed over without a pause: decoding has fallen behind.
    for frame, _ in frames("libx264", count=9):
        frame.timestamp *= 25
        decoder.decode(frame)
    events = await told(feed)
    assert 1 <= len(events) <= 3
    assert tap.wanted


async def test_damage_is_counted_and_asks_for_a_keyframe(feed: Feed) -> None:
    tap = Tap(feed=feed, limit=Limit())
    decoder = tap.decoder("vp8")
    (first, _), *_ = frames("libvpx", count=1)
    decoder.decode(first)
    assert not tap.wanted
    decoder.decode(Encoded(first.data[:10] + bytes(40), 3600 * 25))
    feed.mode = Watch.FULL
    decoder.decode(Encoded(b"\x00", 3600 * 50))
    assert feed.corrupt > 0
    assert tap.wanted


async def test_a_picture_bomb_ends_it(feed: Feed) -> None:
    decoder = Tap(feed=feed, limit=Limit(longer=64, shorter=48)).decoder("vp8")
    for frame, _ in frames("libvpx", count=3):
        assert decoder.decode(frame) == []
    (end,) = [event async for event in feed.events()]
    assert isinstance(end, Refused)
    assert "publish at most 64x48" in end.cause
