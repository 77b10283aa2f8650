"""Reference videos from strangers: a few frames of what is a short video, one clear error for everything else."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from monitor.observers.likeness import video_file
from monitor.observers.likeness.enrolment import PictureRefused, scene_vectors_of, video_vectors_of
from monitor.observers.likeness.picture_file import KEPT_SIDE, decoded, small_jpeg
from monitor.observers.likeness.sight import Sight
from monitor.observers.likeness.video_file import FRAMES, frames_of
from samples.studio.portrait import portraits


def video(pictures: list[np.ndarray], *, size: tuple[int, int] = (160, 128), rate: int = 10) -> bytes:
    """An MP4 that shows the pictures, one a frame."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(cv2.resize(picture, size), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def grey(level: int) -> np.ndarray:
    return np.full((128, 160, 3), level, np.uint8)


def sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def test_frames_are_spread_over_the_whole_video() -> None:
    frames = frames_of(video([grey(5 * n) for n in range(50)]))
    levels = [int(frame.mean()) for frame in frames]
    assert len(frames) == FRAMES
    assert levels == sorted(levels)
    assert (levels[0] < 15, levels[-1] > 225) == (True, True)
    assert len(frames_of(video([grey(90)] * 3))) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no video at all" * 10, "cannot be decoded"),
        (b"", "cannot be decoded"),
        (video([grey(90)] * 20)[:900], "cannot be decoded"),
        (sound(), "holds no picture"),
        (video([grey(90)], size=(32, 32)), "at least 64"),
        (bytes(video_file.LARGEST_FILE + 1), "at most 25 MiB"),
    ],
)
def test_what_is_no_short_video_has_one_clear_error(data: bytes, words: str) -> None:
    with pytest.raises(PictureRefused, match=words):
        frames_of(data)


def test_a_long_video_is_refused_before_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_file, "LONGEST", 1.0)
    with pytest.raises(PictureRefused, match="too long"):
        frames_of(video([grey(90)] * 30))


@pytest.fixture(scope="module")
def sight() -> Sight:
    return Sight.load()


def test_an_avatar_is_known_by_the_frames_that_show_it(sight: Sight, tmp_path: Path) -> None:
    portraits("kon", tmp_path)
    stills = [decoded(path.read_bytes()) for path in sorted(tmp_path.glob("*.jpg"))]
    file = video([*stills, *stills[:1] * 4, grey(90), grey(60)], size=(480, 480), rate=2)
    taken = video_vectors_of(file, sight)
    assert 3 <= len(taken) <= len(stills)
    assert len({one.sha256 for one in taken}) == len(taken)
    assert [one.sha256 for one in video_vectors_of(file, sight)] == [one.sha256 for one in taken]
    with pytest.raises(PictureRefused, match="no frame shows one avatar alone"):
        video_vectors_of(video([grey(90)] * 5), sight)


def test_what_is_kept_is_small_and_has_no_metadata(sight: Sight) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    kept = small_jpeg(picture)
    shown = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (288, KEPT_SIDE, 3)
    assert b"Exif" not in kept
    assert small_jpeg(picture[:100, :100]) != kept


def test_a_scene_needs_no_avatar_but_must_be_a_picture(sight: Sight) -> None:
    file = cv2.imencode(".png", grey(120))[1].tobytes()
    [scene] = scene_vectors_of([file], sight)
    assert np.linalg.norm(scene.vector) == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(PictureRefused, match="picture 2: this is no JPEG"):
        scene_vectors_of([file, b"x" * 100], sight)
