"""What a performer presses while the agent runs, and what comes of it."""

import asyncio
import contextlib
import os
import pty
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from monitor.operator.keys import Press, listening, pressed
from monitor.operator.standing import BREAK_S, Standing
from protocols.channel.event import Challenged, DutyTold, FloorOffered, Receipted
from protocols.gesture import Gesture


class Says:
    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def answer(self, challenge: str, typed: str | None = None) -> bool:
        self.said.append(("answer", challenge) if typed is None else ("answer", challenge, typed))
        return True

    def rest(self, seconds: float) -> bool:
        self.said.append(("rest", seconds))
        return True

    def accept(self, by: str, nonce: str) -> bool:
        self.said.append(("accept", by, nonce))
        return True


def duty(break_until: float | None) -> DutyTold:
    nothing = dict.fromkeys(("needs", "ceremony", "options", "until", "verified_for", "break_left"))
    return DutyTold(on_shift=True, en="", zh="", break_until=break_until, **nothing)  # type: ignore[arg-type]


def test_an_answer_is_an_act_of_the_operator_and_given_once_it_is_asked() -> None:
    standing, says = Standing(), Says()
    assert standing.press(Press.DONE, says) is False
    standing.hear(Challenged(challenge="chl_1", gesture=Gesture.NOD, deadline=9.0))
    assert says.said == []
    assert standing.press(Press.DONE, says) is True
    standing.hear(Receipted(challenge="other", outcome="late"))
    assert standing.press(Press.DONE, says) is True
    standing.hear(Receipted(challenge="chl_1", outcome="accepted"))
    assert standing.press(Press.DONE, says) is False
    assert says.said == [("answer", "chl_1")] * 2


def test_digits_are_the_answer_as_soon_as_all_are_typed() -> None:
    standing, says = Standing(), Says()
    assert standing.type("1", says) is False
    standing.hear(Challenged(challenge="chl_1", digits="0472", deadline=9.0))
    assert standing.press(Press.DONE, says) is False
    assert standing.press(Press.ERASE, says) is False
    for digit in "048":
        assert standing.type(digit, says)
    assert standing.press(Press.ERASE, says) is True
    assert (standing.typed, says.said) == ("04", [])
    standing.type("8", says)
    standing.type("2", says)
    standing.hear(Receipted(challenge="chl_1", outcome="wrong_digits"))
    assert standing.typed == ""
    standing.type("04729", says)
    standing.hear(Receipted(challenge="chl_1", outcome="accepted"))
    assert standing.type("1", says) is False
    assert says.said == [("answer", "chl_1", "0482"), ("answer", "chl_1", "0472")]


def test_a_break_begins_and_ends_and_an_offer_is_taken_once() -> None:
    standing, says = Standing(), Says()
    standing.press(Press.BREAK, says)
    standing.hear(duty(300.0))
    standing.press(Press.BREAK, says)
    standing.hear(duty(None))
    assert standing.press(Press.TAKE, says) is False
    standing.hear(FloorOffered(by="op_2", nonce="n", until=60.0))
    assert [standing.press(Press.TAKE, says), standing.press(Press.TAKE, says)] == [True, False]
    assert says.said == [("rest", BREAK_S), ("rest", 0.0), ("accept", "op_2", "n")]


@pytest.mark.parametrize(
    ("text", "lines", "presses", "rest"),
    [
        (" xb\rt", False, [Press.DONE, Press.BREAK, Press.DONE, Press.TAKE], ""),
        ("4７\x7f2", False, ["4", "7", Press.ERASE, "2"], ""),
        ("0472\n 04 72 \n4x\n-1\n", True, ["0472", "0472"], ""),
        ("done\n Break \nnonsense\ntak", True, [Press.DONE, Press.BREAK], "tak"),
        ("x" * 1000, True, [], "x" * 64),
    ],
)
def test_keys_and_lines_are_read_and_anything_else_is_passed_over(
    text: str, lines: bool, presses: list[Press | str], rest: str
) -> None:
    assert pressed(text, lines=lines) == (presses, rest)


@contextlib.contextmanager
def opened(file: int) -> Iterator[TextIO]:
    with os.fdopen(file, closefd=True) as stream:
        yield stream


async def heard(presses: list[Press], count: int) -> None:
    async with asyncio.timeout(10):
        while len(presses) < count:  # noqa: ASYNC110 - the kernel delivers
            await asyncio.sleep(0.005)


async def test_lines_of_a_program_are_heard_until_it_ends() -> None:
    reading, writing = os.pipe()
    presses: list[Press] = []
    with opened(reading) as stdin, listening(presses.append, stdin):
        os.write(writing, b"done\nbre")
        await heard(presses, 1)
        os.write(writing, b"ak\n")
        await heard(presses, 2)
        os.close(writing)
        await asyncio.sleep(0.02)
    assert presses == [Press.DONE, Press.BREAK]


async def test_a_terminal_gives_keys_at_once_and_is_put_back_as_it_was() -> None:
    ours, theirs = pty.openpty()
    presses: list[Press] = []
    before = termios.tcgetattr(theirs)
    with opened(theirs) as stdin:
        with listening(presses.append, stdin):
            os.write(ours, b" ")
            await heard(presses, 1)
        assert termios.tcgetattr(theirs) == before
    os.close(ours)
    assert presses == [Press.DONE]


async def test_without_an_input_nothing_is_heard(tmp_path) -> None:
    file = tmp_path / "plain"
    file.write_text("done\n")
    presses: list[Press] = []
    with file.open() as stdin, listening(presses.append, stdin):
        await asyncio.sleep(0.01)
    stdin = file.open()
    stdin.close()
    with listening(presses.append, stdin):
        pass
    assert presses == []
