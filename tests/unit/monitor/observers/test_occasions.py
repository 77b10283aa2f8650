"""On which pictures it is looked who is on screen."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from monitor.observers.occasions import Occasions
from protocols.evidence import Finding
from protocols.likeness import LikenessTrack
from protocols.observation import Look
from protocols.policy import STANDARD, WatchPolicy
from tests.unit.protocols.test_judge import LIKENESS

POLICY = WatchPolicy(look_every_s=4, look_every_full_s=2)
OURS, ANOTHER = np.full((36, 64), 60, np.uint8), np.full((36, 64), 200, np.uint8)
FPS, GOP = 30, 60

Pictures = Iterator[tuple[np.ndarray, bool]]


def taken(occasions: Occasions, pictures: Pictures, *, full: bool) -> Iterator[tuple[int, bool]]:
    """Which of the pictures are looked at, and whether as quite another scene."""
    for number, (plane, keyframe) in enumerate(pictures):
        look, fresh = occasions.take(plane, number / FPS, keyframe=keyframe, fresh=number == 0, full=full)
        if look:
            yield number, fresh


def steady(seconds: float) -> Pictures:
    return ((OURS, number % GOP == 0) for number in range(round(seconds * FPS)))


def alternating(seconds: float, shown: int = 1) -> Pictures:
    """The registered avatar on each keyframe and ``shown`` - 1 pictures after it, another one between them."""
    for number in range(round(seconds * FPS)):
        yield (OURS if number % GOP < shown else ANOTHER), number % GOP == 0


@pytest.mark.parametrize("shown", [1, 6])
def test_whoever_shows_the_registered_avatar_on_keyframes_alone_is_seen_through(shown: int) -> None:
    seen = dict(taken(Occasions(POLICY, Random(3).random), alternating(30, shown), full=True))
    track = LikenessTrack(np.eye(1, 4, dtype=np.float32), {}, LIKENESS, STANDARD.likeness)
    found = []
    for number, (plane, _) in enumerate(alternating(30, shown)):
        if number in seen:
            vector = np.eye(1, 4, 0 if plane is OURS else 1, dtype=np.float32)[0]
            found.append(track.look(Look(at=number / FPS, vector=vector, confidence=0.9, fresh=seen[number])).verdict)
    assert Finding.FAIL in found
    assert found[len(found) // 3 :].count(Finding.PASS) <= 1


def test_nobody_foresees_when_it_is_looked() -> None:
    one, other = (
        [number for number, _ in taken(Occasions(POLICY, Random(seed).random), steady(60), full=True)]
        for seed in (1, 2)
    )
    assert one != other
    gaps = [(b - a) / FPS for a, b in pairwise(one)]
    assert min(gaps) >= 1.0
    assert max(gaps) <= 3.0 + 1 / FPS
    assert np.mean(gaps) == pytest.approx(2.0, abs=0.25)
    assert sum(number % GOP == 0 for number in one) <= 3


def test_of_keyframes_alone_another_scene_is_looked_at_at_once_as_one() -> None:
    keyframes = iter([(OURS, True)] * 30 + [(ANOTHER, True)] * 30)
    assert list(taken(Occasions(POLICY, lambda: 0.5), keyframes, full=False)) == [(0, True), (30, True)]


def test_a_cut_within_a_window_is_looked_at_at_once_and_is_no_new_beginning() -> None:
    cut = iter([(OURS, number % GOP == 0) for number in range(GOP)] + [(ANOTHER, True)] + [(ANOTHER, False)] * 5)
    assert list(taken(Occasions(POLICY, lambda: 1.0), cut, full=True)) == [(0, True), (GOP, False)]
