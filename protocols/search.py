"""Words to search by: the same ones are taken from what is kept and from what is asked.

Scripts without spaces are taken in pairs of characters, so that any part of a Chinese name is found.
"""

import re
import unicodedata

MOST = 64
"""Words that one thing is found by."""

MOST_ASKED = 6
"""Words that are looked for at once."""

LONGEST = 48
"""Characters of a word; the rest of it is not looked at."""

_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+")


def words(*texts: str) -> tuple[str, ...]:
    """The words of ``texts``, each once, in their order; at most MOST of them."""
    found = (piece for text in texts for word in _WORD.findall(_folded(text)) for piece in _pieces(word))
    return tuple(dict.fromkeys(found))[:MOST]


def asked(text: str) -> tuple[str, ...]:
    """The words of a question; the last may be the beginning of a word."""
    return words(text)[:MOST_ASKED]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _pieces(word: str) -> list[str]:
    pieces, end = list[str](), 0
    for run in _UNSPACED.finditer(word):
        if before := word[end : run.start()].strip("_"):
            pieces.append(before[:LONGEST])
        pieces += _pairs(run.group())
        end = run.end()
    if rest := word[end:].strip("_"):
        pieces.append(rest[:LONGEST])
    return pieces


def _pairs(run: str) -> list[str]:
    """Every two characters that stand together, and the last by itself: a question may be of one character."""
    return [*(run[place : place + 2] for place in range(len(run) - 1)), run[-1]]
