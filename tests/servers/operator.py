"""An operator: ``nakanohito operate`` in a process of its own, which follows a tracker or plays recorded motion."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Self

from monitor.operator.device import generate, public
from tests.servers.program import Program
from tests.servers.service import ROOT, Service, unset

LEAD = 5.0
"""Seconds of other motion before the recorded motion begins: the program starts and connects meanwhile."""


def make_key(file: Path) -> str:
    """Make a device key in ``file``; its public half as it is enrolled."""
    return public(generate(file))


def with_lead(telemetry: Path, file: Path) -> Path:
    """Write the telemetry into ``file``, its first LEAD seconds played backwards before it; return that."""
    lines = [json.loads(line) for line in telemetry.read_text().splitlines() if line.strip()]
    lead = [{**line, "t": round(LEAD - line["t"], 4)} for line in reversed(lines) if 0 < line["t"] <= LEAD]
    moved = [{**line, "t": round(line["t"] + LEAD, 4)} for line in lines]
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lead, *moved]))
    return file


class Operator:
    """One operator of a session; ``async with`` starts the program and stops it."""

    def __init__(
        self,
        service: Service,
        session: str,
        operator: str,
        *,
        key: Path,
        telemetry: Path | None = None,
        tracker: str | None = None,
        loop: bool = False,
    ) -> None:
        """One of ``telemetry`` and ``tracker`` says where the motion comes from."""
        self._log = service.directory / f"operate-{session}-{time.monotonic_ns()}.log"
        motion = ["--tracker", tracker] if tracker is not None else ["--telemetry", str(telemetry)]
        command = [sys.executable, "-m", "monitor", "operate", "--json", *motion]
        command += ["--server", service.url, "--session", session, "--operator", operator, "--key", str(key)]
        command += ["--loop"] if loop else []
        command += ["--answer-by-itself"]
        settings = f"XDG_CONFIG_HOME={service.directory / 'config'}"
        self._program = Program("env", *unset(), settings, *command, log=self._log, directory=ROOT)

    @property
    def log(self) -> str:
        """What the program has printed."""
        return self._program.log

    @property
    def returncode(self) -> int | None:
        """The exit status, None while the operator is there."""
        return self._program.returncode

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind that the program has printed so far."""
        lines = [json.loads(line) for line in self.log.splitlines(keepends=True) if line.endswith("}\n")]
        return [line for line in lines if line.get("type") == kind]

    async def opened(self, within: float = 60.0) -> float:
        """Wait until the service has let the operator in; when the motion began, on the monotonic clock."""
        began = 0.0
        async with asyncio.timeout(within):
            while not self.told("opened"):
                if self.returncode is not None:
                    raise RuntimeError(f"the operator's program ended: {self.log}")
                if not began and self.told("connecting"):
                    began = time.monotonic()
                await asyncio.sleep(0.02)
        return began or time.monotonic()

    async def ended(self, within: float) -> int:
        """Wait for the program's end; its exit status."""
        return await self._program.ended(within)

    async def stop(self) -> None:
        """Let the operator leave."""
        await self._program.stop()

    async def __aenter__(self) -> Self:
        await self._program.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
