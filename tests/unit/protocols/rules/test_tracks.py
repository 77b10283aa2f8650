"""The tracks keep where the head was, for as long as it helps."""

from protocols.observation import Look
from protocols.rules.tracks import Tracks

HEAD = 0.3, 0.1, 0.2, 0.4


def test_a_window_begins_with_the_head_of_the_nearest_look() -> None:
    tracks = Tracks()
    assert tracks._head(1.0) is None
    tracks.observe(Look(at=1.0, vector=None, confidence=0.0))
    tracks.observe(Look(at=2.0, vector=None, confidence=0.5, head=HEAD))
    tracks.observe(Look(at=6.0, vector=None, confidence=0.5, head=(0.1, 0.1, 0.2, 0.4)))
    assert tracks._head(3.0) == HEAD
    assert tracks._head(20.0) is None, "a head moves on"
