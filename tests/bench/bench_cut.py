"""How fast a cut is: from the service's verdict to the end of the publisher's ffmpeg, on nginx that asks our hooks."""

import asyncio
import math
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from samples.studio.portrait import portraits
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.operator import make_key
from tests.servers.publisher import Publisher, draw_test_card
from tests.servers.service import Service

FIGURES = ("cut_p50_s", "cut_p99_s")
CUTS = 60
AT_ONCE = 6
"""Streams that are on air together, and are cut within the same second or so."""

LIMIT_S = 1.0
NEVER = 80_000.0
HASTY = {
    "presence": {"connect_within_s": 3, "absent_after_s": 3},
    "challenge": {"first_after_s": NEVER, "mean_every_s": NEVER},
    "likeness": {"fail_at": 0.000001},
    "ladder": {"presence": [{"rung": "notify", "seconds": 1}]},
}


def figures() -> dict[str, dict[str, Any]]:
    """Return cut_p50_s and cut_p99_s; raises where a cut was not confirmed or its stream is still on air."""
    with tempfile.TemporaryDirectory(prefix="bench-cut-") as folder:
        seconds = asyncio.run(_measure(Path(folder)))
    shared = {
        "unit": "s",
        "limit": LIMIT_S,
        "how": (
            f"from the verdict (the step onto drop or forbid) to ffmpeg's exit: intent in the ledger, block, drop on"
            f" nginx-rtmp by the running service, {len(seconds)} cuts, {AT_ONCE} streams at once"
        ),
        "runs": len(seconds),
        "min": round(min(seconds), 3),
        "max": round(max(seconds), 3),
    }
    ordered = sorted(seconds)
    return {
        "cut_p50_s": {"value": round(statistics.median(ordered), 3), **shared},
        "cut_p99_s": {"value": round(ordered[math.ceil(0.99 * len(ordered)) - 1], 3), **shared},
    }


async def _measure(folder: Path) -> list[float]:
    card = draw_test_card(folder / "card.mp4", seconds=5, size="1280x720", rate=30)
    stills = portraits("sakura", folder / "stills")
    service = Service(folder / "service")
    async with NginxRtmp(folder / "nginx", service.hook_url("edge")) as nginx:
        service.cuts_on("edge", nginx)
        async with service:
            await service.api.policy("hasty", HASTY)
            avatar = await service.api.register("sakura", stills)
            operator = await service.api.enrol("ann", make_key(folder / "device.pem"))
            seconds: list[float] = []
            for batch in range(0, CUTS, AT_ONCE):
                seconds += await _batch(service, nginx, card, avatar, operator, batch)
    return seconds


async def _batch(service: Service, nginx: NginxRtmp, card: Path, avatar: str, operator: str, first: int) -> list[float]:
    """Put AT_ONCE streams on air, wait until they are cut; the seconds that each cut took."""
    async with AsyncExitStack() as stack:
        cutting = []
        for stream in (f"s{number}" for number in range(first, first + AT_ONCE)):
            publisher = await stack.enter_async_context(Publisher(card, nginx.publish_url(stream)))
            await nginx.wait_on_air(stream)
            attached = await service.api.attach(
                url=nginx.publish_url(stream),
                avatar=avatar,
                operators=[operator],
                policy="hasty",
                placement={"server": "edge", "app": nginx.app, "stream": stream},
            )
            cutting.append(asyncio.create_task(_cut(service, publisher, attached["id"])))
        seconds = await asyncio.gather(*cutting)
        for number in range(first, first + AT_ONCE):
            if await nginx.on_air(f"s{number}"):
                raise RuntimeError("a stream is on air after its cut")
    return seconds


async def _cut(service: Service, publisher: Publisher, session: str) -> float:
    """Wait for one cut; the seconds from its verdict to the end of ffmpeg, by the one clock of this machine."""
    await publisher.ended(60.0)
    ended = time.time()
    await service.api.until(session, lambda standing: standing["state"] == "cut", within=30)
    [cut] = await service.api.cuts(session)
    if cut["state"] != "confirmed":
        raise RuntimeError(f"a cut was not confirmed: {cut}")
    steps = [event async for event in service.api.follow(session) if event["type"] == "ladder.step"]
    [verdict] = [step for step in steps if step["data"]["rung"] in ("drop", "forbid")]
    return ended - datetime.fromisoformat(verdict["at_utc"]).timestamp()


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
