"""A hook: what a media server asked, in its own words, and what that means to us."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl

from fastapi import Response

from protocols.session import Placement

FIELDS = 100
"""Fields that a form or a query may have."""

_NAME = re.compile(r"[!-~]{1,256}")
_OPERATOR = re.compile(r"[!-~]{1,64}")


class HookRefused(Exception):
    """The request is none that this media server of ours sends; ``status`` is what it is answered."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Moment(StrEnum):
    """When in the life of a stream the server asks."""

    PUBLISH = "publish"
    """It is about to go on air, or has just gone there."""
    STAY = "stay"
    """It is on air, and may it stay?"""
    ENDED = "ended"
    """Its publisher has left; nobody is asked anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One request: header names are in lower case, ``query`` is that of its URL, ``now`` the time of day since 1970."""

    server: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)
    now: float = 0.0

    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object. Raises HookRefused."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            raise HookRefused("the notification is not JSON") from None
        if not isinstance(document, dict):
            raise HookRefused("the notification is not a JSON object")
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: which stream, and which operator its publisher says to be, where one does."""

    moment: Moment
    placement: Placement
    operator: str | None = None


class Dialect(Protocol):
    """How one kind of media server asks, and how it is answered.

    ``signed`` says that ``read`` proves where a request comes from; of the others the network and the token do.
    """

    kind: str
    signed: bool

    def read(self, hook: Hook) -> Asked | None:
        """What is asked; None for what is not ours to judge, which is permitted. Raises HookRefused."""

    def permit(self, asked: Asked | None) -> Response:
        """The answer that lets the stream go on air, or stay."""

    async def refuse(self, asked: Asked, reason: str) -> Response:
        """The answer that does not; where the server takes none for an answer, what has to be done instead."""


def place(server: str, app: object, stream: object) -> Placement:
    """Return which stream it is. Raises HookRefused for names that not every server can show and compare."""
    if not (isinstance(app, str) and isinstance(stream, str) and _NAME.fullmatch(app) and _NAME.fullmatch(stream)):
        raise HookRefused("names of applications and streams are of 1 to 256 visible ASCII characters")
    return Placement(server=server, app=app, stream=stream)


def operator_in(query: object) -> str | None:
    """Return whom a publisher's URL names as its operator: ``?operator=op_…``, once.

    Raises HookRefused for one that names somebody twice.
    """
    if isinstance(query, str):
        try:
            pairs = parse_qsl(query.lstrip("?"), max_num_fields=FIELDS)
        except ValueError:
            raise HookRefused(f"the publisher's URL has more than {FIELDS} fields") from None
        found = [value for name, value in pairs if name == "operator"]
    elif isinstance(query, dict):
        found = [query["operator"]] if "operator" in query else []
    else:
        return None
    if not found:
        return None
    if len(found) > 1 or not isinstance(found[0], str) or not _OPERATOR.fullmatch(found[0]):
        raise HookRefused("the publisher's URL names its operator more than once, or by no id")
    return found[0]
