"""``nakanohito operate``: an operator's end of the channel, fed by the tracking that runs, or with recorded motion."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from monitor.operator.agent import Agent, AgentEvent, Finished, ServerRefused, address, page
from monitor.operator.device import KeyRefused, generate, load, public
from monitor.operator.keys import Press, listening
from monitor.operator.recording import RecordingRefused
from monitor.operator.source import Source, motion_of, source_of
from monitor.operator.standing import Standing
from monitor.operator.tracking.choice import TrackerRefused
from monitor.operator.tracking.feed import Tracked
from monitor.operator.view import View, line, tracking_line
from protocols.channel.event import Challenged
from protocols.channel.violation import Closing
from protocols.telemetry import TelemetrySample

_ANSWER_AFTER = 1.5
_REDRAWS = 8
_TELL_EVERY = 5.0


class Angle(StrEnum):
    """An angle of the head that a tracker may tell the other way round."""

    YAW = "yaw"
    PITCH = "pitch"
    ROLL = "roll"


def operate(
    server: Annotated[str, typer.Option(help="The service, such as https://monitor.example.")],
    session: Annotated[str, typer.Option(help="The session to operate.")],
    operator: Annotated[str, typer.Option(help="Your operator id.")],
    key: Annotated[Path, typer.Option(help="Your device key's file; made on the first run where there is none.")],
    tracker: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[@HOST][:PORT]",
            help=(
                "Your tracking: vmc, vtube-studio, vtube-phone, ifacialmocap, openseeface or face-json, @HOST where it"
                " is on a phone or another machine. Found by itself if absent. See docs/trackers.md."
            ),
        ),
    ] = None,
    flip: Annotated[
        list[Angle] | None, typer.Option(help="An angle that your tracking tells the other way round; may be repeated.")
    ] = None,
    telemetry: Annotated[
        Path | None,
        typer.Option(help="Recorded motion in place of tracking: JSON lines with t, yaw, pitch, roll and so on."),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Play recorded motion again and again.")] = False,
    answer_by_itself: Annotated[
        bool,
        typer.Option(
            "--answer-by-itself",
            help="For tests and demonstrations with recorded motion: say of each challenge that it is done, 1.5 s "
            "after it was asked, in place of whoever should press a key.",
        ),
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a server without TLS on another machine.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each event, instead of the view.")] = False,
) -> None:
    """Be an operator: prove the device key, beat, and forward the motion that your tracking sees.

    In the terminal: space or enter says that the gesture is done, digits that are asked for are simply typed, b begins
    or ends a break of five minutes, t takes the floor that another operator has offered. With --json, lines 'done',
    'break', 'take' and digits on standard input say the same.
    """
    errors = Console(stderr=True)
    if not key.exists():
        try:
            made = public(generate(key))
        except KeyRefused as error:
            errors.print(Text(str(error), style="red"), soft_wrap=True)
            raise typer.Exit(2) from None
        errors.print(
            Text(f"A device key was made in {key}. Enrol its public half for {operator}:\n{made}"), soft_wrap=True
        )
        raise typer.Exit(3)
    try:
        url = address(server, insecure=insecure)
        device, source = load(key), source_of(tracker, flip or (), telemetry, loop=loop)
    except (ServerRefused, KeyRefused, RecordingRefused, TrackerRefused) as error:
        errors.print(Text(str(error), style="red"), soft_wrap=True)
        raise typer.Exit(2) from None
    finished = asyncio.run(_run(_Shift(url, session, operator, device, source, answer_by_itself, as_json)))
    if finished.code not in {Closing.BYE, Closing.SESSION_OVER}:
        errors.print(Text(f"{finished.message} ({finished.code})", style="red"), soft_wrap=True)
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Shift:
    """What the options say."""

    url: str
    session: str
    operator: str
    device: Ed25519PrivateKey
    source: Source
    by_itself: bool
    as_json: bool


async def _run(shift: _Shift) -> Finished:
    async with motion_of(shift.source) as (motion, tracked):
        return await _operate(shift, motion, tracked)


async def _operate(
    shift: _Shift, motion: AsyncIterator[TelemetrySample], tracked: Callable[[], Tracked] | None
) -> Finished:
    clock = asyncio.get_running_loop()
    standing = Standing()
    view = View(shift.session, shift.operator, page(shift.url), typed=lambda: standing.typed)
    answers: set[asyncio.TimerHandle] = set()

    def tell(event: AgentEvent) -> None:
        if shift.as_json:
            typer.echo(line(event, clock.time()))
        else:
            view.hear(event, clock.time())
        standing.hear(event)
        if shift.by_itself and isinstance(event, Challenged):
            within = max(0.0, event.deadline - clock.time())
            soon = min(_ANSWER_AFTER, within / 2)
            answers.add(clock.call_later(soon, agent.answer, event.challenge, event.digits))

    def hear(heard: Press | str) -> None:
        if isinstance(heard, Press):
            standing.press(heard, agent)
        else:
            standing.type(heard, agent)

    agent = Agent(
        url=shift.url, session=shift.session, operator=shift.operator, key=shift.device, motion=motion, tell=tell
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            clock.add_signal_handler(number, agent.leave)
    try:
        with listening(hear):
            if shift.as_json:
                return await _told(agent, tracked)
            return await _shown(agent, view, tracked)
    finally:
        for timer in answers:
            timer.cancel()


async def _told(agent: Agent, tracked: Callable[[], Tracked] | None) -> Finished:
    """Run the agent; every few seconds a line says how the tracking arrives."""

    async def tell() -> None:
        while tracked is not None:
            typer.echo(tracking_line(tracked()))
            await asyncio.sleep(_TELL_EVERY)

    return await _beside(agent, tell())


async def _shown(agent: Agent, view: View, tracked: Callable[[], Tracked] | None) -> Finished:
    """Run the agent with its panel, redrawn a few times a second."""
    clock = asyncio.get_running_loop()

    def panel() -> RenderableType:
        now = None if tracked is None else tracked()
        return view.draw(clock.time(), waiting=agent.waiting, dropped=agent.dropped, tracked=now)

    with Live(panel(), auto_refresh=False) as live:

        async def redraw() -> None:
            while True:
                live.update(panel(), refresh=True)
                await asyncio.sleep(1 / _REDRAWS)

        try:
            return await _beside(agent, redraw())
        finally:
            live.update(panel(), refresh=True)


async def _beside(agent: Agent, work: Coroutine[Any, Any, None]) -> Finished:
    """Run the agent, and ``work`` beside it until the agent's end."""
    working = asyncio.create_task(work)
    try:
        return await agent.run()
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
