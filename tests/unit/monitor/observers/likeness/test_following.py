"""The locator is spared where the avatar surely stands where it stood, and only there."""

import numpy as np
import pytest

from monitor.observers.likeness.following import Following

from .conftest import drawn
from .test_sight import on_frame


class Counted:
    """A sight that counts how often it looked at the whole picture."""

    def __init__(self, sight):
        self._sight = sight
        self.whole = 0

    def look(self, picture):
        self.whole += 1
        return self._sight.look(picture)

    def again(self, picture, before):
        return self._sight.again(picture, before)


@pytest.fixture
def counted(sight):
    return Counted(sight)


@pytest.fixture
def frame(avatar):
    return on_frame(avatar, x=500, y=300, side=400)


def looks(following, *frames, fresh=False):
    return [following.look(f, fresh=fresh) for f in frames]


def test_an_avatar_that_stays_is_looked_for_once_in_four_looks(counted, frame):
    noise = np.random.default_rng(1).integers(0, 6, (8, *frame.shape), dtype=np.uint8)
    seen = looks(Following(counted), *(frame + n for n in noise))
    assert counted.whole == 2
    assert len({s.head for s in seen[:4]}) == 1
    assert len({s.vector.tobytes() for s in seen}) == 8  # each is of its own picture


@pytest.mark.parametrize(
    "then",
    [
        on_frame(drawn(hair=(200, 60, 40), skin=(90, 120, 160), shirt=(40, 160, 60)), x=500, y=300, side=400),
        on_frame(drawn(), x=60, y=100, side=400),
        on_frame(drawn(), x=560, y=420, side=250),
    ],
    ids=["swapped", "elsewhere", "farther away"],
)
def test_another_avatar_another_place_and_another_size_are_looked_for_at_once(sight, counted, frame, then):
    following = Following(counted)
    seen = looks(following, frame, frame, then)[-1]
    afresh = sight.look(then)
    assert counted.whole == 2
    assert seen.head == afresh.head
    assert np.array_equal(seen.vector, afresh.vector)


def test_whoever_is_gone_is_not_seen(counted, frame):
    seen = looks(Following(counted), frame, np.full_like(frame, 114))[-1]
    assert counted.whole == 2
    assert seen is None or seen.confidence < 0.3


def test_a_fresh_picture_and_another_size_are_looked_at_as_a_whole(counted, frame):
    following = Following(counted)
    looks(following, frame)
    looks(following, frame, fresh=True)
    looks(following, np.ascontiguousarray(frame[:, :-2]))
    assert counted.whole == 3


def test_what_is_no_picture_is_refused_again(counted, frame):
    following = Following(counted)
    looks(following, frame)
    with pytest.raises(ValueError, match="uint8"):
        following.look(frame.astype(np.float32), fresh=False)
