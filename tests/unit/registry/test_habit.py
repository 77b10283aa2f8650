"""What operators do unasked is remembered as numbers, of each gesture the newest."""

from protocols.driving.form import Shape
from protocols.driving.habit import Habit
from protocols.gesture import Gesture
from registry.registry import Registry
from tests.unit.registry.conftest import NOW
from tests.unit.registry.test_reaction import enrol

NOD = Habit(sizes=(1.25, 0.8), watched=120.0, shape=Shape.SWING)
TURN = Habit(sizes=(), watched=40.0)


async def test_what_was_learned_is_remembered_gesture_by_gesture(registry: Registry) -> None:
    ann, bob = [await enrol(registry, name) for name in ("ann", "bob")]
    await registry.habits.keep(ann, {Gesture.NOD: NOD, Gesture.LOOK_LEFT: TURN}, at=NOW)
    assert await registry.habits.of(ann) == {Gesture.NOD: NOD, Gesture.LOOK_LEFT: TURN}
    more = Habit(sizes=(1.5,), watched=200.0, shape=Shape.SWING)
    await registry.habits.keep(ann, {Gesture.NOD: more}, at=NOW)
    await registry.habits.keep(ann, {}, at=NOW)
    assert await registry.habits.of(ann) == {Gesture.NOD: more, Gesture.LOOK_LEFT: TURN}
    assert await registry.habits.of(bob) == {}
