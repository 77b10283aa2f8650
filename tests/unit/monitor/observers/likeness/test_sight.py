import cv2
import numpy as np
import pytest

from monitor.observers.likeness import Sight
from monitor.observers.likeness.locator import Box, Head, scaled
from monitor.observers.likeness.sight import bust, largeness, prominent

from .conftest import drawn


def on_frame(picture, *, x, y, side, frame=(720, 1280)):
    out = np.full((*frame, 3), (90, 120, 60), np.uint8)
    out[y : y + side, x : x + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return out


@pytest.mark.parametrize(
    ("x", "y", "side", "frame"),
    [
        (700, 464, 256, (720, 1280)),
        (80, 220, 500, (720, 1280)),
        (100, 580, 600, (1280, 720)),
        (40, 80, 400, (480, 640)),
    ],
)
def test_the_head_is_found_wherever_it_is(sight, avatar, x, y, side, frame):
    seen = sight.look(on_frame(avatar, x=x, y=y, side=side, frame=frame))
    assert seen is not None
    assert seen.confidence > 0.4
    drawn_head = Box(x=x + 0.27 * side, y=y + 0.13 * side, w=0.46 * side, h=0.54 * side)
    assert seen.head.overlap(drawn_head) > 0.5


def test_a_likeness_survives_size_place_and_compression_and_tells_others_apart(sight, avatar):
    frame = on_frame(avatar, x=700, y=420, side=300)
    _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 25])
    again = sight.look(cv2.imdecode(data, cv2.IMREAD_COLOR))
    first = sight.look(avatar)
    other = sight.look(drawn(hair=(200, 60, 40), skin=(90, 120, 160), shirt=(40, 160, 60)))
    assert again.vector @ first.vector > other.vector @ first.vector + 0.2
    assert first.vector.dtype == np.float32
    assert np.linalg.norm(first.vector) == pytest.approx(1.0, abs=1e-5)


def test_the_same_picture_gives_the_same_look(sight, avatar):
    one, two = sight.look(avatar), sight.look(avatar.copy())
    assert one.head == two.head
    assert np.array_equal(one.vector, two.vector)


def test_an_empty_picture_shows_nobody_for_sure(sight):
    for grey in (0, 114, 255):
        seen = sight.look(np.full((720, 1280, 3), grey, np.uint8))
        assert seen is None or seen.confidence < sight.encoder.calibration.least_confidence


def test_the_larger_of_two_comes_first(sight, avatar):
    frame = on_frame(avatar, x=100, y=220, side=500)
    frame[460:720, 900:1160] = cv2.resize(drawn(hair=(200, 60, 40)), (260, 260))
    both = sight.looks(frame, most=2)
    assert len(both) == 2
    assert both[0].head.w > both[1].head.w
    assert sight.looks(frame, most=1)[0].head == both[0].head


@pytest.mark.parametrize("shape", [(1, 1, 3), (15, 400, 3), (16, 16, 3), (64, 2000, 3), (3000, 20, 3)])
def test_odd_pictures_do_no_harm(sight, shape):
    rng = np.random.default_rng(0)
    for seen in sight.looks(rng.integers(0, 256, shape, dtype=np.uint8), most=4):
        assert np.isfinite(seen.vector).all()


@pytest.mark.parametrize(
    "bad", [np.zeros((40, 40), np.uint8), np.zeros((40, 40, 4), np.uint8), np.zeros((40, 40, 3), np.float32)]
)
def test_what_is_no_bgr_picture_is_refused(sight, bad):
    with pytest.raises(ValueError, match="uint8"):
        sight.look(bad)


def test_a_view_of_a_larger_array_will_do(sight, avatar):
    wide = np.concatenate([avatar, avatar], axis=1)
    seen = sight.look(wide[:, : avatar.shape[1]])
    assert np.allclose(seen.vector, sight.look(avatar).vector, atol=1e-5)


def test_loading_with_a_model_of_ones_own(tmp_path):
    from monitor.observers.likeness import encoder

    mine = tmp_path / "mine.onnx"
    mine.write_bytes(encoder.DEFAULT.read_bytes())
    assert Sight.load(mine).encoder.sha256 == Sight.load().encoder.sha256


def test_prominent_heads_are_sure_and_large():
    large = Head(box=Box(x=0, y=0, w=100, h=100), confidence=0.8)
    small = Head(box=Box(x=200, y=0, w=30, h=30), confidence=0.9)
    phantom = Head(box=Box(x=0, y=0, w=500, h=500), confidence=0.35)
    assert prominent([small, phantom, large]) == [large, small]
    assert prominent([]) == []


def test_geometry():
    head = Box(x=100, y=50, w=80, h=100)
    assert bust(head) == Box(x=60, y=36, w=160, h=160)
    assert largeness(head) == 1.0
    assert largeness(Box(x=0, y=0, w=10, h=20)) == 0.5
    assert head.overlap(head) == 1.0
    assert head.overlap(Box(x=500, y=0, w=10, h=10)) == 0.0
    assert scaled(1280, 720) == (288, 160)
    assert scaled(720, 1280) == (160, 288)
    assert scaled(5000, 20) == (288, 32)
