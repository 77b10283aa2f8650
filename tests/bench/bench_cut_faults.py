"""Cuts under faults: nginx-rtmp over a line that loses, delays, breaks and lies, and restarts meanwhile.

Enforcement with its registry and ledger, as the service has it. Every cut must be confirmed, once, with its record, its
publisher must be gone, and nobody may come back within the block: the measurement fails otherwise.
"""

import asyncio
import math
import statistics
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from monitor.enforcers.nginx_rtmp import NginxRtmpEnforcer, NginxRtmpServer
from protocols.session import Placement, Session
from registry.registry import Registry
from registry.state import CutState
from tests.contract.crash import Service, a_session, registry_of
from tests.contract.stages import NginxStage
from tests.servers.faulty import Fault, FaultyLine
from tests.servers.publisher import Publisher, draw_test_card

FIGURES = ("cut_faulty_p50_s", "cut_faulty_p99_s")
CUTS = 200
AT_ONCE = 5
RESTART_EVERY = 8
"""Batches: in each such one nginx restarts while it cuts."""

LIMIT_S = 10.0


def figures() -> dict[str, dict[str, Any]]:
    """Return the figures; raises where a cut was lost, doubled or not confirmed, or somebody came back."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-faults-") as folder:
        seconds, happened = asyncio.run(measure(Path(folder), CUTS))
    ordered = sorted(seconds)
    faults = ", ".join(f"{fault} {count}" for fault, count in sorted(happened.items()))
    shared = {
        "unit": "s",
        "limit": LIMIT_S,
        "how": f"from the verdict to ffmpeg's exit, {len(seconds)} cuts, requests to nginx: {faults}; nginx restarted",
        "runs": len(seconds),
        "min": round(ordered[0], 3),
        "max": round(ordered[-1], 3),
    }
    return {
        "cut_faulty_p50_s": {"value": round(statistics.median(ordered), 3), **shared},
        "cut_faulty_p99_s": {"value": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 3), **shared},
    }


async def measure(folder: Path, cuts: int) -> tuple[list[float], dict[Fault, int]]:
    """Cut that many streams; the seconds that each took, and what happened to requests on the way."""
    card = draw_test_card(folder / "card.mp4", seconds=5)
    seconds: list[float] = []
    async with NginxStage(folder, card) as stage, FaultyLine(0, Random(5)) as line, registry_of(folder) as registry:
        line.upstream = stage.nginx.http_port
        url = f"http://127.0.0.1:{line.port}"
        place = NginxRtmpServer(
            name=stage.server, control_url=f"{url}/control", stat_url=f"{url}/stat", login=stage.LOGIN
        )
        enforcer = NginxRtmpEnforcer(place)
        service = Service(registry=registry, server=enforcer, blocks=stage.blocks)
        for batch in range(0, cuts, AT_ONCE):
            restarts = (batch // AT_ONCE) % RESTART_EVERY == 1
            seconds += await _batch(stage, service, [f"f{batch + n}" for n in range(AT_ONCE)], restarts=restarts)
        await _recorded(registry, cuts)
        await enforcer.close()
        return seconds, dict(line.happened)


async def _batch(stage: NginxStage, service: Service, streams: list[str], *, restarts: bool) -> list[float]:
    cutting = []
    for stream in streams:
        if not await stage.publish(stream):
            raise RuntimeError(f"{stream} is not let on air")
        session = await a_session(service.registry, Placement(server=stage.server, app=stage.app, stream=stream))
        cutting.append(asyncio.create_task(_cut(service, stage.publishers[-1], session)))
    if restarts:
        await stage.stop()
        await stage.start()
    seconds = await asyncio.gather(*cutting)
    for stream in streams:
        if await stage.on_air(stream) or await stage.publish(stream):
            raise RuntimeError(f"{stream} is on air within its block")
    return seconds


async def _cut(service: Service, publisher: Publisher, session: Session) -> float:
    began = time.monotonic()
    ending = asyncio.create_task(_end(publisher))
    cut = await service.cut(session)
    if cut.state is not CutState.CONFIRMED:
        raise RuntimeError(f"a cut was not confirmed: {cut}")
    return await ending - began


async def _end(publisher: Publisher) -> float:
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
