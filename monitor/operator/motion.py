"""Motion for the agent: samples as they happen, timed on the event loop's clock."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from protocols.telemetry import TelemetrySample


async def play(recording: Sequence[TelemetrySample], *, loop: bool = False) -> AsyncIterator[TelemetrySample]:
    """Play a recording at the pace at which it was made; ``loop`` starts it anew at its end, for ever."""
    clock = asyncio.get_running_loop()
    first, last = recording[0].at, recording[-1].at
    # The step from the last sample to the first of the next round is an ordinary step between two samples.
    length = last - first + (last - first) / max(1, len(recording) - 1)
    start = clock.time()
    while True:
        for sample in recording:
            due = start + sample.at - first
            delay = due - clock.time()
            if delay > 0:
                await asyncio.sleep(delay)
            yield replace(sample, at=due)
        if not loop:
            return
        start += max(length, 0.001)
        await asyncio.sleep(0)
