"""Clips with the sound that came with the picture, remuxed, and silent ones where there is none or it does not fit."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from monitor.clip import Clip, clip_of, stills_of
from monitor.egress import EgressPolicy
from monitor.sources.pull import PullSource
from monitor.sources.ring import Encoded, Excerpt, Ring
from monitor.sources.source import Patience
from monitor.spooled import Sealed, spooled, unspooled
from monitor.testimony import Testimony
from monitor.workers.__main__ import ToldRing
from monitor.workers.frame import Frame
from tests.unit.monitor.test_evidence import judge
from tests.unit.monitor.workers.test_far import Line

SECONDS, RATE = 4, 48_000


def film(file: Path, video: str, audio: str | None) -> Path:
    """Four seconds of a picture that brightens once a second, with a tone that begins at the third."""
    with av.open(str(file), "w") as out:
        track = out.add_stream(video, rate=10, options={"g": "10"})
        track.width, track.height, track.pix_fmt = 64, 36, "yuv420p"
        sound = None if audio is None else out.add_stream(audio, rate=RATE, layout="mono")
        for number in range(SECONDS * 10):
            shown = np.full((36, 64, 3), 20 + 50 * (number // 10), np.uint8)
            for packet in track.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")):
                out.mux(packet)
            if sound is not None:
                for packet in sound.encode(tone(number / 10)):
                    out.mux(packet)
        for one in (track, sound):
            for packet in () if one is None else one.encode(None):
                out.mux(packet)
    return file


def tone(at: float) -> av.AudioFrame:
    times = at + np.arange(RATE // 10) / RATE
    wave = np.where(times >= 2, 12_000 * np.sin(2 * np.pi * 440 * times), 0).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, round(at * RATE), Fraction(1, RATE)
    return frame


def ring_of(file: Path, *, since: float = 0.0) -> Ring:
    """What a reader leaves in a ring; ``since``: seconds of the film that are over before the connection."""
    ring, begun = Ring(), False
    with av.open(str(file)) as container:
        track, sound = container.streams.video[0], next(iter(container.streams.audio), None)
        for packet in container.demux():
            at = float((packet.dts or 0) * packet.time_base)
            if packet.size == 0 or at < since:
                continue
            if packet.stream_index == track.index:
                if not begun and packet.is_keyframe:
                    ring.begin_from(track, packet, sound)
                    begun = True
                if begun:
                    ring.take(packet, keyframe=packet.is_keyframe, arrived=100 + at)
            elif begun:
                ring.hear(Encoded(bytes(packet), packet.dts or 0, keyframe=True, pts=packet.pts))
    return ring


def heard(clip: Clip, folder: Path) -> tuple[str, float, float]:
    """The codec of a clip's sound, when the tone begins after the first picture and how long it lasts, in seconds."""
    file = folder / f"heard.{clip.suffix}"
    file.write_bytes(clip.content)
    loud: list[float] = []
    with av.open(str(file)) as container:
        sound = container.streams.audio[0]
        name = sound.codec_context.codec.canonical_name
        for frame in container.decode(sound):
            assert isinstance(frame, av.AudioFrame)
            samples = frame.to_ndarray().astype(np.float64).ravel()
            level = float(np.sqrt(np.mean(samples**2))) / (32768 if samples.max() > 2 else 1)
            if level > 0.1:
                loud.append(float(frame.time or 0.0))
    with av.open(str(file)) as container:
        first = float(next(container.decode(video=0)).time or 0.0)
    return name, loud[0] - first, loud[-1] - loud[0]


@pytest.mark.parametrize(
    ("name", "video", "audio", "codec", "media"),
    [
        ("film.flv", "libx264", "aac", "aac", "video/mp4"),
        ("film.ts", "libx264", "aac", "aac", "video/mp4"),
        ("film.mkv", "libx264", "libopus", "opus", "video/mp4"),
        ("film.webm", "libvpx", "libopus", "opus", "video/webm"),
    ],
)
def test_a_clip_plays_with_its_sound_in_step(
    tmp_path: Path, name: str, video: str, audio: str, codec: str, media: str
) -> None:
    made = film(tmp_path / name, video, audio)
    [excerpt] = ring_of(made).excerpts()
    clip = clip_of(excerpt)
    assert clip.media_type == media
    found, begins, lasts = heard(clip, tmp_path)
    assert (found, begins, lasts) == (codec, pytest.approx(2.0, abs=0.1), pytest.approx(2.0, abs=0.15))
    assert len(stills_of(clip)) == SECONDS


def test_the_sound_stays_in_step_where_the_clip_begins_later(tmp_path: Path) -> None:
    [excerpt] = ring_of(film(tmp_path / "film.flv", "libx264", "aac"), since=0.95).excerpts()
    _, begins, _ = heard(clip_of(excerpt), tmp_path)
    assert begins == pytest.approx(1.0, abs=0.1)


def silent(clip: Clip, folder: Path) -> bool:
    file = folder / "silent"
    file.write_bytes(clip.content)
    with av.open(str(file)) as container:
        return not container.streams.audio


def excerpt_of(file: Path) -> Excerpt:
    [excerpt] = ring_of(file).excerpts()
    return excerpt


def test_where_there_is_no_sound_or_none_that_fits_the_clip_is_silent(tmp_path: Path) -> None:
    assert silent(clip_of(excerpt_of(film(tmp_path / "mute.flv", "libx264", None))), tmp_path)
    assert silent(clip_of(excerpt_of(film(tmp_path / "pcm.mkv", "libx264", "pcm_s16le"))), tmp_path)
    whole = excerpt_of(film(tmp_path / "film.flv", "libx264", "aac"))
    assert whole.take.sound is not None
    broken = replace(whole, take=replace(whole.take, sound=replace(whole.take.sound, head=b"no file")))
    assert silent(clip_of(broken), tmp_path)  # the picture is kept


def test_the_sound_goes_with_the_picture_that_is_dropped(tmp_path: Path) -> None:
    with av.open(str(film(tmp_path / "film.flv", "libx264", "aac"))) as container:
        track, sound = container.streams.video[0], container.streams.audio[0]
        short, begun = Ring(seconds=1.0), False
        for packet in container.demux():
            if packet.size and packet.stream_index == track.index:
                if not begun:
                    short.begin_from(track, packet, sound)
                    begun = True
                short.take(packet, keyframe=packet.is_keyframe, arrived=float((packet.dts or 0) * track.time_base))
            elif packet.size and begun:
                short.hear(Encoded(bytes(packet), packet.dts or 0, keyframe=True, pts=packet.pts))
    [excerpt] = short.excerpts()
    assert excerpt.sounds
    assert excerpt.sounds[0].dts / 1000 > 0.8
    assert short.size == sum(len(bytes(one.data)) for one in (*excerpt.packets, *excerpt.sounds))


def same(one: Excerpt, other: Excerpt) -> bool:
    return clip_of(one).content == clip_of(other).content and len(one.sounds) == len(other.sounds)


def test_the_sound_is_spooled_and_comes_back(tmp_path: Path) -> None:
    whole = excerpt_of(film(tmp_path / "film.flv", "libx264", "aac"))
    sealed = Sealed(deposition=Testimony(judge()).deposition(), excerpts=[whole], zero=1.0)
    [again] = unspooled(spooled(sealed)).excerpts
    assert same(again, whole)


def test_a_worker_passes_the_sound_on(tmp_path: Path) -> None:
    whole, line = excerpt_of(film(tmp_path / "film.flv", "libx264", "aac")), Line()

    def passed(frame: Frame) -> None:
        line.stream.hear(Frame(kind=frame.kind, stream="ses_1", says=frame.says, body=frame.body))

    told = ToldRing("ses_1", passed, lambda: 0)
    told.begin(whole.take)
    for kept in whole.packets:
        packet = Encoded(bytes(kept.data), kept.dts, keyframe=kept.keyframe, pts=kept.pts)
        told.take(packet, keyframe=kept.keyframe, arrived=kept.dts / 1000)
    for kept in whole.sounds:
        told.hear(Encoded(bytes(kept.data), kept.dts, keyframe=True, pts=kept.pts))
    [again] = line.ring.excerpts()
    assert same(again, whole)


async def test_a_reader_keeps_the_sound_beside_the_picture(tmp_path: Path) -> None:
    file, ring = film(tmp_path / "film.flv", "libx264", "aac"), Ring()
    policy = EgressPolicy(directory=tmp_path)
    source = PullSource(file.as_uri(), zero=0.0, policy=policy, patience=Patience(), ring=ring)
    async for _ in source.events():
        pass
    await source.close()
    [excerpt] = ring.excerpts()
    found, begins, _ = heard(clip_of(excerpt), tmp_path)
    assert (found, begins) == ("aac", pytest.approx(2.0, abs=0.1))
