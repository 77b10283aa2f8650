import hashlib

import cv2
import numpy as np
import pytest

from monitor.observers.likeness.enrolment import PictureRefused, vectors_of
from samples.studio import AVATARS
from samples.studio.portrait import SITTINGS, portrait

from .conftest import drawn


def png(picture):
    done, data = cv2.imencode(".png", picture)
    assert done
    return data.tobytes()


def test_bytes_and_paths_are_enrolled_alike(sight, tmp_path):
    data = png(drawn())
    (tmp_path / "front.png").write_bytes(data)
    one, two = vectors_of([data, tmp_path / "front.png"], sight)
    assert np.array_equal(one.vector, two.vector)
    assert one.sha256 == hashlib.sha256(data).hexdigest()
    assert (one.width, one.height) == (256, 256)
    assert one.confidence > 0.5
    assert 40 < one.head.x < 100


def test_a_transparent_picture_is_enrolled(sight):
    clear = np.dstack([drawn(background=(0, 0, 0)), np.full((256, 256), 255, np.uint8)])
    clear[(clear[..., :3] == 0).all(axis=2)] = 0
    plain = drawn(background=(128, 128, 128))
    one, two = vectors_of([png(clear), png(plain)], sight)
    assert one.vector @ two.vector > 0.9


def test_no_avatar_is_refused(sight):
    with pytest.raises(PictureRefused, match="no avatar was found"):
        vectors_of([png(np.full((300, 300, 3), 128, np.uint8))], sight)


def test_two_avatars_are_refused(sight):
    both = np.concatenate([drawn(), drawn(hair=(200, 60, 40))], axis=1)
    with pytest.raises(PictureRefused, match="two avatars"):
        vectors_of([png(both)], sight)


@pytest.mark.parametrize("avatar", AVATARS)
def test_every_portrait_of_the_studio_is_one_avatar(sight, avatar):
    """Buns, ears and horns look like heads of their own to some locators."""
    assert len(vectors_of([png(portrait(avatar, sitting)) for sitting in SITTINGS], sight)) == len(SITTINGS)


def test_a_tiny_avatar_is_refused(sight):
    small = np.full((80, 80, 3), (200, 190, 170), np.uint8)
    small[34:80, 17:63] = cv2.resize(drawn(), (46, 46), interpolation=cv2.INTER_AREA)
    with pytest.raises(PictureRefused, match=r"too small|no avatar"):
        vectors_of([png(small)], sight)


def test_the_refused_picture_is_named_and_nothing_is_enrolled(sight, tmp_path):
    (tmp_path / "cut.png").write_bytes(png(drawn())[:-50])
    with pytest.raises(PictureRefused, match=r"cut\.png: the PNG is cut off"):
        vectors_of([png(drawn()), tmp_path / "cut.png"], sight)
    with pytest.raises(PictureRefused, match="picture 2: this is no JPEG"):
        vectors_of([png(drawn()), b"nothing"], sight)
    with pytest.raises(PictureRefused, match="cannot be read"):
        vectors_of([tmp_path / "absent.png"], sight)


def test_none_and_too_many_are_refused(sight):
    with pytest.raises(PictureRefused, match="no pictures"):
        vectors_of([], sight)
    with pytest.raises(PictureRefused, match="64 at most"):
        vectors_of([b""] * 65, sight)
