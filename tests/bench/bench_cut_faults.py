"""Cuts under faults: nginx-rtmp, Janus and node-media-server over a line that loses, delays, breaks and lies, while the
server restarts now and then.

Enforcement with its registry and ledger, as the service has it. Every cut must be confirmed, once, with its record, its
publisher must be gone, and nobody may come back within the block: the measurement fails otherwise.
"""

import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from protocols.session import Placement, Session
from registry.registry import Registry
from registry.state import CutState
from tests.contract.crash import Service, a_session, registry_of
from tests.contract.stages import JanusStage, NginxStage, NodeMediaServerStage
from tests.servers.cutter import enforcer_of
from tests.servers.faulty import Fault, FaultyLine, janus_lies, nginx_lies, node_media_server_lies
from tests.servers.janus import RoomPublisher
from tests.servers.publisher import Publisher, draw_test_card

Stage = NginxStage | JanusStage | NodeMediaServerStage

SERVERS = {"": "nginx-rtmp", "janus_": "janus", "node_media_server_": "node-media-server"}
LIES = {"nginx-rtmp": nginx_lies, "janus": janus_lies, "node-media-server": node_media_server_lies}
FIGURES = tuple(f"cut_faulty_{name}{quantile}_s" for name in SERVERS for quantile in ("p50", "p99"))
CUTS = 200
AT_ONCE = 5
RESTART_EVERY = 8
"""Batches: in each such one the server restarts while it cuts."""

LIMIT_S = 10.0


def figures() -> dict[str, dict[str, Any]]:
    """Return the figures; raises where a cut was lost, doubled or not confirmed, or somebody came back."""
    found: dict[str, dict[str, Any]] = {}
    for name, kind in SERVERS.items():
        with tempfile.TemporaryDirectory(prefix="bench-cut-faults-") as folder:
            seconds, happened = asyncio.run(measure(kind, Path(folder), CUTS))
        found |= _told(name, kind, sorted(seconds), happened)
    return found


def _told(name: str, kind: str, ordered: list[float], happened: Mapping[Fault, int]) -> dict[str, dict[str, Any]]:
    faults = ", ".join(f"{fault} {count}" for fault, count in sorted(happened.items()))
    shared = {
        "unit": "s",
        "limit": LIMIT_S,
        "how": f"from the verdict to the publisher's end, {len(ordered)} cuts, requests to {kind}: {faults}; restarts",
        "runs": len(ordered),
        "min": round(ordered[0], 3),
        "max": round(ordered[-1], 3),
    }
    return {
        f"cut_faulty_{name}p50_s": {"value": round(statistics.median(ordered), 3), **shared},
        f"cut_faulty_{name}p99_s": {"value": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 3), **shared},
    }


async def measure(kind: str, folder: Path, cuts: int) -> tuple[list[float], dict[Fault, int]]:
    """Cut that many streams; the seconds that each took, and what happened to requests on the way."""
    seconds: list[float] = []
    async with (
        _stage(kind, folder) as stage,
        FaultyLine(0, Random(5), LIES[kind]) as line,
        registry_of(folder) as registry,
    ):
        line.upstream = stage.section_port
        enforcer = enforcer_of(stage.server, stage.section(line.port))
        service = Service(registry=registry, server=enforcer, blocks=stage.blocks)
        for batch in range(0, cuts, AT_ONCE):
            restarts = (batch // AT_ONCE) % RESTART_EVERY == 1
            streams = [f"f{number}" for number in range(batch, min(batch + AT_ONCE, cuts))]
            seconds += await _batch(stage, service, streams, restarts=restarts)
        await _recorded(registry, cuts)
        await enforcer.close()
        return seconds, dict(line.happened)


def _stage(kind: str, folder: Path) -> Stage:
    if kind == "janus":
        return JanusStage(folder)
    card = draw_test_card(folder / "card.mp4", seconds=5)
    return NginxStage(folder, card) if kind == "nginx-rtmp" else NodeMediaServerStage(folder, card)


async def _batch(stage: Stage, service: Service, streams: list[str], *, restarts: bool) -> list[float]:
    if isinstance(stage, JanusStage):
        await stage.admit(*streams)
    cutting, down = [], asyncio.Event()
    for stream in streams:
        if not await stage.publish(stream):
            raise RuntimeError(f"{stream} is not let on air")
        session = await a_session(service.registry, Placement(server=stage.server, app=stage.app, stream=stream))
        cutting.append(asyncio.create_task(_cut(service, stage.publishers[-1], session, down)))
    if restarts:
        await stage.stop()
        down.set()
        await stage.start()
    seconds = await asyncio.gather(*cutting)
    if any(await asyncio.gather(*(stage.on_air(stream) for stream in streams))):
        raise RuntimeError(f"one of {streams} is on air after its cut")
    if any(await asyncio.gather(*(stage.publish(stream) for stream in streams))):
        raise RuntimeError(f"one of {streams} was let on air within its block")
    return seconds


async def _cut(service: Service, publisher: Publisher | RoomPublisher, session: Session, down: asyncio.Event) -> float:
    began = time.monotonic()
    ending = asyncio.create_task(_end(publisher, down))
    cut = await service.cut(session)
    if cut.state is not CutState.CONFIRMED:
        raise RuntimeError(f"a cut was not confirmed: {cut}")
    return await ending - began


async def _end(publisher: Publisher | RoomPublisher, down: asyncio.Event) -> float:
    """When the publisher's ffmpeg ended, or its connection was closed.

    The connections of a Janus that stops end with it; that aiortc needs half a minute to notice is left out.
    """
    if isinstance(publisher, RoomPublisher):
        waits = [asyncio.create_task(event.wait()) for event in (publisher.closed, down)]
        _, others = await asyncio.wait(waits, timeout=130, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
    else:
        await publisher.ended(130)
    return time.monotonic()


async def _recorded(registry: Registry, cuts: int) -> None:
    """One cut and one receipt for each session."""
    for kind in ("cut.intended", "cut.confirmed"):
        sessions = [entry.session for entry in await registry.ledger.read(kind=kind)]
        if len(sessions) != cuts or len(set(sessions)) != cuts:
            raise RuntimeError(f"{cuts} cuts left {len(sessions)} entries {kind}")


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
