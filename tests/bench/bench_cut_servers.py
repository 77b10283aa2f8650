"""How fast cuts are on the real servers beside nginx: from the order to the publisher's own end, every one confirmed.

Enforcers alone, without the service: its ledger is part of ``cut_p50_s``. After each batch a blocked publisher tries
to come back, and one that does fails the measurement.
"""

import asyncio
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.contract.enforcer_contract import an_order
from tests.contract.stages import JanusStage, NodeMediaServerStage
from tests.servers.janus import RoomPublisher
from tests.servers.publisher import Publisher, draw_test_card

FIGURES = ("cut_janus_p50_s", "cut_janus_p99_s", "cut_node_media_server_p50_s", "cut_node_media_server_p99_s")
CUTS = 200
AT_ONCE = 5
LIMITS_S = {"janus": 1.0, "node_media_server": 3.0}
"""node-media-server closes its half of the connection, which ffmpeg may take two seconds to notice."""

Stage = JanusStage | NodeMediaServerStage


def figures() -> dict[str, dict[str, Any]]:
    """Return the four figures; raises where a cut was not confirmed, or somebody came back."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-servers-") as folder:
        card = draw_test_card(Path(folder) / "card.mp4", seconds=5)
        janus = asyncio.run(_measure(JanusStage(Path(folder))))
        node = asyncio.run(_measure(NodeMediaServerStage(Path(folder), card)))
    return {
        **_told("janus", janus, "the end of aiortc's connection"),
        **_told("node_media_server", node, "ffmpeg's exit"),
    }


def _told(server: str, seconds: list[float], end: str) -> dict[str, dict[str, Any]]:
    ordered = sorted(seconds)
    shared = {
        "unit": "s",
        "limit": LIMITS_S[server],
        "how": f"from the order (block, cut, confirmed gone) to {end}, {len(seconds)} cuts, {AT_ONCE} at once",
        "runs": len(seconds),
        "min": round(ordered[0], 3),
        "max": round(ordered[-1], 3),
    }
    return {
        f"cut_{server}_p50_s": {"value": round(statistics.median(ordered), 3), **shared},
        f"cut_{server}_p99_s": {"value": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 3), **shared},
    }


async def _measure(stage: Stage) -> list[float]:
    seconds: list[float] = []
    async with stage:
        for batch in range(0, CUTS, AT_ONCE):
            streams = [f"s{number}" for number in range(batch, batch + AT_ONCE)]
            if isinstance(stage, JanusStage):
                await stage.admit(*streams)
            cutting = []
            for stream in streams:
                if not await stage.publish(stream):
                    raise RuntimeError(f"{stream} is not let on air")
                cutting.append(_cut(stage, stage.publishers[-1], stream))
            seconds += await asyncio.gather(*cutting)
            if await stage.publish(streams[0]):
                raise RuntimeError("a publisher came back within its block")
    return seconds


async def _cut(stage: Stage, publisher: Publisher | RoomPublisher, stream: str) -> float:
    """Cut one stream and confirm that it is gone; the seconds until the publisher's own end."""
    order, began = an_order(stage, stream=stream, cut=f"cut_{stream}"), time.monotonic()
    ending = asyncio.create_task(_end(publisher))
    await stage.enforcer.block(order)
    await stage.enforcer.cut(order)
    async with asyncio.timeout(30):
        while not await stage.enforcer.gone(order):  # noqa: ASYNC110 - as enforcement asks
            await asyncio.sleep(0.05)
    return await ending - began


async def _end(publisher: Publisher | RoomPublisher) -> float:
    """When the publisher's connection was closed, or its ffmpeg ended."""
    async with asyncio.timeout(60):
        if isinstance(publisher, RoomPublisher):
            await publisher.closed.wait()
        else:
            await publisher.ended(60)
    return time.monotonic()
