import numpy as np
import pytest

from monitor.observers.likeness.training.crop import HUES
from monitor.observers.likeness.training.pool import Pool

SIZE, PERSONS = 32, 12
CLASSES = PERSONS * len(HUES)
PLAIN = tuple(range(0, CLASSES, len(HUES)))


class Maker:
    """Makes pictures that show their class, and counts the batches."""

    def __init__(self, of=PLAIN):
        self.of, self.made = of, 0

    def __call__(self):
        classes = np.array([self.of[(self.made * SIZE + n) % len(self.of)] for n in range(SIZE)])
        pictures = np.zeros((SIZE, 4, 6, 3), np.uint8)
        pictures[:, :, :, 0] = classes[:, None, None]
        pictures[:, :, :, 1] = self.made
        pictures[:, :, 0, 2] = 1  # the left edge, until mirrored
        self.made += 1
        return pictures, classes


def centres(near=()):
    """Of each class one by itself, but for the pairs in ``near``."""
    out = np.eye(CLASSES, dtype=np.float32)
    for one, other in near:
        out[other] = 0.9 * out[one] + np.sqrt(1 - 0.81) * out[other]
    return out


def pool(maker, **changes):
    return Pool(maker, **{"room": 6, "begin": 3, "uses": 2.0, "seed": 1, **changes})


def test_a_batch_shows_its_classes_as_often_each_as_they_were_chosen():
    made = pool(Maker())
    pictures, classes = made.batch(centres(), groups=4)
    assert pictures.shape == (SIZE, 4, 6, 3)
    assert np.array_equal(pictures[:, 0, 0, 0], classes)
    assert set(np.unique(classes, return_counts=True)[1] % (SIZE // 8)) == {0}


def test_look_alikes_stand_side_by_side_and_the_same_person_in_another_hue_is_not_preferred():
    maker = Maker(of=(0, 1, 4, *range(8, CLASSES, 4)))
    alike = centres(near=[(0, 4), (0, 1)])
    made = pool(maker, begin=6)
    top = [made._alike(0, alike, among=1) for _ in range(5)]
    assert top == [4] * 5
    assert {made._alike(0, alike, among=2) for _ in range(20)} == {1, 4}


def test_a_picture_is_used_as_often_as_wished_and_the_oldest_make_room():
    maker = Maker()
    made = pool(maker, uses=4.0)
    for _ in range(40):
        made.batch(centres(), groups=4)
    assert maker.made == 3 + 10
    kept = set(np.unique(made._pictures[:, 0, 0, 1]).tolist())
    assert kept == set(range(7, 13))


def test_some_are_mirrored():
    pictures, _ = pool(Maker()).batch(centres(), groups=4)
    turned = pictures[:, 0, -1, 2] == 1
    assert 0 < turned.sum() < SIZE


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_batches(seed):
    first, again = (pool(Maker(), seed=seed).batch(centres(), groups=4) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
