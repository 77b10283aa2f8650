"""A terminal to type commands into."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from monitor.cli.commands import app


@dataclass(frozen=True)
class Typed:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    runner: CliRunner

    def type(self, *words: str) -> Typed:
        result = self.runner.invoke(app, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Typed(code=result.exit_code, out=result.stdout, err=result.stderr)

    def well(self, *words: str) -> str:
        typed = self.type(*words)
        assert typed.code == 0, typed
        return typed.out

    def document(self, *words: str) -> Any:
        return json.loads(self.well(*words, "--json"))
