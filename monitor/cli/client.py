"""The client: commands ask the running service over its HTTP API."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
import typer

from monitor.cli.screen import fail
from monitor.settings import Settings, SettingsRefused

_SECONDS = 30.0
_UPLOAD_SECONDS = 180.0  # pictures are encoded before the answer comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the service is said to be; None: where its settings say."""

    url: str | None = None


class Client:
    """One service and one API key."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The document at ``path``."""
        return self._ask("GET", path, params=_given(params))

    def text(self, path: str) -> str:
        """The text at ``path``."""
        return self._answer("GET", path).text

    def content(self, path: str) -> bytes:
        """The file at ``path``."""
        return self._answer("GET", path, timeout=_UPLOAD_SECONDS).content

    def post(self, path: str, document: Any = None) -> Any:
        """Post a document."""
        return self._ask("POST", path, json=document)

    def patch(self, path: str, document: Any) -> Any:
        """Change what is at ``path``."""
        return self._ask("PATCH", path, json=document)

    def put(self, path: str, document: Any) -> Any:
        """Put a document."""
        return self._ask("PUT", path, json=document)

    def upload(self, path: str, fields: Mapping[str, Any], files: list[tuple[str, tuple[str, bytes]]]) -> Any:
        """Post a form with files."""
        return self._ask("POST", path, data=_given(fields), files=files, timeout=_UPLOAD_SECONDS)

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Delete what is at ``path``."""
        return self._ask("DELETE", path, params=_given(params))

    def every(self, path: str, params: Mapping[str, Any] | None = None, most: int | None = None) -> list[Any]:
        """The entries of a list, page after page, ``most`` at most."""
        found: list[Any] = []
        cursor: str | None = None
        while most is None or len(found) < most:
            limit = 500 if most is None else min(500, most - len(found))
            page = self.get(path, {**(params or {}), "limit": limit, "cursor": cursor})
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return found

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """A response that is read as it comes. Raises httpx.TransportError where the connection breaks."""
        timeout = httpx.Timeout(_SECONDS, connect=5.0)
        with httpx.stream("GET", self.url + path, headers={**self._headers, **headers}, timeout=timeout) as response:
            if not response.is_success:
                response.read()
                _refused(response)
            yield response

    def _ask(self, method: str, path: str, *, timeout: float = _SECONDS, **how: Any) -> Any:
        return self._answer(method, path, timeout=timeout, **how).json()

    def _answer(self, method: str, path: str, *, timeout: float = _SECONDS, **how: Any) -> httpx.Response:
        try:
            response = httpx.request(
                method, self.url + path, headers=self._headers, timeout=httpx.Timeout(timeout, connect=5.0), **how
            )
        except httpx.TransportError as error:
            self.unreachable(error)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            fail(f"'{self.url}' is no address of a service; write it like http://127.0.0.1:8470.", 2)
        if not response.is_success:
            _refused(response)
        return response

    def unreachable(self, error: Exception) -> NoReturn:
        """Say that nobody answers, and leave."""
        if isinstance(error, httpx.UnsupportedProtocol):
            fail(f"'{self.url}' is no address of a service; write it like http://127.0.0.1:8470.", 2)
        if isinstance(error, httpx.ReadTimeout):
            fail(f"The service at {self.url} does not answer in time.")
        fail(f"No service answers at {self.url}; start it with 'nakanohito serve', or say --url.")


def client(ctx: typer.Context) -> Client:
    """A client with the address and the key that there are; says what is missing otherwise."""
    access = ctx.find_object(Access) or Access()
    return Client(access.url or _address(), _key())


def address(ctx: typer.Context) -> str:
    """Where the service answers."""
    access = ctx.find_object(Access) or Access()
    return access.url or _address()


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsRefused as refused:
        fail(str(refused), 2)


def _address() -> str:
    settings = _settings()
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - asked, not bound
    return f"http://{host}:{settings.port}"


def _key() -> str:
    if given := os.environ.get("NAKANOHITO_API_KEY", "").strip():
        return given
    file = _settings().admin_key
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        fail(
            f"There is no API key: set NAKANOHITO_API_KEY, or run this where {file} can be read; the service writes "
            "that file when it starts.",
            2,
        )


def _given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}


def _refused(response: httpx.Response) -> None:
    """Say why the service refused, and leave."""
    try:
        problem = response.json()
        lines = [str(problem["detail"])]
        lines += [f"  {error['field']}: {error['message']}" for error in problem.get("errors", [])[1:]]
    except (ValueError, KeyError, TypeError):
        fail(f"The service answers {response.status_code}; is this really Nakanohito at {response.url.host}?")
    if response.status_code == 401:
        fail("The service refuses this API key; set NAKANOHITO_API_KEY to one that is valid there.")
    fail("\n".join(lines), 2 if response.status_code == 422 else 1)
