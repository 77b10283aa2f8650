"""The written set: files, truth, and that the truth is true."""

import json
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest

from samples.studio.clip import film
from samples.studio.library import programme, write_library


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    write_library(folder, seconds=4.0, kinds=["mismatched", "swapped"])
    return folder, json.loads((folder / "MANIFEST.json").read_text())


def test_the_programme_has_every_kind_and_every_avatar():
    clips = programme()
    assert {c.kind for c in clips} == {
        "driven", "mismatched", "looped", "ai_driven", "swapped", "challenged", "challenge_ignored",
    }  # fmt: skip
    assert len({c.name for c in clips}) == len(clips)
    assert len({c.avatar for c in clips}) >= 5
    assert {c.telemetry for c in clips if c.kind == "ai_driven"} == {
        "none",
        "other_human",
        "bot_sine",
        "bot_same_signal",
    }


def test_every_file_of_the_manifest_is_there(library):
    folder, manifest = library
    for clip in manifest["clips"]:
        assert (folder / clip["file"]).is_file()
        assert (folder / clip["telemetry"]).is_file()
    for avatar in manifest["avatars"].values():
        assert len(avatar["stills"]) >= 8
        assert all((folder / still).is_file() for still in avatar["stills"])


def test_a_clip_of_one_kind_brings_the_one_whose_picture_it_shows(library):
    _, manifest = library
    kinds = {c["kind"] for c in manifest["clips"]}
    assert kinds == {"driven", "mismatched", "swapped"}
    driven = {c["file"]: c for c in manifest["clips"] if c["kind"] == "driven"}
    for clip in manifest["clips"]:
        if clip["kind"] == "mismatched":
            assert driven[clip["file"]]["telemetry"] != clip["telemetry"]


def test_the_video_is_what_the_manifest_says(library):
    folder, manifest = library
    with av.open(str(folder / manifest["clips"][0]["file"])) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height, stream.average_rate) == ("h264", 640, 360, 25)
        assert sum(1 for _ in container.decode(stream)) == 100


def test_the_second_avatar_comes_at_the_time_of_the_swap(library):
    folder, manifest = library
    clip = next(c for c in manifest["clips"] if c["kind"] == "swapped")
    with av.open(str(folder / clip["file"])) as container:
        pictures = [f.to_ndarray(format="gray").astype(int) for f in container.decode(video=0)]
    jumps = [np.abs(a - b).mean() for a, b in pairwise(pictures)]
    assert abs((int(np.argmax(jumps)) + 1) / 25 - clip["swap_t"]) < 0.1


def test_gestures_are_in_the_telemetry_when_the_truth_says_so(tmp_path):
    clip = next(c for c in programme() if c.kind == "challenged")
    truth = film(replace(clip, seconds=9.0), tmp_path)
    samples = [json.loads(line) for line in (tmp_path / truth["telemetry"]).read_text().splitlines()]
    look = truth["challenge"][0]
    assert look["gesture"] == "look_left"
    assert look["t_start"] - look["t_start_telemetry"] == pytest.approx(truth["delay_s"], abs=2e-3)
    inside = [s["yaw"] for s in samples if look["t_start_telemetry"] <= s["t"] <= look["t_end_telemetry"]]
    assert max(inside) > 15


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="kind"):
        film(replace(programme()[0], kind="haunted"), tmp_path)
