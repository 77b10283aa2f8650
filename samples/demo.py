"""``nakanohito demo``: live scenarios against a service of their own, judged and cut before your eyes."""

import asyncio
import io
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape

from monitor.cli.screen import fail, put_json
from registry.error import RegistryError
from registry.ledger import Verification, verify
from samples.child import ChildFailed
from samples.liveview import live_view, result_table
from samples.outcome import Outcome, Record
from samples.scenario import SCENARIOS, Scenario, named
from samples.stage import Player, Stage

__all__ = ["Demo", "command"]

POLICY = "brisk"
_WIDTH, _HEIGHT = 640, 360
_LOG_WIDTH = 132  # columns, where there is no terminal that has any
_WIDE = 110
_REDRAW_EVERY = 0.25
_LOOK_EVERY = 1.0
_STAGGER = 0.7  # seconds between two streams, so that their handshakes do not meet
_LINGER = 3.0  # seconds that the last state stays before the end


def command(
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, to look around; Ctrl-C ends it.")] = False,
    seconds: Annotated[
        float, typer.Option(min=15, max=600, help="How long it takes at most; it ends once all is decided.")
    ] = 115.0,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this scenario; may be given again.", metavar="NAME")
    ] = None,
    fps: Annotated[int, typer.Option(min=10, max=30, help="Pictures a second of each stream.")] = 20,
    picture: Annotated[
        Path | None, typer.Option(help="Write what the terminal showed as a picture (SVG) into this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Play live scenarios over real WebRTC and WebSockets against a service of their own, and see who drives what.

    Exit status 1 where a stream was judged wrongly, or the ledger is not whole.
    """
    try:
        scenarios = tuple(named(name) for name in only) if only else SCENARIOS
    except ValueError as unknown:
        fail(f"{unknown}.", 2)
    demo = Demo(
        scenarios=scenarios, seconds=seconds, fps=fps, keep=keep, picture=picture, console=_console(stderr=as_json)
    )
    try:
        report = asyncio.run(demo.run())
    except ChildFailed as failure:
        fail(str(failure))
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail("Stopped; everything that was started has ended.", 130)
    if as_json:
        put_json(report.document())
    if not report.good:
        raise typer.Exit(1)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=_LOG_WIDTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a demo has shown."""

    outcomes: tuple[Outcome, ...]
    ledger: Verification | None
    flaw: str | None
    dropped: int

    @property
    def good(self) -> bool:
        """Whether every stream was judged rightly and the ledger is whole."""
        return all(o.as_expected for o in self.outcomes) and self.ledger is not None and self.ledger.ok

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "good": self.good,
            "streams": [outcome.document() for outcome in self.outcomes],
            "frames_dropped": self.dropped,
            "ledger": {
                "whole": self.ledger is not None and self.ledger.ok,
                "entries": 0 if self.ledger is None else self.ledger.entries,
                "flaw": self.flaw,
            },
        }


@dataclass(slots=True, kw_only=True)
class Demo:
    """One run."""

    scenarios: tuple[Scenario, ...]
    seconds: float
    fps: int
    keep: bool = False
    picture: Path | None = None
    console: Console
    records: dict[str, Record] = field(default_factory=dict)
    by_session: dict[str, Record] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)
    _began: float = 0.0
    _ends: float = 0.0
    _shown: RenderableType | None = None

    async def run(self) -> Report:
        """Play, judge, take down, check the ledger. Raises ChildFailed."""
        self.records = {s.name: Record(s) for s in self.scenarios}
        self._ends = time.time() + self.seconds
        with tempfile.TemporaryDirectory(prefix="nakanohito-demo-", ignore_cleanup_errors=True) as folder:
            async with _interruptible(), Stage(Path(folder)) as stage:
                await self._prepare(stage)
                await self._play(stage)
                outcomes = tuple(record.outcome() for record in self.records.values())
                if self.keep:
                    self._finish(outcomes)
                    await self._stay(stage)
                else:
                    await self._leave(stage)
            report = self._report(outcomes, stage.ledger)
        if not self.keep:
            self._finish(outcomes)
        self._say_ledger(report)
        self._draw_picture(report)
        return report

    # ---- before

    async def _prepare(self, stage: Stage) -> None:
        """Start everything side by side: most of it is loading programs."""
        began = time.monotonic()
        with self.console.status("The service and the studios start …"):
            options = ("--width", str(_WIDTH), "--height", str(_HEIGHT), "--fps", str(self.fps))
            starting = [asyncio.create_task(stage.begin())]
            for scenario in self.scenarios:
                player = await stage.cast(scenario, *options)
                self._listen(player)
                starting.append(asyncio.create_task(_rehearsed(player)))
            await _all(starting)
        with self.console.status("The avatars are registered …"):
            names = sorted({name for s in self.scenarios for name in (s.avatar, s.swap_to) if name})
            avatars = {name: await stage.register(name) for name in names}
            for player in stage.players:
                await stage.attach(player, avatars[player.scenario.avatar], POLICY)
                self.by_session[player.session] = self.records[player.scenario.name]
        self.console.print(
            f"A service at {stage.url}, {len(avatars)} avatars and {len(stage.players)} streams are ready "
            f"after {time.monotonic() - began:.0f} s.",
            soft_wrap=True,
        )

    def _listen(self, player: Player) -> None:
        record = self.records[player.scenario.name]

        def hear(said: dict[str, object]) -> None:
            player.hear(said)
            record.tell(said)

        player.listening = asyncio.create_task(player.child.listen(hear), name=f"listen {player.scenario.name}")

    # ---- the play

    async def _play(self, stage: Stage) -> None:
        self._began = time.time()
        helpers = [
            asyncio.create_task(self._follow(stage)),
            asyncio.create_task(self._look(stage)),
            asyncio.create_task(self._raise_curtain(stage)),
        ]
        try:
            await self._show(stage, helpers)
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _raise_curtain(self, stage: Stage) -> None:
        for player in stage.players:
            await stage.on_air(player)
            await asyncio.sleep(_STAGGER)
        await asyncio.get_running_loop().create_future()

    async def _follow(self, stage: Stage) -> None:
        async for event in stage.events():
            record = self.by_session.get(event["session"])
            if record is not None:
                record.hear(event)

    async def _look(self, stage: Stage) -> None:
        while True:
            for player in stage.players:
                self.records[player.scenario.name].look(await stage.status(player))
            await asyncio.sleep(_LOOK_EVERY)

    async def _show(self, stage: Stage, helpers: Sequence["asyncio.Task[None]"]) -> None:
        """Draw until the time is over or all is decided, unless something fails."""
        with Live(console=self.console, auto_refresh=False, transient=True) as live:
            decided: float | None = None
            while time.time() < self._ends:
                self._watch_over(stage, helpers)
                if self.console.is_terminal:
                    live.update(self._view(wide=self.console.width >= _WIDE), refresh=True)
                else:
                    self._tell_news()
                self._remember()
                if decided is None and all(record.decided for record in self.records.values()):
                    decided = time.time()
                if decided is not None and time.time() - decided >= _LINGER:
                    break
                await asyncio.sleep(_REDRAW_EVERY)

    def _view(self, *, wide: bool = True) -> RenderableType:
        return live_view(list(self.records.values()), began=self._began, ends=self._ends, wide=wide)

    def _remember(self) -> None:
        """Keep the view of the moment at which half of the streams that are to be cut are cut."""
        due = [r for r in self.records.values() if not r.scenario.stays]
        if self._shown is None and 2 * sum(r.cut_at is not None for r in due) >= len(due):
            self._shown = self._view()

    def _tell_news(self) -> None:
        """Without a terminal: what is new, a line each."""
        for name, record in self.records.items():
            for moment, what in record.news[self._told.get(name, 0) :]:
                self.console.print(f"{moment - self._began:5.1f} s  {name:<9} {escape(what)}", soft_wrap=True)
            self._told[name] = len(record.news)

    def _watch_over(self, stage: Stage, helpers: Sequence["asyncio.Task[None]"]) -> None:
        """Raise what has failed."""
        if stage.service is not None and not stage.service.running:
            raise stage.service.failure()
        for player in stage.players:
            if player.listening is not None and player.listening.done():
                player.listening.result()
        for task in helpers:
            if task.done():
                task.result()

    # ---- after

    async def _leave(self, stage: Stage) -> None:
        for player in stage.players:
            if self.records[player.scenario.name].cut_at is None:
                await stage.end(player, "the demo is over")

    async def _stay(self, stage: Stage) -> None:
        """Let people look around until they have had enough, or a stream's process fails."""
        self.console.print(_directions(stage), soft_wrap=True)
        if stage.service is not None:
            with suppress(asyncio.CancelledError):
                await stage.service.ended()
                raise stage.service.failure()

    def _report(self, outcomes: tuple[Outcome, ...], ledger: Path) -> Report:
        dropped = sum(record.dropped for record in self.records.values())
        try:
            found = verify(ledger)
        except RegistryError as error:
            return Report(outcomes=outcomes, ledger=None, flaw=str(error), dropped=dropped)
        return Report(outcomes=outcomes, ledger=found, flaw=found.flaw, dropped=dropped)

    def _finish(self, outcomes: Sequence[Outcome]) -> None:
        self.console.print(result_table(outcomes))

    def _say_ledger(self, report: Report) -> None:
        if report.ledger is not None and report.ledger.ok:
            head = report.ledger.head.hash.hex()[:16]
            self.console.print(f"[green]The ledger is whole[/green]: {report.ledger.entries} entries, head {head}…")
        else:
            self.console.print(f"[bold red]The ledger is not whole[/bold red]: {escape(report.flaw or '')}")

    def _draw_picture(self, report: Report) -> None:
        if self.picture is None:
            return
        recorder = Console(record=True, width=_LOG_WIDTH, file=io.StringIO(), force_terminal=True)
        recorder.print(self._shown or self._view())
        recorder.print(result_table(report.outcomes))
        self.picture.parent.mkdir(parents=True, exist_ok=True)
        recorder.save_svg(str(self.picture), title="nakanohito demo")


async def _rehearsed(player: Player) -> None:
    """Until the stream is ready, or has failed."""
    if player.listening is None:
        return
    waiting: set[asyncio.Future[Any]] = {player.device_key, player.listening}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if not player.device_key.done():
        player.listening.result()
        raise player.child.failure()


async def _all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Until all are done; the first that fails ends the others, and its error is raised as it is."""
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _directions(stage: Stage) -> str:
    return f"""
The service stays up at [bold]{stage.url}[/bold] with the streams that were not cut; Ctrl-C ends everything.

  API        {stage.url}/docs
  data       {stage.folder / "service"}
  logs       {stage.folder}

  export NAKANOHITO_URL={stage.url} NAKANOHITO_API_KEY=$(cat {stage.admin_key})
  nakanohito sessions
  nakanohito cuts
  nakanohito ledger verify {stage.ledger}
"""


@asynccontextmanager
async def _interruptible() -> AsyncIterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: what was started is taken down."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    yield
