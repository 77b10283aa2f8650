"""How fast a cut is: from the order to the publisher's ffmpeg ended, on a real nginx that asks our hooks."""

import asyncio
import math
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.enforcers.enforcer import Order
from protocols.session import CutId, Placement, SessionId
from tests.contract.stages import NginxStage
from tests.servers.publisher import draw_test_card

CUTS = 60
AT_ONCE = 6
"""Streams that are on air together; they are cut one after the other."""

LIMIT_S = 1.0


def figures() -> dict[str, dict[str, Any]]:
    """Return cut_p50_s and cut_p99_s; raises where a cut was not confirmed or its stream is still on air."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-") as folder:
        seconds = asyncio.run(_measure(Path(folder)))
    shared = {
        "unit": "s",
        "how": f"block (in memory), drop, confirm on nginx-rtmp; from the order to ffmpeg's exit, {len(seconds)} cuts",
        "runs": len(seconds),
        "min": min(seconds),
        "max": max(seconds),
    }
    ordered = sorted(seconds)
    return {
        "cut_p50_s": {"value": statistics.median(ordered), "limit": LIMIT_S, **shared},
        "cut_p99_s": {"value": ordered[math.ceil(0.99 * len(ordered)) - 1], "limit": LIMIT_S, **shared},
    }


async def _measure(folder: Path) -> list[float]:
    card = draw_test_card(folder / "card.mp4", seconds=5, size="1280x720", rate=30)
    seconds: list[float] = []
    async with NginxStage(folder, card) as stage:
        for batch in range(0, CUTS, AT_ONCE):
            streams = [f"s{number}" for number in range(batch, batch + AT_ONCE)]
            for stream in streams:
                if not await stage.publish(stream):
                    raise RuntimeError(f"nginx did not take the stream: {stage.publishers[-1].log[-500:]}")
            for number, stream in enumerate(streams, start=batch):
                seconds.append(await _cut(stage, number, stream))
    return seconds


async def _cut(stage: NginxStage, number: int, stream: str) -> float:
    """Cut one stream and return the seconds until its ffmpeg had ended."""
    order = Order(
        cut=CutId(f"cut_{number}"),
        session=SessionId(stream),
        epoch=1,
        placement=Placement(server=stage.server, app="live", stream=stream),
        reason="Nobody drives this avatar.",
        until=datetime.now(UTC) + timedelta(hours=1),
    )
    began = time.perf_counter()
    ending = asyncio.create_task(_ended(stage, number))
    await stage.enforcer.block(order)
    await stage.enforcer.cut(order)
    if not await stage.enforcer.gone(order):
        raise RuntimeError("a cut was not confirmed")
    took = await ending - began
    if await stage.on_air(stream):
        raise RuntimeError("a stream is on air after its cut")
    return took


async def _ended(stage: NginxStage, number: int) -> float:
    await stage.publishers[number].ended(10.0)
    return time.perf_counter()


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
