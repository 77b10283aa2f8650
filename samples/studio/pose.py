"""One moment of a body: what drives an avatar and what a tracker measures."""

from dataclasses import dataclass, fields, replace

__all__ = ["Pose", "blend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Head angles in degrees, face channels 0..1, gaze, hands and sway -1..1.

    ``yaw`` > 0 turns to the operator's own left (the viewer's right), ``pitch`` > 0 looks up,
    ``roll`` > 0 tilts to the operator's own right (the viewer's left). ``hand_l``/``hand_r`` are the
    operator's own hands, -1 hanging .. 1 straight up. ``gaze_x`` follows the sign of yaw, ``gaze_y`` of pitch.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    mouth_open: float = 0.0
    smile: float = 0.0
    eye_blink: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    brow: float = 0.0
    hand_l: float = -1.0
    hand_r: float = -1.0
    sway: float = 0.0
    breath: float = 0.0

    def plus(self, **deltas: float) -> "Pose":
        """This pose with amounts added to the named channels."""
        return replace(self, **{name: getattr(self, name) + amount for name, amount in deltas.items()})


def blend(first: Pose, second: Pose, share: float) -> Pose:
    """The pose ``share`` (0..1) of the way from ``first`` to ``second``."""
    mixed = {f.name: (1 - share) * getattr(first, f.name) + share * getattr(second, f.name) for f in fields(Pose)}
    return Pose(**mixed)
