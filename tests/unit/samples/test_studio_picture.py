"""What is seen: axes, gestures, and that no two avatars look alike."""

import itertools

import cv2
import numpy as np
import pytest

from samples.studio.avatar import AVATARS, FRAMING, Avatar
from samples.studio.backdrop import BACKDROPS, paint_backdrop
from samples.studio.motion import Automaton, Performer
from samples.studio.overlay import Overlay, Overlays
from samples.studio.portrait import SITTINGS, portrait
from samples.studio.pose import Pose
from samples.studio.scene import Scene

W, H = 320, 240
PLAIN = np.full((2 * H, 2 * W, 3), (200, 190, 180), np.uint8)


@pytest.fixture(scope="module", params=AVATARS)
def avatar(request):
    return Avatar(request.param, W, H, head=48, centre=(W / 2, 100))


def head_of(avatar):
    """Centre and radius of the head on the picture."""
    size, drop = FRAMING.get(avatar.name, (1.0, 0.0))
    radius = 48 * size
    return W / 2, 100 + drop * radius, radius


@pytest.fixture(scope="module")
def clock():
    return itertools.count(0.0, 10.0)


@pytest.fixture
def still(avatar, clock):
    """Draws a pose held for long."""
    return lambda **pose: avatar.draw(Pose(**pose), next(clock), PLAIN)


@pytest.fixture
def shift(avatar, still):
    """How the inner face moves from rest to a pose: viewer's right and down, in head radii."""
    x, y, r = head_of(avatar)
    x0, y0 = int(x - 0.6 * r), int(y - 0.2 * r)
    window = (slice(y0, int(y + 0.95 * r)), slice(x0, int(x + 0.6 * r)))

    def measure(**pose):
        face = still()[window]
        around = still(**pose)[y0 - 30 : window[0].stop + 30, x0 - 30 : window[1].stop + 30]
        _, _, _, (dx, dy) = cv2.minMaxLoc(cv2.matchTemplate(around, face, cv2.TM_CCOEFF_NORMED))
        return (dx - 30) / r, (dy - 30) / r

    return measure


@pytest.fixture
def difference(avatar, still):
    """Mean difference of a pose to rest, 0..255, in a box given in head radii from the head's centre."""
    x, y, r = head_of(avatar)

    def measure(box, **pose):
        x0, y0, x1, y1 = (round(v) for v in (x + box[0] * r, y + box[1] * r, x + box[2] * r, y + box[3] * r))
        part = (slice(max(0, y0), min(H, y1)), slice(max(0, x0), min(W, x1)))
        a, b = still()[part].astype(int), still(**pose)[part].astype(int)
        return float(np.abs(a - b).mean())

    return measure


def test_yaw_above_zero_turns_to_the_viewers_right(shift):
    assert shift(yaw=8)[0] > 0.04
    assert shift(yaw=-8)[0] < -0.04


def test_pitch_above_zero_looks_up(shift):
    assert shift(pitch=8)[1] < -0.03
    assert shift(pitch=-8)[1] > 0.03


def test_roll_above_zero_tilts_to_the_operators_right_the_viewers_left(shift):
    assert shift(roll=10)[0] < -0.04
    assert shift(roll=-10)[0] > 0.04


def test_mouth_and_lids_are_seen(difference):
    assert difference((-0.3, 0.3, 0.3, 1.2), mouth_open=1.0) > 8
    assert difference((-0.7, -0.2, 0.7, 0.5), eye_blink=1.0) > 8
    assert difference((-0.7, -0.2, 0.7, 0.5), gaze_x=1.0) > 2


def test_the_operators_right_hand_rises_on_the_viewers_left(difference):
    left, right = (-2.9, -0.2, -1.5, 2.2), (1.5, -0.2, 2.9, 2.2)
    assert difference(left, hand_r=0.9) > 8 > 2 > difference(right, hand_r=0.9)
    assert difference(right, hand_l=0.9) > 8 > 2 > difference(left, hand_l=0.9)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(35, 20, 20), (-35, -20, 20), (35, -20, -20), (-35, 20, -20), (0, 20, 0), (0, -20, 0)]
)
def test_nothing_tears_at_extreme_angles(avatar, clock, yaw, pitch, roll):
    """Within the turned head no speck of the backdrop shows through."""
    marker = (1, 254, 3)
    picture = avatar.draw(Pose(yaw=yaw, pitch=pitch, roll=roll), next(clock), np.full_like(PLAIN, marker))
    x, y, r = head_of(avatar)
    x -= r * np.sin(np.deg2rad(1.5 * roll))
    inner = picture[int(y - 0.4 * r) : int(y + 0.5 * r), int(x - 0.4 * r) : int(x + 0.4 * r)].astype(int)
    assert np.abs(inner - marker).sum(axis=2).min() > 60


def test_hair_and_antennas_trail_behind_a_turning_head(avatar, clock):
    at = next(clock)
    settled = avatar.draw(Pose(yaw=20), at, PLAIN)
    avatar.draw(Pose(yaw=-20), next(clock), PLAIN)
    arriving = avatar.draw(Pose(yaw=20), at + 10.1, PLAIN)
    assert np.abs(settled.astype(int) - arriving.astype(int)).mean() > 0.3


def test_drawing_leaves_the_backdrop_alone(still):
    before = PLAIN.copy()
    still(yaw=10)
    assert (before == PLAIN).all()


def test_every_avatar_is_distinct():
    def colours(name):
        small = cv2.resize(portrait(name, "1_front"), (16, 16), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_BGR2LAB)[2:14, 3:13].astype(float)

    looks = {name: colours(name) for name in AVATARS}
    assert len(looks) >= 5
    for a in AVATARS:
        for b in AVATARS:
            if a < b:
                assert np.linalg.norm(looks[a] - looks[b], axis=2).mean() > 12, (a, b)


def test_portraits_are_enough_and_differ():
    assert len(SITTINGS) >= 8
    pictures = [portrait("sakura", name) for name in SITTINGS]
    assert all(p.shape == (512, 512, 3) for p in pictures)
    for k, p in enumerate(pictures[1:]):
        assert np.abs(p.astype(int) - pictures[k].astype(int)).mean() > 5


def test_an_unknown_avatar_or_backdrop_is_refused():
    with pytest.raises(ValueError, match="sakura"):
        Avatar("mona lisa")
    with pytest.raises(ValueError, match="bedroom"):
        paint_backdrop("moon", W, H)


@pytest.mark.parametrize("name", sorted(BACKDROPS))
def test_backdrops_are_painted_to_size_and_by_seed(name):
    first = paint_backdrop(name, W, H, 1)
    assert first.shape == (2 * H, 2 * W, 3)
    assert first.std() > 5
    assert (first == paint_backdrop(name, W, H, 1)).all()


@pytest.mark.parametrize("kind", list(Overlay))
def test_overlays_move_and_are_a_function_of_the_time(kind):
    def laid(at):
        picture = np.full((360, 640, 3), 90, np.uint8)
        Overlays([kind], 640, 360, seed=2).lay(picture, at)
        return picture

    times = np.arange(1.0, 40.0, 1.3)
    pictures = [laid(t) for t in times]
    assert (laid(times[5]) == pictures[5]).all()
    changes = [np.abs(a.astype(int) - b.astype(int)).max() for a, b in itertools.pairwise(pictures)]
    assert sum(c > 20 for c in changes) >= 5


def test_a_scene_is_the_same_for_the_same_seed_and_swaps_its_avatar():
    def show():
        scene = Scene("sakura", seed=3, overlays=("badge", "chat", "hearts"))
        performer = Performer(3)
        return [scene.frame(performer.pose(k / 25), k / 25) for k in range(10)], scene

    (first, scene), (second, _) = show(), show()
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert first[0].shape == (360, 640, 3)
    scene.swap("bolt")
    after = scene.frame(Automaton(1).pose(0.4), 0.4)
    assert np.abs(after.astype(int) - first[-1].astype(int)).mean() > 10


def test_an_avatar_leaves_no_trail_on_the_picture(avatar, clock):
    there = avatar.draw(Pose(yaw=30, hand_r=1.0, hand_l=1.0, roll=20), next(clock), PLAIN)
    after = avatar.draw(Pose(), next(clock), PLAIN)
    fresh = Avatar(avatar.name, W, H, head=48, centre=(W / 2, 100)).draw(Pose(), 0.0, PLAIN)
    assert np.abs(there.astype(int) - after.astype(int)).mean() > 3
    assert (after == fresh).all()
