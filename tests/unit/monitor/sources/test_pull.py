import asyncio
import threading

import pytest

from monitor.egress import EgressPolicy, EgressRefused
from monitor.sources import pull
from monitor.sources.opening import Kind, kind_of, tc_url
from monitor.sources.pull import ABANDONED, PullSource
from monitor.sources.source import Patience, Refused
from tests.unit.monitor.test_egress import STREAMS, at, checked_now


async def test_a_reader_that_hangs_is_left_alone_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "CLOSE_WITHIN", 0.05)
    hanging, released = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        hanging.set()
        released.wait()
        return []

    before = ABANDONED._value.get()
    source = PullSource("rtmp://a.example/live/x", zero=0.0, policy=STREAMS, resolve=resolve)
    following = asyncio.create_task(anext(source.events(), None))
    await asyncio.to_thread(hanging.wait)
    await source.close()
    await following
    assert ABANDONED._value.get() == before + 1
    released.set()
    assert source._thread is not None
    await asyncio.to_thread(source._thread.join)


async def test_a_name_that_is_not_known_yet_is_tried_again() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return []

    patience = Patience(start_within=0.3, retry_first=0.01)
    source = PullSource("rtmp://a.example/live/x", zero=0.0, policy=STREAMS, patience=patience, resolve=resolve)
    (end,) = [event async for event in source.events()]
    assert isinstance(end, Refused)
    assert end.cause == "the host a.example has no address"
    assert len(asked) > 1


async def test_what_must_not_be_reached_is_refused_at_once() -> None:
    source = PullSource("http://a.example/x.flv", zero=0.0, policy=EgressPolicy(), resolve=at("10.0.0.1"))
    (end,) = [event async for event in source.events()]
    assert isinstance(end, Refused)
    assert "neither public" in end.cause


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtmp://a/live/x", Kind.RTMP),
        ("rtmps://a/live/x", Kind.RTMP),
        ("http://a/live/x.flv?x=.m3u8", Kind.FLV),
        ("https://a/live/x.M3U8?token=1", Kind.HLS),
        ("file:///x.mp4", Kind.FILE),
    ],
)
def test_the_url_tells_the_kind(url: str, kind: Kind) -> None:
    assert kind_of(url) is kind


@pytest.mark.parametrize("url", ["", "x.mp4", "udp://a:1", "concat:a|b", "rtsp://a/b"])
def test_another_scheme_is_refused(url: str) -> None:
    with pytest.raises(EgressRefused, match="give rtmp, rtmps, http, https or file"):
        PullSource(url, zero=0.0, policy=STREAMS)


@pytest.mark.parametrize(
    ("path", "application"),
    [("/live/x", "live"), ("/live/x?token=1", "live"), ("/a/b/x", "a/b"), ("/a/b/c/x", "a/b"), ("/live", "live")],
)
def test_the_server_is_told_its_own_name(path: str, application: str) -> None:
    url = checked_now(f"rtmp://live.example{path}", STREAMS, at("93.184.215.14"))
    assert tc_url(url) == f"rtmp://live.example:1935/{application}"
