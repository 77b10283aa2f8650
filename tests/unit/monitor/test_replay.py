"""A replay of a short clip of the project's own: what is told, in which order, of which types."""

import dataclasses
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from monitor.observers.likeness.sight import Sight
from monitor.replay import Recording, Replay, ReplayRefused, challenges_of, pictures_of, telemetry_of
from protocols.policy import BRISK
from samples.studio.clip import Clip, film
from samples.studio.portrait import portraits

SECONDS = 6.0


@dataclass(frozen=True)
class Takes:
    folder: Path
    video: Path
    telemetry: Path
    stills: Path
    sight: Sight


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Takes:
    folder = tmp_path_factory.mktemp("takes")
    film(Clip(name="take", kind="driven", avatar="sakura", seed=5, temperament="lively", seconds=SECONDS), folder)
    portraits("sakura", folder / "stills")
    home = folder / "clips"
    return Takes(folder, home / "take.mp4", home / "take.telemetry.jsonl", folder / "stills", Sight.load())


@pytest.fixture(scope="module")
def lines(takes: Takes) -> list[dict[str, Any]]:
    asked = takes.folder / "challenges.json"
    asked.write_text(json.dumps([{"t_issued": 1.0, "gesture": "nod"}, {"t_issued": 5, "gesture": "shake"}]))
    return list(replay(takes, challenges=challenges_of(asked, 3.0)).lines())


def replay(takes: Takes, **changes: Any) -> Replay:
    claimed = pictures_of(takes.stills, takes.sight)
    values = {
        "video": takes.video,
        "claimed": claimed,
        "gallery": {"sakura": claimed, "other": np.ascontiguousarray(-claimed)},
        "telemetry": telemetry_of(takes.telemetry),
    }
    return Replay(Recording(**(values | changes)), takes.sight, BRISK, "brisk")


def test_lines_come_in_the_order_of_media_time_with_the_summary_last(lines: list[dict[str, Any]]) -> None:
    assert {line["type"] for line in lines} == {"observation", "evidence", "verdict", "summary"}
    assert [line["type"] == "summary" for line in lines] == [False] * (len(lines) - 1) + [True]
    ats = [line["at"] for line in lines if "at" in line]
    assert ats == sorted(ats)
    assert lines[-2]["type"] == "verdict"
    for place, line in enumerate(lines):
        if line["type"] == "evidence":
            after = next(later["at"] for later in lines[place:] if "at" in later)
            assert line["start"] <= line["end"] <= after + 0.04  # telemetry may go on for a frame


def test_the_summary_has_the_fields_of_its_contract(lines: list[dict[str, Any]]) -> None:
    summary = lines[-1]
    assert list(summary) == ["type", "duration_s", "driving", "likeness", "loop", "challenges"]
    assert summary["duration_s"] == pytest.approx(SECONDS, abs=0.1)
    driving = summary["driving"]
    assert list(driving) == ["verdict", "p_human", "score", "lag_s", "windows"]
    assert driving["verdict"] in ("HUMAN", "MIXED", "AI", "UNKNOWN")
    assert 0 <= driving["p_human"] <= 1
    assert isinstance(driving["score"], float)
    assert driving["lag_s"] is None or isinstance(driving["lag_s"], float)
    assert driving["windows"]
    for window in driving["windows"]:
        assert list(window) == ["start", "end", "score"]
        assert 0 <= window["start"] < window["end"] <= window["start"] + 10.05
        assert isinstance(window["score"], float)
    assert [
        a["end"] <= b["start"] + 0.05 for a, b in zip(driving["windows"], driving["windows"][1:], strict=False)
    ] == [True] * (len(driving["windows"]) - 1)


def test_the_likeness_is_of_every_avatar_in_the_gallery(lines: list[dict[str, Any]]) -> None:
    likeness = lines[-1]["likeness"]
    assert list(likeness) == ["verdict", "score", "changed_at", "gallery"]
    assert likeness["verdict"] == "pass"
    assert likeness["changed_at"] is None
    assert set(likeness["gallery"]) == {"sakura", "other"}
    assert likeness["gallery"]["sakura"] > likeness["gallery"]["other"]
    assert likeness["gallery"]["sakura"] == pytest.approx(likeness["score"])


def test_loop_and_challenges_have_the_fields_of_their_contract(lines: list[dict[str, Any]]) -> None:
    loop, challenges = lines[-1]["loop"], lines[-1]["challenges"]
    assert loop == {"detected": False, "period_s": None}
    assert [(c["t_issued"], c["gesture"]) for c in challenges] == [(1.0, "nod"), (5.0, "shake")]
    for challenge in challenges:
        assert list(challenge) == ["t_issued", "gesture", "passed", "score", "t_seen"]
        assert challenge["passed"] in (True, False, None)
        assert isinstance(challenge["score"], float)
        assert challenge["t_seen"] is None or isinstance(challenge["t_seen"], float)


def test_every_line_is_json_without_nan(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        assert json.loads(json.dumps(line, allow_nan=False)) == line


def test_the_same_recording_gives_the_same_lines_bit_for_bit(takes: Takes, lines: list[dict[str, Any]]) -> None:
    asked = challenges_of(takes.folder / "challenges.json", 3.0)
    assert list(replay(takes, challenges=asked).lines()) == lines


def test_without_telemetry_nobody_was_connected(takes: Takes) -> None:
    summary = list(replay(takes, telemetry=None).lines())[-1]
    assert summary["driving"]["verdict"] in ("AI", "UNKNOWN")
    assert summary["driving"]["score"] <= 0
    assert summary["driving"]["lag_s"] is None
    assert summary["challenges"] == []


def test_progress_is_told_with_the_length(takes: Takes) -> None:
    told: list[tuple[float, float | None]] = []
    list(replay(takes).lines(lambda at, of: told.append((at, of))))
    assert told[0] == (0.0, pytest.approx(SECONDS, abs=0.1))
    assert [at for at, _ in told] == sorted(at for at, _ in told)


# ---- what cannot be used


def written(path: Path, width: int, height: int, frames: int = 5) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo" if path.suffix == ".nut" else "libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame(width, height, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def audio(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def cases(folder: Path) -> Iterator[tuple[Path, str]]:
    garbage = folder / "garbage.mp4"
    garbage.write_bytes(bytes(range(256)) * 64)
    empty = folder / "empty.mp4"
    empty.write_bytes(b"")
    yield garbage, "cannot be played"
    yield empty, "cannot be played"
    yield folder / "missing.mp4", "cannot be played"
    yield folder, "cannot be played"
    yield audio(folder / "audio.wav"), "holds no video"
    yield written(folder / "tiny.nut", 8, 8), "at least 16x16"
    yield written(folder / "bomb.nut", 8192, 16, 1), "8192x16 pixels: publish at most"


def test_a_video_that_cannot_be_used_is_one_clear_error(takes: Takes, tmp_path: Path) -> None:
    for video, words in cases(tmp_path):
        with pytest.raises(ReplayRefused) as raised:
            list(replay(takes, video=video).lines())
        assert words in str(raised.value)
        assert str(raised.value).startswith(str(video))
        assert "\n" not in str(raised.value)


def test_a_video_that_was_cut_short_is_judged_as_far_as_it_goes(takes: Takes, tmp_path: Path) -> None:
    whole = tmp_path / "whole.ts"
    with av.open(str(takes.video)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = whole.read_bytes()
    short = tmp_path / "short.ts"
    short.write_bytes(data[: len(data) // 2] + b"\x47" + bytes(100))
    summary = list(replay(takes, video=short).lines())[-1]
    assert 1 < summary["duration_s"] < SECONDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("\xff", "JSON"),
        ("[" * 100_000, "JSON"),
        ('[{"t_issued": ' + "9" * 5000 + ', "gesture": "nod"}]', "JSON"),
        ('{"t_issued": 1, "gesture": "nod"}', "array"),
        ("[1]", "challenge 1"),
        ('[{"t_issued": 1, "gesture": "nod"}, {"t_issued": 2, "gesture": "jump"}]', "challenge 2"),
        ('[{"t_issued": -1, "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": NaN, "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": Infinity, "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": 1e999, "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": ' + "9" * 400 + ', "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": true, "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": "1", "gesture": "nod"}]', "challenge 1"),
        ('[{"t_issued": 1}]', "challenge 1"),
        (json.dumps([{"t_issued": 1, "gesture": "nod"}] * 1001), "at most 1000"),
    ],
)
def test_challenges_that_cannot_be_used_are_one_clear_error(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "challenges.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ReplayRefused, match=words) as raised:
        challenges_of(file, 8.0)
    assert "\n" not in str(raised.value)


def test_challenges_are_numbered_and_have_the_policys_time(tmp_path: Path) -> None:
    file = tmp_path / "challenges.json"
    file.write_text('[{"t_issued": 6, "gesture": "nod", "note": "x"}, {"t_issued": 9.5, "gesture": "blink_twice"}]')
    assert [(a.at, a.challenge, a.gesture.value, a.within) for a in challenges_of(file, 8.0)] == [
        (6.0, "1", "nod", 8.0),
        (9.5, "2", "blink_twice", 8.0),
    ]


@pytest.mark.parametrize("line", ['{"yaw": 1}', "not json", '{"t": 1, "yaw": "left"}', '{"t": 1}\n{"t": 0.5}'])
def test_telemetry_that_cannot_be_used_names_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "telemetry.jsonl"
    file.write_text('{"t": 0.0, "yaw": 1.0}\n' + line + "\n")
    with pytest.raises(ReplayRefused, match=r"line [23]"):
        telemetry_of(file)


@pytest.mark.parametrize("away", [1_700_000_000.0, -3600.0])
def test_telemetry_of_another_time_is_one_clear_error(away: float, takes: Takes) -> None:
    told = [dataclasses.replace(sample, at=sample.at + away) for sample in telemetry_of(takes.telemetry)]
    with pytest.raises(ReplayRefused, match=r"telemetry runs from .* the video from 0 s to 6\.0 s: give its 't'"):
        next(replay(takes, telemetry=told).lines())


def test_pictures_that_cannot_be_used_are_one_clear_error(takes: Takes, tmp_path: Path) -> None:
    with pytest.raises(ReplayRefused, match="no such folder"):
        pictures_of(tmp_path / "missing", takes.sight)
    with pytest.raises(ReplayRefused, match="no pictures"):
        pictures_of(tmp_path, takes.sight)
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(ReplayRefused, match=r"none of its pictures can be used: .*a\.jpg"):
        pictures_of(tmp_path, takes.sight)


def test_pictures_that_can_be_used_make_up_for_those_that_cannot(takes: Takes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    for still in takes.stills.iterdir():
        (tmp_path / still.name).write_bytes(still.read_bytes())
    vectors = pictures_of(tmp_path, takes.sight)
    assert np.array_equal(vectors, pictures_of(takes.stills, takes.sight))
    assert math.isclose(float(np.linalg.norm(vectors[0])), 1.0, rel_tol=1e-5)
