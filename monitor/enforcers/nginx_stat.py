"""nginx-rtmp's statistics, an XML document that holds what publishers and players wrote about themselves."""

from dataclasses import dataclass, field
from xml.parsers import expat  # the reader below refuses a DTD, and with it every entity

DEEPEST = 32
"""Levels of a document; nginx writes eight."""


class StatRefused(ValueError):
    """Not a document of nginx-rtmp's statistics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream that somebody publishes or plays: the numbers of the clients that publish it, mostly one or none.

    ``server`` is the place of its server block, from 0. A publisher that nginx shows without a number has an empty
    one.
    """

    server: int
    app: str
    name: str
    publishers: tuple[str, ...]


def parse_stat(document: bytes) -> tuple[Stream, ...]:
    """Read the streams of all applications; StatRefused for anything else, and for a document with a DTD."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise StatRefused("it is not well-formed XML") from error
    if not reader.seen_root:
        raise StatRefused("it is not of nginx-rtmp")
    return tuple(reader.streams)


@dataclass(slots=True)
class _Reader:
    """Walks the document; a path is the elements' names from ``rtmp`` down, without the live or play block."""

    streams: list[Stream] = field(default_factory=list)
    seen_root: bool = False
    _path: list[str] = field(default_factory=list)
    _written: list[str] = field(default_factory=list)
    _server: int = -1
    _app: str = ""
    _name: str = ""
    _client: str = ""
    _client_publishes: bool = False
    _stream_publishes: bool = False
    _publishers: list[str] = field(default_factory=list)

    def doctype(self, *_: object) -> None:
        raise StatRefused("it declares a document type")

    def start(self, name: str, _: dict[str, str]) -> None:
        self._path.append(name)
        self._written.clear()
        if len(self._path) > DEEPEST:
            raise StatRefused("its elements are nested too deeply")
        match self._path:
            case ["rtmp"]:
                self.seen_root = True
            case [_]:
                raise StatRefused("it is not of nginx-rtmp")
            case ["rtmp", "server"]:
                self._server += 1
            case ["rtmp", "server", "application", "live", "stream"]:
                self._name, self._publishers, self._stream_publishes = "", [], False
            case ["rtmp", "server", "application", "live", "stream", "client"]:
                self._client, self._client_publishes = "", False
            case _:
                pass

    def text(self, data: str) -> None:
        self._written.append(data)

    def end(self, _: str) -> None:
        match self._path:
            case ["rtmp", "server", "application", "name"]:
                self._app = "".join(self._written)
            case ["rtmp", "server", "application", "live", "stream", *rest]:
                self._end_in_stream(rest)
            case _:
                pass
        self._path.pop()
        self._written.clear()

    def _end_in_stream(self, rest: list[str]) -> None:
        match rest:
            case ["name"]:
                self._name = "".join(self._written)
            case ["publishing"]:
                self._stream_publishes = True
            case ["client", "id"]:
                self._client = "".join(self._written).strip()
            case ["client", "publishing"]:
                self._client_publishes = True
            case ["client"] if self._client_publishes:
                self._publishers.append(self._client)
            case []:
                if self._stream_publishes and not self._publishers:
                    self._publishers.append("")
                stream = Stream(server=self._server, app=self._app, name=self._name, publishers=tuple(self._publishers))
                self.streams.append(stream)
            case _:
                pass
