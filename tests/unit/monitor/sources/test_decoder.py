from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from monitor.sources.decoder import Decoder
from monitor.sources.source import Limit, StreamRefused, Watch

UNIT = Fraction(1, 25)


def encoded(
    codec: str = "libx264", *, size: tuple[int, int] = (96, 64), b_frames: int = 2, count: int = 40
) -> list[Any]:
    """Packets of a moving ramp with a keyframe every ten frames."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt, context.time_base = *size, "yuv420p", UNIT
    context.gop_size, context.framerate = 10, 25
    if codec == "libx264":
        context.options = {"bf": str(b_frames), "sc_threshold": "0", "preset": "veryfast", "b-adapt": "0"}
    if codec.startswith("libvpx"):
        context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for index in range(count):
        rows, columns = np.indices((size[1] * 3 // 2, size[0]))
        frame = av.VideoFrame.from_ndarray(((rows * 3 + columns + index * 5) % 256).astype(np.uint8), format="yuv420p")
        frame.pts, frame.time_base = index, UNIT
        packets += context.encode(frame)
    return packets + context.encode(None)


def decoder(codec: str = "h264", limit: Limit | None = None) -> Decoder:
    return Decoder(av.CodecContext.create(codec, "r"), limit or Limit())


def fed(target: Decoder, packets: list[Any], mode: Watch, began: float = 0.0) -> list[list[int | None]]:
    """The time stamps of the frames that come out of each packet, which arrive at 25 a second."""
    return [
        [frame.pts for frame in target.decode(p, keyframe=p.is_keyframe, mode=mode, arrived=began + index / 25)]
        for index, p in enumerate(packets)
    ]


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("vp8", "libvpx"), ("vp9", "libvpx-vp9")])
def test_a_keyframe_appears_with_its_own_packet(codec: str, encoder: str) -> None:
    packets = encoded(encoder)
    if encoder == "libx264":
        assert any(p.pts != p.dts and p.pts < packets[i - 1].pts for i, p in enumerate(packets) if i), "no B-frames"
    out = fed(decoder(codec), packets, Watch.AMBIENT)
    assert [pts for frames in out for pts in frames] == [0, 10, 20, 30]
    for packet, frames in zip(packets, out, strict=True):
        assert frames == ([packet.pts] if packet.is_keyframe else [])


def test_every_frame_is_seen_from_the_next_keyframe_on() -> None:
    target, packets = decoder(), encoded()
    keys = [i for i, p in enumerate(packets) if p.is_keyframe]
    assert fed(target, packets[: keys[0] + 1], Watch.AMBIENT)[-1] == [0]
    out = fed(target, packets[keys[0] + 1 :], Watch.FULL, began=1.0)
    seen = [pts for frames in out for pts in frames if pts is not None]
    assert seen == list(range(10, 10 + len(seen)))
    assert len(seen) >= 26


def test_back_in_ambient_watching_the_frames_under_way_come_out_at_once() -> None:
    target, packets = decoder(), encoded()
    full = [pts for frames in fed(target, packets[:15], Watch.FULL) for pts in frames]
    rest = fed(target, packets[15:], Watch.AMBIENT, began=1.0)
    first = [pts for pts in rest[0] if pts is not None]
    assert first == sorted(first)
    assert full[-1] is not None
    assert len(first) > 0
    assert first[0] > full[-1]
    assert [pts for frames in rest[1:] for pts in frames] == [20, 30]


def test_a_stream_of_keyframes_is_thinned_out() -> None:
    packets = [p for p in encoded() if p.is_keyframe] * 25
    target = decoder()
    out = [
        f for i, p in enumerate(packets) for f in target.decode(p, keyframe=True, mode=Watch.AMBIENT, arrived=i / 50)
    ]
    assert len(out) <= 11


def test_damage_is_counted_and_skipped_up_to_the_next_keyframe() -> None:
    target, packets = decoder(), encoded(b_frames=0)
    keys = [i for i, p in enumerate(packets) if p.is_keyframe]
    broken = list(packets)
    for index in range(keys[1], keys[1] + 5):
        data = bytearray(bytes(packets[index]))
        data[5:] = bytes(0xA5 for _ in data[5:])
        broken[index] = av.Packet(bytes(data))
        broken[index].pts = packets[index].pts
        broken[index].is_keyframe = packets[index].is_keyframe
    seen = [pts for frames in fed(target, broken, Watch.FULL) for pts in frames]
    assert target.corrupt > 0
    assert {10, 11, 12, 13, 14}.isdisjoint(seen)
    assert set(range(20, 40)) <= set(seen)


def test_rubbish_is_counted_not_raised() -> None:
    target = decoder()
    for data in (b"\x00", b"\x00\x00\x00\x01\x65" + b"\xff" * 64, bytes(1000)):
        assert target.decode(av.Packet(data), keyframe=True, mode=Watch.FULL, arrived=1.0) == []
    assert target.corrupt > 0


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("vp8", "libvpx"), ("vp9", "libvpx-vp9")])
@pytest.mark.parametrize("mode", list(Watch))
def test_a_picture_over_the_limit_is_refused_also_midway(codec: str, encoder: str, mode: Watch) -> None:
    limit = Limit(longer=128, shorter=96)
    target = decoder(codec, limit)
    assert fed(target, encoded(encoder, count=11, b_frames=0), mode)
    with pytest.raises(StreamRefused, match="publish at most 128x96"):
        fed(target, encoded(encoder, size=(256, 192), count=11, b_frames=0), mode, began=10.0)


def test_the_limit_is_on_the_sides_not_only_the_area() -> None:
    limit = Limit(longer=1000, shorter=100)
    assert limit.allows(100, 1000)
    assert not limit.allows(200, 200)
    with pytest.raises(StreamRefused, match="104x104 pixels"):
        fed(decoder("h264", limit), encoded(size=(104, 104), count=2), Watch.AMBIENT)


def test_after_frames_were_left_out_it_goes_on_at_the_next_keyframe() -> None:
    target, packets = decoder(), encoded(b_frames=0)
    fed(target, packets[:5], Watch.FULL)
    target.skip()
    seen = [pts for frames in fed(target, packets[7:], Watch.FULL) for pts in frames]
    assert seen[0] == 10
