import numpy as np

from monitor.observers.likeness.sight import CROP
from monitor.observers.likeness.training import crop
from monitor.observers.likeness.training.pictures import SIDE, Pictures

# Three styles; each person of style a has two outfits.
PERSONS = tuple([f"a_{n}" for n in range(10)] + [f"b_{n}" for n in range(20)] + ["c_0"])


def pictures():
    """Two pictures of each identity: a disc in its own colour, on nothing."""
    identities = [
        (p, f"{name}_{outfit}") for p, name in enumerate(PERSONS) for outfit in range(2 if name[0] == "a" else 1)
    ]
    rng = np.random.default_rng(0)
    rows = [(i, p) for i, (p, _) in enumerate(identities) for _ in range(2)]
    pixels = np.zeros((len(rows), SIDE, SIDE, 4), np.uint8)
    for row, _ in enumerate(rows):
        pixels[row, 60:160, 60:160, :3] = rng.integers(0, 256, 3)
        pixels[row, 60:160, 60:160, 3] = 255
    return Pictures(
        pixels=pixels,
        boxes=np.tile(np.array([60, 60, 100, 100], np.float32), (len(rows), 1)),
        angles=np.zeros((len(rows), 3), np.float32),
        identity=np.array([i for i, _ in rows]),
        person=np.array([p for _, p in rows]),
        identity_names=tuple(name for _, name in identities),
        person_names=PERSONS,
        backgrounds=(np.full((90, 160, 3), 200, np.uint8),),
    )


DATA = pictures()


def test_a_share_of_every_style_is_held_back_by_person_and_by_seed():
    held = DATA.held_back(share=0.12, seed=3)
    assert [sum(PERSONS[p][0] == style for p in held) for style in "abc"] == [1, 2, 1]
    assert np.array_equal(held, DATA.held_back(share=0.12, seed=3))
    assert any(not np.array_equal(held, DATA.held_back(share=0.12, seed=other)) for other in range(4, 8))


def test_whoever_is_held_back_is_so_in_every_outfit():
    held = np.isin(DATA.person, DATA.held_back(share=0.12, seed=3))
    outfits = {p: set(held[DATA.person == p]) for p in range(len(PERSONS))}
    assert all(len(one) == 1 for one in outfits.values())
    assert not set(DATA.identity[held]) & set(DATA.identity[~held])


def test_batches_are_squares_of_a_person_in_a_hue_and_repeat_by_seed():
    rows = np.flatnonzero(DATA.person < 5)
    classes = DATA.person[rows]
    first, again = (next(crop.batches(DATA, rows, classes, size=24, seed=9)) for _ in range(2))
    assert (first.pictures.shape, first.pictures.dtype) == ((24, CROP, CROP, 3), np.uint8)
    assert np.array_equal(first.pictures, again.pictures)
    assert np.array_equal(first.classes, again.classes)
    assert set(first.classes // len(crop.HUES)) <= set(range(5))
    assert 0 < (first.classes % len(crop.HUES) == 0).mean() < 1


def test_no_crop_is_empty_whatever_is_done_to_it():
    rng = np.random.default_rng(2)
    for _ in range(40):
        made = crop.crop(rng, DATA, 0, 80.0)
        assert made.shape == (CROP, CROP, 3)
        assert made.std() > 1
