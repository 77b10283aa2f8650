"""WHIP and WHEP beyond the contract: browsers, keyframes on demand, unusable offers, endpoints that mislead."""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator

import pytest
from aiortc import AudioStreamTrack

from monitor.egress import EgressPolicy
from monitor.sources.sdp import SdpRefused
from monitor.sources.source import Ended, Limit, Patience, Picture, Refused, Watch
from monitor.sources.whep import WhepSource
from monitor.sources.whip import WhipSource
from tests.contract.scenes import policy
from tests.contract.source_contract import no_thread_left, viewing
from tests.servers.program import needs
from tests.servers.webrtc import NoiseTrack, WhepServer, WhipPublisher

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("no_thread_left")]
__all__ = ["no_thread_left"]
QUICK = Patience(start_within=3.0, retry_first=0.1)


def whip(**options: object) -> WhipSource:
    return WhipSource(zero=time.monotonic(), policy=policy(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_keyframes_are_asked_for_and_every_frame_is_seen_at_once(codec: str) -> None:
    source, publisher = whip(keyframe_every=0.5), WhipPublisher(NoiseTrack(), codec=codec)
    async with viewing(source) as viewer:
        await publisher.publish(source)
        await viewer.until(lambda: len(viewer.pictures) >= 4)
        assert all(picture.keyframe for picture in viewer.pictures)  # this encoder makes one in 3000 frames
        source.watch(Watch.FULL)
        await viewer.until(lambda: sum(not p.keyframe for p in viewer.pictures) >= 20)
        await source.hang_up()
        assert isinstance(await viewer.end(), Ended)
    await publisher.close()


async def test_sound_is_not_received() -> None:
    source, publisher = whip(), WhipPublisher(NoiseTrack(), AudioStreamTrack(), codec="vp8")
    async with viewing(source) as viewer:
        answer = await source.answer(await publisher.offer())
        assert "a=setup:passive" in answer  # so that a peer with an RSA certificate need not be the DTLS server
        assert "a=inactive" in answer.split("m=audio")[1].split("m=video")[0]
        await publisher.accept(answer)
        await viewer.until(lambda: viewer.pictures)
    await publisher.close()


async def test_it_is_live_from_the_answer_to_the_end() -> None:
    source, publisher = whip(), WhipPublisher(NoiseTrack(), codec="vp8")
    assert not source.live
    async with viewing(source) as viewer:
        await publisher.publish(source)
        assert source.live
        await viewer.until(lambda: viewer.pictures)
        await source.hang_up("cut")
        assert not source.live
        end = await viewer.end()
        assert isinstance(end, Ended)
        assert end.cause == "cut"
        with pytest.raises(SdpRefused, match="no publisher any more"):
            await source.answer("v=0")
    await publisher.close()


async def test_an_unusable_offer_leaves_the_publisher_alone() -> None:
    source, publisher = whip(), WhipPublisher(NoiseTrack(), codec="vp8")
    async with viewing(source) as viewer:
        await publisher.publish(source)
        await viewer.until(lambda: viewer.pictures)
        offer = await WhipPublisher(NoiseTrack(), codec="h264").offer()
        for bad in ("", "v=0\r\nrubbish", offer.replace("H264/", "H265/"), offer.replace("42", "64")):
            with pytest.raises(SdpRefused):
                await source.answer(bad)
        seen = len(viewer.pictures)
        assert source.live
        await viewer.until(lambda: len(viewer.pictures) > seen)
    await publisher.close()


async def test_another_resolution_midway_is_fresh_and_a_bomb_is_refused() -> None:
    track = NoiseTrack(160, 96)
    source, publisher = (
        whip(limit=Limit(longer=320, shorter=192), keyframe_every=0.3),
        WhipPublisher(track, codec="vp8"),
    )
    async with viewing(source) as viewer:
        await publisher.publish(source)
        await viewer.until(lambda: viewer.pictures)
        track.size = (320, 192)
        await viewer.until(lambda: viewer.pictures[-1].frame.width == 320)
        assert [p.frame.width for p in viewer.pictures if p.fresh] == [160, 320]
        track.size = (640, 384)
        end = await viewer.end()
    assert isinstance(end, Refused)
    assert "publish at most 320x192" in end.cause
    await publisher.close()


async def test_a_peer_is_answered_though_its_candidates_must_not_be_reached() -> None:
    strict = EgressPolicy(allowed_networks=(ipaddress.ip_network("203.0.113.0/24"),))
    source, publisher = WhipSource(zero=0.0, policy=strict), WhipPublisher(NoiseTrack(), codec="vp8")
    async with viewing(source) as viewer:
        await publisher.publish(source)
        await viewer.until(lambda: viewer.pictures)
    await publisher.close()


@pytest.fixture
async def server() -> AsyncIterator[WhepServer]:
    server = WhepServer()
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403 Forbidden"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello", "not a session description"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 99999\r\n\r\n" + bytes(99999), "longer than"),
        (b"HTTP/1.1 307 T\r\nLocation: /whep/again\r\nContent-Length: 0\r\n\r\n", "redirects more than 3"),
        (b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.2/x\r\nContent-Length: 0\r\n\r\n", "another host"),
        (b"HTTP/1.1 201 C\r\nLocation: http://10.0.0.1/x\r\nContent-Length: 0\r\n\r\n", "another host"),
        (b"nonsense\r\n\r\n", "127.0.0.1"),
    ],
)
async def test_an_endpoint_that_misleads_is_refused_with_the_cause(server: WhepServer, reply: bytes, why: str) -> None:
    server.reply = reply
    source = WhepSource(server.url, zero=0.0, policy=policy(), patience=QUICK)
    async with viewing(source) as viewer:
        end = await viewer.end()
    assert isinstance(end, Refused)
    assert why in end.cause


async def test_the_token_is_sent_and_the_resource_deleted(server: WhepServer) -> None:
    server.track = None
    source = WhepSource(server.url, zero=0.0, policy=policy(), token="t0ken", patience=QUICK)
    async with viewing(source) as viewer:
        await viewer.end()
    assert all("authorization: bearer t0ken\r\n" in head.lower() for head in server.requests)
    assert server.deleted == []


PAGE = """<script>
window.begin = async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}, audio: true});
  window.pc = new RTCPeerConnection();
  stream.getTracks().forEach(track => pc.addTrack(track, stream));
  pc.getTransceivers().forEach(each => { each.direction = 'sendonly'; });
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise(done => {
    if (pc.iceGatheringState === 'complete') done();
    pc.onicegatheringstatechange = () => { if (pc.iceGatheringState === 'complete') done(); };
  });
  return pc.localDescription.sdp;
};
window.accept = sdp => pc.setRemoteDescription({type: 'answer', sdp});
</script>"""


async def test_chromium_publishes() -> None:
    chromium = needs("chromium")
    api = pytest.importorskip("playwright.async_api")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n\r\n{PAGE}".encode()
        )
        writer.close()

    web = await asyncio.start_server(serve, "127.0.0.1", 0)
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    source = whip()
    async with web, api.async_playwright() as playwright, viewing(source) as viewer:
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{web.sockets[0].getsockname()[1]}/")
        answer = await source.answer(await page.evaluate("begin()"))
        await page.evaluate("sdp => accept(sdp)", answer)
        await viewer.until(lambda: len(viewer.pictures) >= 4)
        assert all(picture.keyframe for picture in viewer.pictures)
        source.watch(Watch.FULL)
        await viewer.until(lambda: sum(not picture.keyframe for picture in viewer.pictures) >= 10)
        await source.hang_up()
        assert isinstance(await viewer.end(), Ended)
        await browser.close()
    assert isinstance(viewer.seen[0], Picture)
