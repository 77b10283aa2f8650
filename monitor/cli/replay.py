"""``nakanohito replay``: judge a recorded stream again, as a live session would be judged."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from monitor.observers.likeness.model import ModelRefused
from monitor.observers.likeness.sight import Sight
from monitor.replay import Recording, Replay, ReplayRefused, challenges_of, pictures_of, telemetry_of
from monitor.settings import Settings, SettingsRefused
from protocols.policy import PROFILES, Policy
from protocols.session import AvatarId
from registry.error import RegistryError
from registry.registry import Registry

_UNUSABLE = 2


def replay(
    video: Annotated[Path, typer.Argument(help="The recorded stream: any file that FFmpeg opens.")],
    avatar: Annotated[
        str, typer.Option(help="Folder of reference pictures of the claimed avatar, or a registered id.")
    ],
    gallery: Annotated[
        Path | None, typer.Option(help="Folder with one folder of pictures per avatar, for one against many.")
    ] = None,
    telemetry: Annotated[
        Path | None, typer.Option(help="The operator's motion as JSON lines; without it nobody was connected.")
    ] = None,
    challenges: Annotated[
        Path | None, typer.Option(help='JSON array of {"t_issued": seconds, "gesture": name}.')
    ] = None,
    policy: Annotated[
        str, typer.Option(help="Policy to judge by: standard, brisk, or a registered name.")
    ] = "standard",
    model: Annotated[
        Path | None, typer.Option(help="ONNX file of a likeness encoder; the one that comes along where absent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines; the last one is the summary.")] = False,
) -> None:
    """Judge a recorded stream with a recorded operator, faster than real time."""
    cv2.setNumThreads(1)
    try:
        run = _prepared(video, avatar, gallery, telemetry, challenges, policy, model)
        if as_json:
            for line in run.lines():
                typer.echo(json.dumps(line, ensure_ascii=False, allow_nan=False))
        else:
            _report(run)
    except (ReplayRefused, ModelRefused, RegistryError, SettingsRefused) as refusal:
        typer.echo(f"nakanohito replay: {refusal}", err=True)
        raise typer.Exit(_UNUSABLE) from refusal


def _prepared(
    video: Path,
    avatar: str,
    gallery: Path | None,
    telemetry: Path | None,
    challenges: Path | None,
    policy: str,
    model: Path | None,
) -> Replay:
    if not video.is_file():
        raise ReplayRefused(f"{video}: no such file")
    judged_by, policy_id = _policy(policy)
    sight = Sight.load(model)
    recording = Recording(
        video=video,
        claimed=_claimed(avatar, sight),
        gallery=_gallery(gallery, sight),
        telemetry=None if telemetry is None else telemetry_of(telemetry),
        challenges=() if challenges is None else challenges_of(challenges, judged_by.challenge.within_s),
    )
    return Replay(recording, sight, judged_by, policy_id)


def _policy(name: str) -> tuple[Policy, str]:
    for profile in PROFILES:
        if profile.name == name:
            return profile, name
    found = _registered(f"policy '{name}'", lambda registry: registry.policies.get(name))
    try:
        return Policy.model_validate(dict(found.document) | {"name": found.name}), found.id
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise ReplayRefused(f"policy '{found.id}' cannot be used: {where}: {wrong['msg']}") from error


def _claimed(avatar: str, sight: Sight) -> NDArray[np.float32]:
    if Path(avatar).is_dir() or not avatar.startswith("av_"):
        return pictures_of(Path(avatar), sight)
    model = sight.encoder.sha256
    wanted = f"avatar {avatar}"
    return np.asarray(_registered(wanted, lambda registry: registry.avatars.vectors(AvatarId(avatar), model)))


def _gallery(folder: Path | None, sight: Sight) -> dict[str, NDArray[np.float32]]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise ReplayRefused(f"{folder}: no such folder; give one that holds a folder of pictures per avatar")
    return {one.name: pictures_of(one, sight) for one in sorted(folder.iterdir()) if one.is_dir()}


def _registered(what: str, ask: Callable[[Registry], Any]) -> Any:
    """What the service's own registry answers."""
    url = Settings.load().database
    file = url.removeprefix("sqlite:///")
    if file != url and not Path(file).is_file():  # opening it would make one
        raise ReplayRefused(f"there is no {what} here: no registry is at {file}")

    async def asked() -> Any:
        registry = await Registry.open(url)
        try:
            return await ask(registry)
        finally:
            await registry.close()

    return asyncio.run(asked())


def _report(run: Replay) -> None:
    console = Console()
    verdicts, summary = [], {}
    with _progress(console) as tell:
        for line in run.lines(tell):
            if line["type"] == "verdict":
                verdicts.append(line)
            summary = line
    table = Table("at", "who drives", "probability", "findings", title="Verdicts")
    for verdict in verdicts:
        findings = ", ".join(f"{rule} {found}" for rule, found in verdict["findings"].items() if found != "unknown")
        table.add_row(f"{verdict['at']:.1f} s", verdict["driver"], f"{verdict['p_human']:.0%}", findings)
    console.print(table)
    console.print_json(data=summary)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[float, float | None], None]]:
    columns = TextColumn("judging"), BarColumn(), TextColumn("{task.completed:.0f} s"), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("judging", total=None)
        yield lambda at, of: progress.update(task, completed=at, total=of)
