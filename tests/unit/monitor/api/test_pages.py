import gzip
import json
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from monitor.api.pages import routes
from monitor.console import BUILT, NOT_BUILT
from tests.servers.pages import needs_pages

MOST_AT_FIRST = 150 * 1024
"""Bytes over the wire, compressed, before the first page shows."""


def built(folder: Path) -> httpx.AsyncClient:
    for name, text in {"console/index.html": "<p>console</p>", "assets/a-1.js": "let a = 1;" * 100}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return asked(folder)


def asked(folder: Path) -> httpx.AsyncClient:
    app = Starlette(routes=routes(folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_every_place_of_the_console_is_its_one_page(tmp_path: Path) -> None:
    async with built(tmp_path) as client:
        for path in ("/console", "/console/live", "/console/cases/case_1"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (200, "<p>console</p>")
            assert answer.headers["cache-control"] == "no-cache"
            assert "script-src 'self';" in answer.headers["content-security-policy"]
        again = await client.get("/console", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get("/")).headers["location"] == "/console"
        assert (await client.get("/operator")).status_code == 404


async def test_the_operators_page_alone_may_use_the_camera(tmp_path: Path) -> None:
    (tmp_path / "operator").mkdir()
    (tmp_path / "operator" / "index.html").write_text("<p>operator</p>")
    async with built(tmp_path) as client:
        for path in ("/operator", "/operator/invitation"):
            assert (await client.get(path)).headers["permissions-policy"].startswith("camera=(self)")
        assert "permissions-policy" not in (await client.get("/console")).headers  # the envelope's holds: none


async def test_files_are_packed_where_the_browser_takes_it_and_kept_for_good(tmp_path: Path) -> None:
    async with built(tmp_path) as client:
        packed = await client.get("/assets/a-1.js")
        assert packed.headers["content-encoding"] == "gzip"
        assert "immutable" in packed.headers["cache-control"]
        plain = await client.get("/assets/a-1.js", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == packed.text
        assert "javascript" in plain.headers["content-type"]


@pytest.mark.parametrize("name", ["b.js", "..%2fconsole%2findex.html", "%00"])
async def test_no_other_file_is_served(tmp_path: Path, name: str) -> None:
    async with built(tmp_path) as client:
        assert (await client.get(f"/assets/{name}")).status_code == 404


async def test_where_nobody_built_it_the_console_says_so_in_one_line(tmp_path: Path) -> None:
    async with asked(tmp_path) as client:
        for path in ("/", "/console", "/console/live"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (503, f"{NOT_BUILT}\n")


def test_the_first_load_is_small() -> None:
    needs_pages()
    manifest = json.loads((BUILT / "manifest.json").read_text())
    for entry, chunk in manifest.items():
        if chunk.get("isEntry"):
            files = _first(manifest, entry) | {chunk["src"]}
            size = sum(len(gzip.compress((BUILT / file).read_bytes(), 9)) for file in files)
            assert size <= MOST_AT_FIRST, (entry, size)


def _first(manifest: dict[str, dict[str, object]], name: str) -> set[str]:
    """Files that are there before a page can show: the entry, its styles, and what it imports at once."""
    chunk = manifest[name]
    found = {str(chunk["file"]), *(str(style) for style in chunk.get("css", []))}  # type: ignore[attr-defined]
    for imported in chunk.get("imports", []):  # type: ignore[attr-defined]
        found |= _first(manifest, imported)
    return found
