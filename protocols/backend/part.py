"""What every document of the backend API has in common: nothing is coerced, nothing unknown is taken in silence."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")


class Part(BaseModel):
    """A document or a part of one: frozen, strict about types, and refusing names that it does not know."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def _moment(value: object) -> object:
    """A number could be seconds or milliseconds since anything."""
    if isinstance(value, str | datetime):
        return value
    raise ValueError("give a moment as ISO 8601 text with its offset, such as 2026-11-22T08:30:00Z")


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_moment)]
"""A moment on the wire: ISO 8601 with its offset, such as ``2026-11-22T08:30:00Z``."""

Identifier = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$")]
"""An id or a name that may stand in a path of a URL as it is."""

Title = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f/?#]+$")]
"""A name that people read: any script, no control characters, nothing that splits a URL."""

Url = Annotated[str, Field(min_length=4, max_length=2048, pattern=r"^[^\x00-\x20\x7f<>\"\\^`{|}]+$")]
"""An address given by others; whether it may be reached is checked where it is used."""

Sentence = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
"""A text of a person, at most 1000 characters."""


class Page(Part, Generic[T]):
    """One page of a list, newest first."""

    items: list[T] = Field(description="The entries of this page, newest first.")
    next: str | None = Field(
        None,
        description="Give this as `cursor` for the page after; null on the last one.",
        examples=["eyJzIjo0Mn0"],
    )
