"""The sample studio: the project's own drawn avatars, their rooms, and people and machines to move them."""

from samples.studio.avatar import AVATARS, Avatar
from samples.studio.motion import Automaton, Loop, Performer
from samples.studio.pose import Pose
from samples.studio.scene import Scene
from samples.studio.telemetry import Screen, Tracker, tracking

__all__ = ["AVATARS", "Automaton", "Avatar", "Loop", "Performer", "Pose", "Scene", "Screen", "Tracker", "tracking"]
