"""ffmpeg as a publisher: sends a file to a media server as a live stream."""

import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.servers.program import Program, needs

COPY = ("-c", "copy")


class Publisher:
    """ffmpeg that sends ``file`` to ``url``: endlessly where ``loop``, at the file's own speed where ``realtime``.

    ``extra`` are output options, by default none beyond copying the streams as they are; ``codec`` replaces the
    copying. ``async with`` starts it and stops it.
    """

    def __init__(
        self,
        file: Path | str,
        url: str,
        *,
        loop: bool = True,
        realtime: bool = True,
        extra: Sequence[str] = (),
        codec: Sequence[str] = COPY,
        container: str = "flv",
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="publisher-")
        command = [needs("ffmpeg"), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"]
        command += ["-re"] if realtime else []
        command += ["-stream_loop", "-1"] if loop else []
        command += ["-i", str(file), *codec, *extra, "-f", container, url]
        self._program = Program(*command, log=Path(self._folder.name) / "ffmpeg.log")
        self._last_log = ""

    @property
    def pid(self) -> int:
        """ffmpeg's process id."""
        return self._program.pid

    @property
    def returncode(self) -> int | None:
        """ffmpeg's exit status, None while it publishes."""
        return self._program.returncode

    @property
    def log(self) -> str:
        """What ffmpeg has said so far, also after the end."""
        return self._program.log or self._last_log

    async def ended(self, timeout: float) -> int:  # noqa: ASYNC109 - a test says how long it waits
        """Wait for ffmpeg's end and return its exit status; TimeoutError where it publishes on."""
        return await self._program.ended(timeout)

    def freeze(self) -> None:
        """Stop ffmpeg as a crashed or suspended publisher stops: the connection stays open and silent."""
        self._program.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen ffmpeg go on."""
        self._program.signal(signal.SIGCONT)

    async def start(self) -> None:
        """Start publishing; needed only without ``async with``."""
        await self._program.start()

    async def stop(self) -> None:
        """End ffmpeg, frozen or not; idempotent. The log stays readable."""
        await self._program.stop()
        self._last_log = self._program.log or self._last_log
        self._folder.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def draw_test_card(file: Path, *, seconds: float = 10.0, size: str = "320x180", rate: int = 25) -> Path:
    """Draw a moving test card with a quiet tone as H.264 and AAC into ``file``, a key frame each second; return it."""
    command = [needs("ffmpeg"), "-nostdin", "-v", "error", "-y"]
    command += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-f", "lavfi", "-i", "sine=frequency=220"]
    command += ["-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", str(rate)]
    command += ["-bf", "0", "-c:a", "aac", "-b:a", "64k", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return file
