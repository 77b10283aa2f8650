import ipaddress

import pytest

from monitor.egress import EgressPolicy
from monitor.sources.sdp import SdpRefused, guarded, parsed, video_of
from tests.servers.webrtc import NoiseTrack, WhipPublisher

POLICY = EgressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"),))
HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
ICE = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"


def video(*lines: str, direction: str = "sendonly") -> str:
    return (
        f"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na={direction}\r\na=rtcp-mux\r\n{ICE}"
        "a=fingerprint:sha-256 " + ":".join(["AA"] * 32) + "\r\n" + "".join(line + "\r\n" for line in lines)
    )


VP8 = "a=rtpmap:96 VP8/90000"
H264 = "a=rtpmap:96 H264/90000"


@pytest.mark.parametrize(
    "text", ["", "hello", "v=0", "v=0\r\nm=video", "v=0\r\nm=video 9 x y\r\na=rtpmap:z", "v=0\r\n" * 20000]
)
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(SdpRefused):
        video_of(parsed(text))


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (HEAD + video(VP8).replace("m=video", "m=audio").replace("VP8/90000", "opus/48000/2"), "carries no video"),
        (HEAD + video(VP8) + video(VP8).replace("a=mid:0", "a=mid:1"), "several videos"),
        (HEAD + video(VP8, direction="recvonly"), "is not sent"),
        (HEAD + video("a=rtpmap:96 VP9/90000"), "no codec .*profile-level-id 42e01f or 42001f"),
        (HEAD + video("a=rtpmap:96 AV1/90000"), "no codec .* or VP8"),
        (HEAD + video(H264, "a=fmtp:96 profile-level-id=640c1f;packetization-mode=1"), "no codec"),
        (HEAD + video(H264, "a=fmtp:96 profile-level-id=42e01f;packetization-mode=0"), "no codec"),
    ],
)
def test_an_offer_that_cannot_be_received_says_what_to_offer(offer: str, why: str) -> None:
    with pytest.raises(SdpRefused, match=why):
        video_of(parsed(offer))


@pytest.mark.parametrize("profile", ["42e01f", "42001f", "42E01F"])
def test_baseline_and_vp8_are_received(profile: str) -> None:
    assert video_of(parsed(HEAD + video(VP8)))
    assert video_of(parsed(HEAD + video(H264, f"a=fmtp:96 profile-level-id={profile};packetization-mode=1")))


async def test_a_data_channel_is_refused() -> None:
    publisher = WhipPublisher(NoiseTrack())
    publisher.peer.createDataChannel("x")
    try:
        with pytest.raises(SdpRefused, match="leave data channels out"):
            video_of(parsed(await publisher.offer()))
    finally:
        await publisher.close()


def candidate(address: str) -> str:
    return f"a=candidate:1 1 udp 2130706431 {address} 50000 typ host"


def test_candidates_that_must_not_be_reached_are_left_out() -> None:
    offered = [
        candidate(a) for a in ("10.1.2.3", "10.2.0.1", "169.254.169.254", "127.0.0.1", "8.8.8.8", "x.local", "::1")
    ]
    text = guarded(HEAD + video(VP8, *offered, "a=candidate:broken", "a=end-of-candidates"), POLICY, passive=True)
    left = [line for line in text.split("\r\n") if line.startswith("a=candidate")]
    assert left == [candidate("10.1.2.3"), candidate("8.8.8.8")]
    assert "a=end-of-candidates" not in text


def test_an_offer_of_both_roles_is_read_as_the_clients() -> None:
    text = HEAD + video(VP8, candidate("8.8.8.8"), "a=end-of-candidates")
    assert "a=setup:active" in guarded(text, POLICY, passive=True)
    assert guarded(text, POLICY, passive=False) == text
    assert guarded(text.replace("\r\n", "\n"), POLICY, passive=False) == text
