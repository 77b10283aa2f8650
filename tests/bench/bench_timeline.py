"""How smoothly a case's timeline of half an hour follows the pointer and is zoomed, in Chromium without a screen."""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.integration.console.exhibits import HALF_HOUR, keep
from tests.integration.console.stage import Stage, stage
from tests.unit.monitor.api.test_cases import cut

FIGURES = ("timeline_frames",)
LIMIT = 60
SECONDS = 4
ROUNDS = 3

MOVE = """new Promise((done) => {
  const lanes = [...document.querySelectorAll('.lanes .u-over')];
  const box = lanes[0].getBoundingClientRect();
  const gaps = [];
  let began, before;
  const tell = (kind, x) => lanes[0].dispatchEvent(new MouseEvent(kind, {
    bubbles: true, clientX: box.left + x, clientY: box.top + 40, buttons: kind === 'mousemove' ? 0 : 1,
  }));
  tell('mouseenter', 1);
  const frame = (now) => {
    began ??= now;
    if (before !== undefined) gaps.push(now - before);
    before = now;
    if (now - began > SECONDS * 1000) return done(gaps);
    tell('mousemove', (now / 4) % box.width);
    if (gaps.length % 60 === 59) {
      tell('mousedown', box.width * 0.2);
      tell('mousemove', box.width * 0.6);
      tell('mouseup', box.width * 0.6);
    }
    if (gaps.length % 60 === 29) tell('dblclick', 10);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})""".replace("SECONDS", str(SECONDS))  # fmt: skip


def figures() -> dict[str, dict[str, Any]]:
    """The figures of this file, by name, as the bench writes them."""
    with tempfile.TemporaryDirectory(prefix="bench-timeline-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, dict[str, Any]]:
    async with stage(folder) as made:
        await made.enter("kuro", "moderator")
        rounds = [await _round(made) for _ in range(ROUNDS)]
    rates = [1000 * len(gaps) / sum(gaps) for gaps in rounds]
    usual = [statistics.median(gaps) for gaps in rounds]
    slow = [sorted(gaps)[len(gaps) * 99 // 100] for gaps in rounds]
    how = (
        f"four curves over {HALF_HOUR / 60:.0f} min of 2000 points, the pointer moving and a zoom each second, "
        f"Chromium without a screen or GPU; half of the frames within {statistics.median(usual):.1f} ms, "
        f"99 of 100 within {statistics.median(slow):.0f} ms"
    )
    return {
        "timeline_frames": {
            "value": round(statistics.median(rates), 1), "unit": "frames per second", "limit": LIMIT, "how": how,
            "runs": ROUNDS, "min": round(min(rates), 1), "max": round(max(rates), 1),
        }
    }  # fmt: skip


async def _round(made: Stage) -> list[float]:
    """Milliseconds between frames while the timeline of a case is used."""
    world = made.house.world

    async def case() -> str:
        found = await cut(world)
        await keep(world, found, b"RIFF" * 400)
        return found

    await made.page.open(f"/console/cases/{await asyncio.to_thread(made.house.call, case())}")
    await made.page.until("document.querySelectorAll('.lanes canvas').length === 4")
    return [float(gap) for gap in await made.page.evaluate(MOVE)]
