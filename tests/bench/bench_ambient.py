"""What watching costs: CPU of the whole service for each live 720p30 stream, against bare decoding of the same."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from samples.studio.avatar import AVATARS
from samples.studio.clip import Clip, film
from samples.studio.portrait import portraits
from tests.bench.cpu import spent
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.operator import Operator, make_key
from tests.servers.program import needs
from tests.servers.publisher import Publisher
from tests.servers.service import ROOT, Service

FIGURES = ("ambient_cpu_ratio", "window_cpu_ratio")
STREAMS = {"ambient": 8, "full": 2}
RUNS = 7
RUN_S = {"ambient": 12.0, "full": 8.0}
SETTLE_S = {"ambient": 20.0, "full": 10.0}
"""Seconds; a stream whose driver stays unknown is watched in full for 85 s, then left alone for a while."""
LIMITS = {"ambient": 1.25, "full": 1.3}
NEVER = 86_000.0
TAKE_S = 60.0


def figures() -> dict[str, dict[str, Any]]:
    """Return ambient_cpu_ratio and window_cpu_ratio."""
    with tempfile.TemporaryDirectory(prefix="bench-ambient-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, dict[str, Any]]:
    needs("ffmpeg")
    take = await asyncio.to_thread(_film, folder)
    service = Service(folder / "service")
    async with NginxRtmp(folder / "nginx") as nginx:
        service.cuts_on("edge", nginx)
        async with service:
            for mode, document in _policies().items():
                await service.api.policy(mode, document)
            stage = _Stage(folder, service, nginx, take)
            await stage.register()
            return {
                "ambient_cpu_ratio": await stage.compare("ambient", "keyframes"),
                "window_cpu_ratio": await stage.compare("full", "all"),
            }


def _policies() -> dict[str, dict[str, Any]]:
    """As the standard policy watches; one that never opens a window after the first second, one that never ends it."""
    undisturbed = {"challenge": {"first_after_s": NEVER, "mean_every_s": NEVER}}
    presence = {"presence": {"connect_within_s": NEVER, "absent_after_s": NEVER}}
    # Nobody is cut here, whatever a loop looks like.
    patient = {"ladder": {rule: [{"rung": "notify", "seconds": NEVER}] for rule in ("driving", "presence", "likeness")}}
    # One operator's motion is told for every stream here, as for nobody who is to be suspected.
    alike = {"operator": {"same_motion": "pass"}}
    shared = undisturbed | presence | patient | alike | {"fusion": {"ai_at": 20.0}}
    return {
        "ambient": shared | {"watch": {"window_s": 0.5, "every_s": NEVER, "windows": 1}},
        "full": shared | {"watch": {"every_s": NEVER, "windows": 60}, "fusion": {"ai_at": 20.0, "human_at": 20.0}},
    }


def _film(folder: Path) -> Path:
    """An avatar as a streamer sends it: 1280x720, 30 pictures and 2.5 Mbit a second, key every 2 s; so long that it
    does not come round as a loop while it is watched."""
    film(Clip(name="take", kind="driven", avatar=AVATARS[0], seed=5, seconds=TAKE_S), folder)
    portraits(AVATARS[0], folder / "stills")
    big = folder / "take.mp4"
    command = [needs("ffmpeg"), "-nostdin", "-v", "error", "-y", "-i", str(folder / "clips" / "take.mp4")]
    command += ["-vf", "scale=1280:720,noise=alls=4:allf=t,fps=30", "-c:v", "libx264", "-preset", "veryfast"]
    command += ["-tune", "zerolatency", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", "2500k"]
    command += ["-maxrate", "2500k", "-bufsize", "5000k", "-pix_fmt", "yuv420p", str(big)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=300)
    return big


class _Stage:
    """Streams on air, watched by the service and decoded by nobody but PyAV."""

    def __init__(self, folder: Path, service: Service, nginx: NginxRtmp, take: Path) -> None:
        self._folder, self._service, self._nginx, self._take = folder, service, nginx, take

    async def register(self) -> None:
        """Register the avatar."""
        self._avatar = await self._service.api.register(AVATARS[0], sorted((self._folder / "stills").glob("*.jpg")))

    async def compare(self, mode: str, bare_mode: str) -> dict[str, Any]:
        """The ratio of the service's CPU to bare decoding's, over the same seconds."""
        streams = [f"{mode}{number}" for number in range(STREAMS[mode])]
        async with AsyncExitStack() as stack:
            for stream in streams:
                await stack.enter_async_context(Publisher(self._take, self._nginx.publish_url(stream)))
            for stream in streams:
                await self._nginx.wait_on_air(stream)
            sessions = [await self._attach(stack, stream, mode) for stream in streams]
            bare = await stack.enter_async_context(_bare(bare_mode, [self._nginx.publish_url(s) for s in streams]))
            await asyncio.sleep(SETTLE_S[mode])
            measured = [await self._once(bare, RUN_S[mode]) for _ in range(RUNS)]
            await self._check(sessions, mode)
            for session in sessions:
                await self._service.api.end(session)
        return _figure(mode, bare_mode, measured)

    async def _attach(self, stack: AsyncExitStack, stream: str, mode: str) -> str:
        key = self._folder / f"{stream}.pem"
        operator = await self._service.api.enrol(stream, make_key(key))
        attached = await self._service.api.attach(
            url=self._nginx.publish_url(stream),
            avatar=self._avatar,
            operators=[operator],
            policy=mode,
            placement={"server": "edge", "app": self._nginx.app, "stream": stream},
        )
        telemetry = self._folder / "clips" / "take.telemetry.jsonl"
        driving = Operator(self._service, attached["id"], operator, key=key, telemetry=telemetry, loop=True)
        await stack.enter_async_context(driving)
        await driving.opened()
        return str(attached["id"])

    async def _once(self, bare: int, seconds: float) -> tuple[float, float]:
        """CPU seconds a second that the service and the bare decoder use, measured over the same seconds."""
        began, before = time.monotonic(), (spent(self._service.pid), spent(bare))
        await asyncio.sleep(seconds)
        after, took = (spent(self._service.pid), spent(bare)), time.monotonic() - began
        return (after[0] - before[0]) / took, (after[1] - before[1]) / took

    async def _check(self, sessions: list[str], mode: str) -> None:
        """Raise where a stream was not watched as it was meant to be: then the figure would be about something else."""
        for session in sessions:
            standing = await self._service.api.session(session)
            if standing["state"] != "live" or standing["watch"] != mode or not standing["operators_present"]:
                raise RuntimeError(f"a session is not watched as it should be: {standing}")


def _figure(mode: str, bare_mode: str, measured: list[tuple[float, float]]) -> dict[str, Any]:
    ratios = [ours / theirs for ours, theirs in measured]
    count = STREAMS[mode]
    ours, theirs = (statistics.median(pair[side] for pair in measured) * 100 / count for side in (0, 1))
    return {
        "value": round(statistics.median(ratios), 3),
        "unit": "ratio",
        "limit": LIMITS[mode],
        "how": (
            f"CPU of the whole service, {count} live 720p30 RTMP streams with an operator each, {mode} ({ours:.2f} % of"
            f" a core each), to PyAV decoding {bare_mode} of the same streams in the same seconds ({theirs:.2f} %),"
            f" {RUN_S[mode]:g} s a run, median"
        ),
        "runs": len(ratios),
        "min": round(min(ratios), 3),
        "max": round(max(ratios), 3),
    }


@asynccontextmanager
async def _bare(mode: str, urls: list[str]) -> AsyncIterator[int]:
    """The bare decoder, once it decodes all streams; its process id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare_decoder", mode, *urls,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            if await process.stdout.readline() != b"ready\n":
                raise RuntimeError("the bare decoder did not start")
        yield process.pid
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    for name, figure in figures().items():
        print(name, figure)
