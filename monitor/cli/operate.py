"""``nakanohito operate``: an operator's end of the channel, fed with recorded motion."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from monitor.operator.agent import Agent, AgentEvent, Finished, ServerRefused, address
from monitor.operator.device import KeyRefused, generate, load, public
from monitor.operator.motion import play
from monitor.operator.recording import RecordingRefused, read
from monitor.operator.view import View, line
from protocols.channel.event import Challenged
from protocols.channel.violation import Closing
from protocols.telemetry import TelemetrySample

_ANSWER_AFTER = 1.5
_REDRAWS = 8


def operate(
    telemetry: Annotated[
        Path, typer.Option(help="Recorded motion: JSON lines with t, yaw, pitch, roll, mouthOpen and so on.")
    ],
    server: Annotated[str, typer.Option(help="The service, such as https://monitor.example.")],
    session: Annotated[str, typer.Option(help="The session to operate.")],
    operator: Annotated[str, typer.Option(help="Your operator id.")],
    key: Annotated[Path, typer.Option(help="Your device key's file; made on the first run where there is none.")],
    loop: Annotated[bool, typer.Option("--loop", help="Play the motion again and again.")] = False,
    answer: Annotated[
        bool, typer.Option(help="Say of each challenge that its gesture is done, 1.5 s after it was asked.")
    ] = True,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a server without TLS on another machine.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each event, instead of the view.")] = False,
) -> None:
    """Be an operator: prove the device key, beat, and forward recorded motion as if it happened now."""
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
        device, recording = load(key), read(telemetry)
    except (ServerRefused, KeyRefused, RecordingRefused) as error:
        errors.print(Text(str(error), style="red"), soft_wrap=True)
        raise typer.Exit(2) from None
    finished = asyncio.run(_run(_Shift(url, session, operator, device, recording, loop, answer, as_json)))
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
    recording: tuple[TelemetrySample, ...]
    loop: bool
    answer: bool
    as_json: bool


async def _run(shift: _Shift) -> Finished:
    clock = asyncio.get_running_loop()
    view = View(shift.session, shift.operator)
    answers: set[asyncio.TimerHandle] = set()

    def tell(event: AgentEvent) -> None:
        if shift.as_json:
            typer.echo(line(event, clock.time()))
        else:
            view.hear(event, clock.time())
        if shift.answer and isinstance(event, Challenged):
            within = max(0.0, event.deadline - clock.time())
            answers.add(clock.call_later(min(_ANSWER_AFTER, within / 2), agent.answer, event.challenge))

    agent = Agent(
        url=shift.url,
        session=shift.session,
        operator=shift.operator,
        key=shift.device,
        motion=play(shift.recording, loop=shift.loop),
        tell=tell,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            clock.add_signal_handler(number, agent.leave)
    try:
        if shift.as_json:
            return await agent.run()
        return await _shown(agent, view)
    finally:
        for timer in answers:
            timer.cancel()


async def _shown(agent: Agent, view: View) -> Finished:
    """Run the agent with its panel, redrawn a few times a second."""
    clock = asyncio.get_running_loop()

    def panel() -> RenderableType:
        return view.draw(clock.time(), waiting=agent.waiting, dropped=agent.dropped)

    with Live(panel(), auto_refresh=False) as live:

        async def redraw() -> None:
            while True:
                live.update(panel(), refresh=True)
                await asyncio.sleep(1 / _REDRAWS)

        drawing = asyncio.create_task(redraw())
        try:
            return await agent.run()
        finally:
            drawing.cancel()
            live.update(panel(), refresh=True)
