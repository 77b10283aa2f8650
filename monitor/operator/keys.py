"""The keys that a performer presses in the terminal, or the lines that a program writes, while the agent runs."""

import asyncio
import contextlib
import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TextIO

if sys.platform == "win32":
    import msvcrt
else:
    import termios
    import tty

_LOOK_EVERY = 0.05  # seconds, on Windows, where nothing wakes us
_LONGEST_LINE = 64


class Press(StrEnum):
    """What an operator says by a key, or by a line of the same name."""

    DONE = "done"
    BREAK = "break"
    TAKE = "take"
    ERASE = "erase"


_KEYS = {" ": Press.DONE, "\r": Press.DONE, "\n": Press.DONE, "b": Press.BREAK, "B": Press.BREAK, "t": Press.TAKE,
         "\x7f": Press.ERASE, "\b": Press.ERASE}  # fmt: skip
_LINES = {press.value: press for press in Press}
Hear = Callable[[Press | str], object]
"""Hears a press, or digits that were typed."""


def pressed(text: str, *, lines: bool) -> tuple[list[Press | str], str]:
    """The presses and digits in what was typed, and what is left of a line that has not ended; anything else is passed
    over."""
    if not lines:
        heard = [_KEYS.get(character) or _digits(character) for character in text]
        return [one for one in heard if one is not None], ""
    *whole, rest = text.split("\n")
    words = [line.strip().lower() for line in whole]
    heard = [_LINES.get(word) or _digits(word) for word in words]
    return [one for one in heard if one is not None], rest[-_LONGEST_LINE:]


def _digits(word: str) -> str | None:
    plain = unicodedata.normalize("NFKC", "".join(word.split()))
    return plain if plain.isascii() and plain.isdecimal() else None


@contextlib.contextmanager
def listening(hear: Hear, stdin: TextIO | None = None) -> Iterator[None]:
    """Hear what is pressed: single keys in a terminal, whole lines from a program. Nothing where there is no input."""
    stream = stdin or sys.stdin
    try:
        file = stream.fileno()
    except (OSError, ValueError, AttributeError):
        yield
        return
    with _console(hear) if sys.platform == "win32" else _terminal(file), _reading(file, hear):
        yield


@contextlib.contextmanager
def _reading(file: int, hear: Hear) -> Iterator[None]:
    """Read what can be read without waiting; a plain file, or Windows, has nothing to wait for."""
    lines, rest, loop = not os.isatty(file), "", asyncio.get_running_loop()

    def read() -> None:
        nonlocal rest
        try:
            data = os.read(file, 4096)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(file)
            return
        presses, rest = pressed(rest + data.decode(errors="replace"), lines=lines)
        for press in presses:
            hear(press)

    try:
        loop.add_reader(file, read)
    except (OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(file)


@contextlib.contextmanager
def _terminal(file: int) -> Iterator[None]:
    """Let a terminal give keys at once and show none, and put it back as it was."""
    if sys.platform == "win32" or not os.isatty(file):
        yield
        return
    before = termios.tcgetattr(file)
    tty.setcbreak(file)
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _console(hear: Hear) -> Iterator[None]:
    """The same for the console of Windows, whose keys only a thread of their own can wait for."""
    if sys.platform == "win32":
        loop, over = asyncio.get_running_loop(), threading.Event()

        def look() -> None:
            while not over.wait(_LOOK_EVERY):
                while msvcrt.kbhit():
                    for press in pressed(msvcrt.getwch(), lines=False)[0]:
                        loop.call_soon_threadsafe(hear, press)

        thread = threading.Thread(target=look, name="keys", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
    else:
        yield
