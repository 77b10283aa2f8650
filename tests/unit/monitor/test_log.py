import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from monitor.log import configure
from monitor.service_settings import Log


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Log(format="json"))
    structlog.get_logger().warning("cut.retry", cut="cut_1")
    logging.getLogger("some.library").warning("it says %s", "this")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["cut"], ours["level"]) == ("cut.retry", "cut_1", "warning")
    assert ours["timestamp"].endswith("Z")
    assert theirs["event"] == "it says this"


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Log(format="text"))
    structlog.get_logger().info("session.attached", session="ses_1")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "session.attached" in captured.err
    assert "session=ses_1" in captured.err


def test_what_is_less_important_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Log(level="warning"))
    structlog.get_logger().info("quiet")
    logging.getLogger("aioice").info("quiet")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_is_told_with_its_place_and_without_its_values(capsys: pytest.CaptureFixture[str], form: Any) -> None:
    configure(Log(format=form))

    def fails() -> float:
        secret = "hidden" + "value"
        return 1 / len(secret.replace(secret, ""))

    try:
        fails()
    except ZeroDivisionError:
        structlog.get_logger().exception("session.fault")
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "in fails" in text or '"name": "fails"' in text
    assert "hiddenvalue" not in text
