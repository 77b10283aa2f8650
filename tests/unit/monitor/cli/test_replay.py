"""``nakanohito replay`` as it is typed."""

import asyncio
import json
from pathlib import Path

import pytest

from protocols.policy import BRISK
from registry.registry import Registry
from samples.studio.clip import Clip, film
from samples.studio.portrait import portraits
from tests.unit.monitor.broadcast import START
from tests.unit.monitor.cli.terminal import Terminal, Typed


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``clips/take.mp4``, its telemetry, and ``stills/sakura``."""
    folder = tmp_path_factory.mktemp("take")
    film(Clip(name="take", kind="driven", avatar="sakura", seed=5, seconds=2.0), folder)
    portraits("sakura", folder / "stills" / "sakura")
    return folder


def words(take: Path, *more: str, **given: str) -> list[str]:
    """What is typed; what is given takes the place of what would work."""
    video = given.pop("video", str(take / "clips" / "take.mp4"))
    values = {"avatar": str(take / "stills" / "sakura"), "policy": "brisk"} | given
    return ["replay", video, *more, *(word for name, value in values.items() for word in (f"--{name}", value))]


def test_json_lines_with_the_summary_last(terminal: Terminal, take: Path) -> None:
    telemetry = str(take / "clips" / "take.telemetry.jsonl")
    out = terminal.well(*words(take, "--json", telemetry=telemetry, gallery=str(take / "stills")))
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["duration_s"] == pytest.approx(2.0, abs=0.1)
    assert list(lines[-1]["likeness"]["gallery"]) == ["sakura"]
    assert {line["type"] for line in lines} >= {"observation", "verdict"}


def test_a_readable_report(terminal: Terminal, take: Path) -> None:
    out = terminal.well(*words(take))
    assert "Verdicts" in out
    assert '"type": "summary"' in out
    assert "\x1b" not in out


def refused(typed: Typed) -> str:
    """The one line on standard error of what cannot be used."""
    assert (typed.code, typed.out) == (2, "")
    [line] = typed.err.splitlines()
    assert line.startswith("nakanohito replay: ")
    return line


def file(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("video", None, "no such file"),
        ("video", b"garbage" * 1000, "cannot be played"),
        ("avatar", None, "no such folder"),
        ("gallery", None, "no such folder"),
        ("telemetry", None, "cannot be read"),
        ("telemetry", b'{"t": 0}\n{"t": "now"}\n', "line 2"),
        ("telemetry", b"", "no telemetry"),
        ("model", None, "give the path of an ONNX file"),
        ("model", b"garbage" * 1000, "not an ONNX network"),
        ("challenges", None, "cannot be read"),
        ("challenges", b'[{"t_issued": 1, "gesture": "jump"}]', "challenge 1 needs"),
        ("challenges", b'[{"t_issued": Infinity, "gesture": "nod"}]', "challenge 1 needs"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_status_2(
    option: str, content: bytes | None, message: str, terminal: Terminal, take: Path, tmp_path: Path
) -> None:
    value = str(tmp_path / "missing") if content is None else file(tmp_path, "given", content)
    assert message in refused(terminal.type(*words(take, "--json", **{option: value})))


def test_an_empty_folder_is_no_avatar(terminal: Terminal, take: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no pictures" in refused(terminal.type(*words(take, avatar=str(tmp_path / "empty"))))


@pytest.mark.parametrize(("option", "value"), [("policy", "unheard"), ("avatar", "av_0000000000000")])
def test_without_a_registry_there_is_only_what_comes_along(
    option: str, value: str, terminal: Terminal, take: Path, tmp_path: Path
) -> None:
    line = refused(terminal.type(*words(take, **{option: value})))
    assert f"there is no {option}" in line
    assert "no registry is at" in line
    assert not (tmp_path / ".nakanohito").exists()


async def made(url: str) -> None:
    registry = await Registry.open(url)
    await registry.policies.put("late", BRISK.model_dump(mode="json", exclude={"name"}), at=START)
    await registry.policies.put("odd", {"watch": {"window_s": -1}}, at=START)
    await registry.close()


def test_a_policy_of_the_local_registry(
    terminal: Terminal, take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    asyncio.run(made(url))
    monkeypatch.setenv("NAKANOHITO_DATABASE_URL", url)
    out = terminal.well(*words(take, "--json", policy="late"))
    verdict = next(line for line in map(json.loads, out.splitlines()) if line["type"] == "verdict")
    assert verdict["policy"] == "late@1"
    assert "unheard" in refused(terminal.type(*words(take, policy="unheard")))
    assert "policy 'odd@1' cannot be used: watch.window_s" in refused(terminal.type(*words(take, policy="odd")))
    assert "av_0000000000000" in refused(terminal.type(*words(take, avatar="av_0000000000000")))


def test_broken_settings_are_said(terminal: Terminal, take: Path, tmp_path: Path) -> None:
    (tmp_path / "nakanohito.toml").write_text("prot = 1")
    typed = terminal.type(*words(take, policy="late"))
    assert typed.code == 2
    assert "prot: no such setting" in typed.err
