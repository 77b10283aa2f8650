"""Where a picture comes from, as the backend says it."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from protocols.backend.part import Part, Url
from protocols.session import SourceKind

_SCHEMES: dict[SourceKind, frozenset[str]] = {
    SourceKind.WHIP: frozenset(),
    SourceKind.WHEP: frozenset({"http", "https"}),
    SourceKind.RTMP: frozenset({"rtmp", "rtmps"}),
    SourceKind.FLV: frozenset({"http", "https"}),
    SourceKind.HLS: frozenset({"http", "https"}),
    SourceKind.FILE: frozenset({"file"}),
}


class SourceRequest(Part):
    """A source by kind and address."""

    kind: Annotated[SourceKind, Field(strict=False)] = Field(
        description="whip: a publisher or SFU pushes to us; whep: we pull from an SFU; rtmp, flv (over HTTP), hls; "
        "file: a recording inside a folder that the service allows.",
        examples=["rtmp"],
    )
    url: Url | None = Field(
        None,
        description="Its address. For whip leave it out: the answer says where to publish.",
        examples=["rtmp://media.example/live/room-42"],
    )

    @model_validator(mode="after")
    def _fitting_url(self) -> Self:
        schemes = _SCHEMES[self.kind]
        if self.url is None:
            if schemes:
                raise ValueError(f"a source of kind '{self.kind}' needs a 'url'")
            return self
        if not schemes:
            raise ValueError("a source of kind 'whip' has no 'url': the publisher comes to us")
        if scheme(self.url) not in schemes:
            raise ValueError(f"the 'url' of kind '{self.kind}' begins with {' or '.join(sorted(schemes))}://")
        return self


def scheme(url: str) -> str:
    """The scheme in lower case; empty where there is none or the address is broken."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.scheme if parts.netloc or parts.scheme == "file" else ""


def infer(url: str) -> SourceKind | None:
    """The kind of source that ``url`` names by itself, None where it does not."""
    match scheme(url):
        case "rtmp" | "rtmps":
            return SourceKind.RTMP
        case "file":
            return SourceKind.FILE
        case "http" | "https":
            return _by_path(urlsplit(url).path.lower().rstrip("/"))
        case _:
            return None


def _by_path(path: str) -> SourceKind | None:
    if path.endswith((".m3u8", ".m3u")):
        return SourceKind.HLS
    if path.endswith(".flv"):
        return SourceKind.FLV
    if "whep" in path.split("/"):
        return SourceKind.WHEP
    return None
