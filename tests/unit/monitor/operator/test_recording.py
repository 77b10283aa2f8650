"""Recordings: read whole, or refused with the line that is wrong."""

from pathlib import Path

import pytest

from monitor.operator.recording import RecordingRefused, read


def put(path: Path, text: str | bytes) -> Path:
    path = path / "motion.jsonl"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_samples_are_read_in_order(tmp_path: Path) -> None:
    path = put(tmp_path, '{"t":0,"yaw":1.5,"other":"x"}\n\n{"t":0.03,"mouthOpen":0.5}\n')
    first, second = read(path)
    assert (first.at, first.yaw, second.at, second.mouth_open) == (0.0, 1.5, 0.03, 0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no telemetry"),
        ('{"t":0}\n{"yaw":1}\n', "line 2: a telemetry sample has no 't'"),
        ('{"t":0}\n[1]\n', "line 2: not a JSON object"),
        ('{"t":0}\n{"t":', "line 2: not a JSON object"),
        ('{"t":1}\n{"t":0.5}\n', "line 2: its time 0.5 s lies before that of the line above, 1 s"),
        ('{"t":0,"yaw":"left"}\n', "line 1: telemetry 'yaw'"),
        (b'{"t":0,"\xff":1}\n', "line 1: not a JSON object"),
        ('{"t":0,"x":"' + "x" * 20_000 + '"}\n', "line 1: longer than"),
        ("[" * 10_000, "line 1: not a JSON object"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(RecordingRefused) as caught:
        read(put(tmp_path, text))
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingRefused, match="cannot be read"):
        read(tmp_path / "none")
