"""Notices: what an operator should know or do, in English and Chinese."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. ``until`` in seconds on the session's clock, where it has a time; it is shown again on a resume."""

    level: Level
    code: str
    text_en: str
    text_zh: str
    until: float | None = None
