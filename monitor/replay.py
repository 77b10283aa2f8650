"""Replay: the whole judgement over a recorded stream and a recorded operator, faster than real time.

The same observers, rules and fusion as in a live session; only the clock is the recording's. What is told on the way
and at the end is fixed by ``docs/replay.md``.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.enrolment import PictureRefused, vectors_of
from monitor.observers.likeness.following import Following
from monitor.observers.likeness.sight import Sight
from monitor.observers.motion import MotionObserver
from monitor.observers.occasions import Occasions
from monitor.observers.picture import colour, luma
from monitor.operator.recording import RecordingRefused, read
from monitor.sources.decoder import make_thrifty
from monitor.sources.source import Limit
from protocols.driving.elsewhere import LATEST
from protocols.evidence import Finding
from protocols.gesture import Gesture
from protocols.judge import Judge, Judged
from protocols.observation import ChallengeAsked, Look, Motion, Observation, Presence
from protocols.policy import Policy
from protocols.telemetry import TelemetrySample
from protocols.verdict import Verdict

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_JUDGE_EVERY = 0.5  # seconds of media time, as often as a live session deliberates
_OPERATOR = "replay"
_MOST_CHALLENGES = 1_000
_LONGEST = 1e7  # seconds of media time
_GESTURES = frozenset(Gesture)
_LIMIT = Limit()


class ReplayRefused(Exception):
    """The recording, the pictures or the telemetry cannot be used; one line that says what to do."""


Line = dict[str, Any]
"""One line of the report, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Everything that a replay is of. Vectors are (n, d); ``gallery`` by avatar, the claimed one among them or not."""

    video: Path
    claimed: NDArray[np.float32]
    gallery: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    telemetry: Sequence[TelemetrySample] | None = None
    challenges: Sequence[ChallengeAsked] = ()


def pictures_of(folder: Path, sight: Sight) -> NDArray[np.float32]:
    """Reference vectors (n, d) of an avatar from the pictures in ``folder``. Raises ReplayRefused."""
    if not folder.is_dir():
        raise ReplayRefused(f"{folder}: no such folder; give one that holds reference pictures of the avatar")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise ReplayRefused(f"{folder}: no pictures (*.jpg, *.png, *.webp) in this folder")
    taken, refused = [], ""
    for file in files:
        try:
            taken += [picture.vector for picture in vectors_of([file], sight)]
        except PictureRefused as refusal:
            refused = str(refusal)
    if not taken:
        raise ReplayRefused(f"{folder}: none of its pictures can be used: {refused}")
    return np.stack(taken)


def telemetry_of(file: Path) -> Sequence[TelemetrySample]:
    """The operator's motion from JSON lines. Raises ReplayRefused."""
    try:
        return read(file)
    except RecordingRefused as refusal:
        raise ReplayRefused(str(refusal)) from refusal


def challenges_of(file: Path, within: float) -> Sequence[ChallengeAsked]:
    """What was asked and when, from a JSON array. Raises ReplayRefused."""
    try:
        asked = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no JSON, no UTF-8, a number without end
        raise ReplayRefused(f"{file}: cannot be read as JSON: {error}") from error
    if not isinstance(asked, list) or len(asked) > _MOST_CHALLENGES:
        raise ReplayRefused(f'{file}: give a JSON array of at most {_MOST_CHALLENGES} {{"t_issued": …, "gesture": …}}')
    return [_asked(number, entry, file, within) for number, entry in enumerate(asked, start=1)]


def _asked(number: int, entry: object, file: Path, within: float) -> ChallengeAsked:
    match entry:
        case {"t_issued": int() | float() as at, "gesture": str() as gesture} if gesture in _GESTURES and _is_time(at):
            return ChallengeAsked(at=float(at), challenge=str(number), gesture=Gesture(gesture), within=within)
        case _:
            names = ", ".join(Gesture)
            raise ReplayRefused(f"{file}: challenge {number} needs 't_issued' in seconds and a 'gesture' of {names}")


def _is_time(at: float) -> bool:
    return not isinstance(at, bool) and 0 <= at <= _LONGEST


class Replay:
    """One run over a recording. ``lines`` gives the report's lines in the order of media time, the summary last."""

    def __init__(self, recording: Recording, sight: Sight, policy: Policy, policy_id: str) -> None:
        self._recording = recording
        self._following = Following(sight)
        self._policy = policy
        rivals = {n: v for n, v in recording.gallery.items() if not np.array_equal(v, recording.claimed)}
        self._judge = Judge(
            policy=policy,
            policy_id=policy_id,
            claimed=recording.claimed,
            gallery=rivals,
            likeness=sight.encoder.calibration,
        )
        self._judged: dict[str, Judged] = {}
        self._before: Verdict | None = None
        self._told = 0.0

    def lines(self, progress: Callable[[float, float | None], None] = lambda at, of: None) -> Iterator[Line]:
        """Run it. ``progress`` is told media time and, where it is known, the length. Raises ReplayRefused."""
        pending: list[Observation] = []
        operator = self._operator()
        judged_at, at = 0.0, 0.0
        for seen, at, of in self._pictures():
            self._check_clock(of)
            progress(at, of)
            pending += [*operator(at), *seen]
            yield from (_observation(o) for o in seen if isinstance(o, Look))
            if at - judged_at >= _JUDGE_EVERY:
                yield from self._tell(*self._judge.consider(pending, at))
                pending, judged_at = [], at
        pending += operator(float("inf"))
        self._judge.consider(pending, at)
        verdict, judged = self._judge.finish(at)
        yield from self._tell(verdict, judged, last=True)
        yield self._summary(verdict, at)

    def _check_clock(self, length: float | None) -> None:
        """Refuse telemetry none of which is of the video's time. Raises ReplayRefused."""
        told = self._recording.telemetry
        if not told or length is None or (told[0].at <= length + LATEST and told[-1].at >= -LATEST):
            return
        raise ReplayRefused(
            f"the telemetry runs from {told[0].at:.1f} s to {told[-1].at:.1f} s, the video from 0 s to {length:.1f} s: "
            "give its 't' in seconds on the stream's clock"
        )

    def _operator(self) -> Callable[[float], list[Observation]]:
        """What the operator's side did, told up to a media time and never twice."""
        recording = self._recording
        events: list[Observation] = [*(recording.telemetry or ()), *recording.challenges]
        if recording.telemetry is not None:
            events.append(Presence(at=0.0, operator=_OPERATOR, connected=True, cause="the recording has telemetry"))
        events.sort(key=lambda event: event.at)

        def until(at: float) -> list[Observation]:
            count = next((i for i, event in enumerate(events) if event.at > at), len(events))
            due, events[:] = events[:count], events[count:]
            return due

        return until

    def _pictures(self) -> Iterator[tuple[list[Look | Motion], float, float | None]]:
        motion = MotionObserver()
        occasions = Occasions(self._policy.watch, Random(0).random)  # noqa: S311 - the same each time
        for frame, at, of in _frames(self._recording.video):
            plane = luma(frame)
            seen: list[Look | Motion] = []
            try:
                moved = motion.observe(plane, at)
            except ValueError as error:
                raise ReplayRefused(f"{self._recording.video}: {error}") from error
            if moved is not None:
                seen.append(moved)
            look, fresh = occasions.take(plane, at, keyframe=bool(frame.key_frame), fresh=False, full=True)
            if look:
                seen.append(self._look(frame, at, fresh))
            yield seen, at, of

    def _look(self, frame: av.VideoFrame, at: float, fresh: bool) -> Look:
        image = colour(frame)
        found = self._following.look(image, fresh=fresh)
        if found is None:
            return Look(at=at, vector=None, confidence=0.0, fresh=fresh)
        head = found.head.within(image)
        return Look(at=at, vector=found.vector, confidence=found.confidence, fresh=fresh, head=head)

    def _tell(self, verdict: Verdict, judged: Sequence[Judged], *, last: bool = False) -> Iterator[Line]:
        for outcome in judged:
            self._judged[outcome.challenge] = outcome
        new = [e for e in verdict.evidence if e.end > self._told]
        for evidence in new:
            yield {"type": "evidence", "rule": evidence.rule.value, **_span(evidence.start, evidence.end)} | {
                "weight": evidence.weight,
                "facts": dict(evidence.facts),
            }
        self._told = max([self._told, *(e.end for e in new)])
        before, self._before = self._before, verdict
        changed = before is None or (before.driver, before.findings) != (verdict.driver, verdict.findings)
        if changed or last:
            yield {"type": "verdict", **verdict.document()}

    def _summary(self, verdict: Verdict, at: float) -> Line:
        likeness, driving = self._judge.likeness, self._judge.driving
        state = likeness.state
        return {
            "type": "summary",
            "duration_s": round(at, 3),
            "driving": {
                "verdict": verdict.driver.value,
                "p_human": verdict.p_human,
                "score": self._judge.score(at),
                "lag_s": driving.lag,
                "windows": [
                    {"start": round(w.driving.start, 3), "end": round(w.driving.end, 3), "score": w.driving.score}
                    for w in driving.windows
                ],
            },
            "likeness": {
                "verdict": (Finding.UNKNOWN if state is None else state.verdict).value,
                "score": 0.0 if state is None else state.score,
                "changed_at": None if state is None else state.changed_at,
                "gallery": self._gallery(),
            },
            "loop": {
                "detected": self._judge.repetition.finding(at) is Finding.FAIL,
                "period_s": self._judge.repetition.repetition.period,
            },
            "challenges": [self._challenge(asked) for asked in self._recording.challenges],
        }

    def _gallery(self) -> dict[str, float]:
        """Every avatar of the gallery with its score, the claimed one included where it is among them."""
        standing, state = self._judge.likeness.track.standing(), self._judge.likeness.state
        own = 0.0 if state is None else state.score
        return {name: standing.get(name, own) for name in self._recording.gallery}

    def _challenge(self, asked: ChallengeAsked) -> Line:
        judged = self._judged.get(asked.challenge)
        line: Line = {"t_issued": asked.at, "gesture": asked.gesture.value}
        if judged is None:
            return line | {"passed": None, "score": 0.0, "t_seen": None}
        return line | {"passed": judged.passed, "score": judged.score, "t_seen": judged.seen_at}


def _frames(video: Path) -> Iterator[tuple[av.VideoFrame, float, float | None]]:
    """Frames with their media time from 0 on, and the length where the container tells it. Raises ReplayRefused."""
    try:
        with av.open(str(video)) as container:
            stream = _stream(container, video)
            of = container.duration / av.time_base if container.duration else None
            first: float | None = None
            for frame in _decoded(container, stream):
                if frame.pts is None:
                    continue
                first = frame.time if first is None else first
                yield frame, frame.time - first, of
    except (av.FFmpegError, OSError) as error:
        raise ReplayRefused(f"{video}: cannot be played: {error.strerror or error}") from error
    if first is None:
        raise ReplayRefused(f"{video}: holds no picture that can be decoded")


def _stream(container: av.container.InputContainer, video: Path) -> av.VideoStream:
    if not container.streams.video:
        raise ReplayRefused(f"{video}: holds no video")
    stream = container.streams.video[0]
    size = stream.codec_context.width, stream.codec_context.height
    if not _LIMIT.allows(*size):
        raise ReplayRefused(f"{video}: {_LIMIT.refusal(*size)}")
    make_thrifty(stream.codec_context)
    return stream


def _decoded(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Every frame that can be decoded; damaged data is passed over, as in a live stream."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _observation(look: Look) -> Line:
    return {
        "type": "observation",
        "kind": "look",
        "at": round(look.at, 3),
        "seen": look.vector is not None,
        "confidence": round(look.confidence, 4),
        "fresh": look.fresh,
    }


def _span(start: float, end: float) -> Line:
    return {"start": round(start, 3), "end": round(end, 3)}
