"""The reference of the settings, made from the settings themselves, so that it cannot fall behind them."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from monitor.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One setting: its key in the file, its variable, what it is by default, and what it says."""

    key: str
    variable: str
    default: str
    says: str


def entries() -> tuple[Entry, ...]:
    """Every setting in the order of the model; ``NAME`` stands for the name of a media server, or a place."""
    return tuple(_of(Settings, ()))


def table() -> str:
    """The reference as a table in Markdown."""
    rows = [f"| `{e.key}` | `{e.variable}` | {e.default} | {e.says} |" for e in entries()]
    return "\n".join(["| key | variable | default | |", "| --- | --- | --- | --- |", *rows])


def _of(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Entry]:
    for name, field in sorted(model.model_fields.items(), key=lambda named: named[0] != "kind"):
        here = (*path, name)
        sections = _sections(field.annotation)
        if get_origin(field.annotation) is dict:
            for section in sections:
                yield from _of(section, (*here, "NAME"))
        elif sections and not _listed(field.annotation):
            yield from _of(sections[0], here)
        else:
            yield Entry(
                key=".".join(here),
                variable=PREFIX + "__".join(part.upper() for part in here),
                default=_default(field),
                says=_says(field),
            )


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections that a setting is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if isinstance(annotation, types.UnionType) or get_origin(annotation) in (Annotated, Union, dict, tuple):
        return [section for part in get_args(annotation) for section in _sections(part)]
    return []


def _listed(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return f"`{get_args(field.annotation)[0]}`" if get_origin(field.annotation) is Literal else "required"
    value = field.default
    if value is None or value is PydanticUndefined or value == ():
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value)
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _says(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) > 1:
        choices = ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
        return f"{field.description}: {choices}"
    text = field.description or "the kind of media server"
    sections = _sections(field.annotation)
    if sections:
        text += "; each with " + ", ".join(f"`{name}`" for name in sections[0].model_fields)
    return text.replace("|", "\\|")
