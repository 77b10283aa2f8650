"""Listing, newest first, a page at a time."""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from registry.error import Refused

T = TypeVar("T")

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a listing; ``next`` is the cursor of the page after it, None on the last."""

    items: tuple[T, ...]
    next: str | None


def write_cursor(seq: int) -> str:
    """The cursor behind the item of this ``seq``; opaque to whoever gets it."""
    return base64.urlsafe_b64encode(f"after:{seq}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The ``seq`` that a cursor stands for. Raises Refused for a cursor that was not given out here."""
    try:
        label, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except (ValueError, binascii.Error):
        label = number = ""
    if label != "after" or not number.isdecimal() or len(number) > 18:
        raise Refused("This cursor is not one that a listing gave out; start again without it.")
    return int(number)


def page_size(limit: int) -> int:
    """``limit`` where it is 1 to 500; Refused otherwise."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise Refused(f"A page holds 1 to {LARGEST_PAGE} items; {limit} was asked for.")
    return limit
