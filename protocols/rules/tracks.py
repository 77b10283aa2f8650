"""The tracks that several rules read: the picture's motion and the operator's, each kept once a session."""

from dataclasses import dataclass, field

from protocols.driving.track import MotionTrack, TelemetryTrack
from protocols.observation import Motion, Observation
from protocols.telemetry import TelemetrySample


@dataclass(slots=True, kw_only=True)
class Tracks:
    """Motion and telemetry of one session."""

    motion: MotionTrack = field(default_factory=MotionTrack)
    telemetry: TelemetryTrack = field(default_factory=TelemetryTrack)

    def observe(self, observation: Observation) -> None:
        """Keep what belongs to a track."""
        match observation:
            case Motion():
                self.motion.add(observation)
            case TelemetrySample():
                self.telemetry.add(observation)
            case _:
                pass
