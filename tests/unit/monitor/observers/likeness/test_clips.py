"""Likeness on rendered streams of avatars that the networks were not trained on."""

import json
import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from monitor.observers.likeness.enrolment import vectors_of
from monitor.observers.likeness.following import Following
from protocols.evidence import Finding
from protocols.likeness import LikenessTrack
from protocols.observation import Look
from protocols.policy import LikenessPolicy

CLIPS = Path(os.environ.get("NAKANOHITO_SHARED", Path(__file__).parents[6] / "shared")) / "clips"

pytestmark = [
    pytest.mark.clips,
    pytest.mark.skipif(not (CLIPS / "MANIFEST.json").is_file(), reason="the development clips are not here"),
]


@pytest.fixture(scope="module")
def registered(sight):
    folders = sorted(p for p in (CLIPS / "stills").iterdir() if p.is_dir())
    return {f.name: np.stack([p.vector for p in vectors_of(sorted(f.glob("*.jpg")), sight)]) for f in folders}


@pytest.fixture(scope="module")
def clips():
    return json.loads((CLIPS / "MANIFEST.json").read_text())["clips"]


def keyframes(file):
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            yield frame.time, frame.to_ndarray(format="bgr24")


def watched(sight, registered, clip):
    """The states of a clip at one look per key frame, and the standing of the gallery at its end."""
    claimed = registered[clip["avatar"]]
    track = LikenessTrack(claimed, registered, sight.encoder.calibration, LikenessPolicy())
    states, following = [], Following(sight)
    for at, picture in keyframes(CLIPS / clip["file"]):
        seen = following.look(picture, fresh=False)
        confidence, vector = (seen.confidence, seen.vector) if seen else (0.0, None)
        states.append(track.look(Look(at=at, vector=vector, confidence=confidence)))
    return states, track.standing()


def test_every_steady_clip_is_recognised_and_nothing_changes(sight, registered, clips):
    seen: dict[str, str] = {}
    for clip in (c for c in clips if c["kind"] != "swapped"):
        if clip["file"] in seen:
            continue
        states, standing = watched(sight, registered, clip)
        seen[clip["file"]] = max(standing, key=standing.__getitem__)
        assert seen[clip["file"]] == clip["avatar"], clip["name"]
        assert states[-1].verdict is Finding.PASS, clip["name"]
        assert states[-1].changed_at is None, clip["name"]


def test_every_swap_is_found_within_two_looks(sight, registered, clips):
    for clip in (c for c in clips if c["kind"] == "swapped"):
        states, _ = watched(sight, registered, clip)
        assert states[-1].verdict is Finding.FAIL, clip["name"]
        assert clip["swap_t"] <= states[-1].noticed_at <= clip["swap_t"] + 4, clip["name"]


def test_a_clip_is_refused_to_whoever_else_claims_it(sight, registered, clips):
    for clip in clips[:8]:
        for stranger in registered:
            if stranger == clip["avatar"]:
                continue
            states, _ = watched(sight, registered, {**clip, "avatar": stranger})
            assert states[-1].verdict is not Finding.PASS, (clip["name"], stranger)
            break


def test_half_the_resolution_changes_nothing(sight, registered, clips):
    clip = clips[4]
    claimed = registered[clip["avatar"]]
    for _, picture in list(keyframes(CLIPS / clip["file"]))[:3]:
        seen = sight.look(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        assert float(np.max(claimed @ seen.vector)) > sight.encoder.calibration.centre
