"""Opening a stream by PyAV: one function per kind, each with the options that keep it quick and harmless."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from monitor.egress import CheckedUrl, EgressRefused
from monitor.sources.http import HttpOpener
from monitor.sources.source import Patience

_QUICK = {
    # Default probing waits five seconds for an audio track that may not exist.
    "probesize": "32768",
    "fpsprobesize": "0",
    # Nothing may be decoded while probing: a picture bomb would go off before its size is known. The parsers alone
    # tell sizes and codecs; our own decoder is not bound by this list.
    "codec_whitelist": "none",
}
_HLS_READ = 4.0
"""Seconds that a playlist may go without a new segment before it is opened anew."""


class Kind(StrEnum):
    """The ways in that PyAV takes."""

    RTMP = "rtmp"
    FLV = "flv"
    HLS = "hls"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How one kind is read: ``paced`` at the speed of its time stamps, ``finite`` where its end is the end."""

    open: Callable[[CheckedUrl, HttpOpener, Patience], InputContainer]
    paced: bool = False
    finite: bool = False


def kind_of(url: str) -> Kind:
    """Which kind a URL is, by its scheme and its path's ending."""
    parts = urlsplit(url)
    match parts.scheme:
        case "rtmp" | "rtmps":
            return Kind.RTMP
        case "file":
            return Kind.FILE
        case "http" | "https":
            return Kind.HLS if parts.path.lower().endswith((".m3u8", ".m3u")) else Kind.FLV
    raise EgressRefused(f"the scheme is {parts.scheme or 'missing'}: give rtmp, rtmps, http, https or file")


def _open_rtmp(url: CheckedUrl, _: HttpOpener, patience: Patience) -> InputContainer:
    options = {**_QUICK, "rtmp_live": "live", "rtmp_tcurl": tc_url(url), "rtmp_enhanced_codecs": "av01,hvc1,vp09"}
    options |= {"protocol_whitelist": "rtmp,rtmps,tcp,tls", "format_whitelist": "flv"}
    return av.open(url.pinned, format="flv", options=options, timeout=(patience.open_within, patience.stall_after))


def _open_flv(url: CheckedUrl, opener: HttpOpener, patience: Patience) -> InputContainer:
    options = {**_QUICK, "format_whitelist": "flv"}
    timeout = (patience.open_within, patience.stall_after)
    return av.open(url.url, format="flv", options=options, timeout=timeout, io_open=opener)


def _open_hls(url: CheckedUrl, opener: HttpOpener, patience: Patience) -> InputContainer:
    options = {**_QUICK, "live_start_index": "-1", "http_persistent": "0", "http_multiple": "0"}
    # What a segment holds is probed too; without this list it could be a script of another demuxer's.
    options |= {"format_whitelist": "hls,mpegts,mov,mp4,aac,mp3", "protocol_whitelist": "http,https"}
    timeout = (patience.open_within, max(_HLS_READ, patience.stall_after))
    return av.open(url.url, format="hls", options=options, timeout=timeout, io_open=opener)


def _open_file(url: CheckedUrl, _: HttpOpener, patience: Patience) -> InputContainer:
    formats = "mov,mp4,matroska,webm,mpegts,flv,h264,hevc,avi"
    options = {**_QUICK, "format_whitelist": formats, "protocol_whitelist": "file"}
    return av.open(f"file:{url.path}", options=options, timeout=(patience.open_within, patience.stall_after))


OPENINGS = {
    Kind.RTMP: Opening(open=_open_rtmp),
    Kind.FLV: Opening(open=_open_flv),
    Kind.HLS: Opening(open=_open_hls, paced=True, finite=True),
    Kind.FILE: Opening(open=_open_file, paced=True, finite=True),
}


def tc_url(url: CheckedUrl) -> str:
    """The address of an RTMP application as its server knows it, by name; FFmpeg would tell it the pinned address.

    Of a path of three parts or more the application is the first two, otherwise the first.
    """
    parts = urlsplit(url.url).path.strip("/").split("/")
    return f"{url.origin}/{'/'.join(parts[:2] if len(parts) > 2 else parts[:1])}"
