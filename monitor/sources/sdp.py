"""Session descriptions of others: what is taken from them, and what is not."""

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from monitor.egress import EgressPolicy

LONGEST = 64 * 1024
RECEIVABLE = "H264 constrained baseline (profile-level-id 42e01f or 42001f, packetization-mode 1) or VP8"


class SdpRefused(Exception):
    """A session description cannot be used; the message says in one sentence what to send instead."""


def parsed(text: str) -> SessionDescription:
    """Parse a description; raises SdpRefused for what is malformed or too long."""
    if len(text) > LONGEST:
        raise SdpRefused(f"the session description is longer than {LONGEST} characters")
    if not text.startswith("v=0"):
        raise SdpRefused("this is not a session description: it begins with v=0")
    try:
        return SessionDescription.parse(text)
    except Exception as error:  # the parser raises whatever comes: assertions, indices, values
        raise SdpRefused("the session description is malformed") from error


def video_of(description: SessionDescription) -> MediaDescription:
    """The section that sends the video; raises SdpRefused where there is none or more than one."""
    videos = [media for media in description.media if media.kind == "video" and media.port != 0]
    if not videos:
        raise SdpRefused(f"the offer carries no video: offer {RECEIVABLE}")
    if len(videos) > 1:
        raise SdpRefused("the offer carries several videos: offer one")
    if videos[0].direction not in {"sendonly", "sendrecv"}:
        raise SdpRefused("the offer's video is not sent: offer it as sendonly")
    if any(media.kind not in {"audio", "video"} for media in description.media):
        raise SdpRefused("the offer carries more than audio and video: leave data channels out")
    if not any(receivable(codec) for codec in videos[0].rtp.codecs):
        raise SdpRefused(f"no codec of the offer's video can be received: offer {RECEIVABLE}")
    return videos[0]


def receivable(codec: RTCRtpCodecParameters) -> bool:
    """Whether this codec of an offer or answer can be received."""
    match codec.mimeType.lower():
        case "video/vp8":
            return True
        case "video/h264":
            profile = str(codec.parameters.get("profile-level-id", "42E01F")).lower()
            return profile.startswith("42") and str(codec.parameters.get("packetization-mode", "0")) == "1"
    return False


def guarded(text: str, policy: EgressPolicy, *, passive: bool) -> str:
    """The description without candidates that must not be reached and, for ``passive``, with its sender as DTLS client.

    Names (mDNS) are left out too: they cannot be checked. A peer that reaches us is answered all the same, by the
    address it came from. As DTLS server a peer with an RSA certificate could not agree with aiortc on a cipher, so
    an offer of both roles is read as one of the client's.
    """
    before = text.replace("\r\n", "\n").split("\n")
    lines = [line for line in before if not line.startswith("a=candidate:") or _permitted(line, policy)]
    if len(lines) < len(before):
        # With candidates missing, "that was all" would be a reason to give up on those that reach us themselves.
        lines = [line for line in lines if line != "a=end-of-candidates"]
    return "\r\n".join("a=setup:active" if passive and line == "a=setup:actpass" else line for line in lines)


def _permitted(line: str, policy: EgressPolicy) -> bool:
    words = line.split()
    return len(words) >= 8 and policy.permits(words[4])
