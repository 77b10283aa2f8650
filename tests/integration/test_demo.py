"""The demo end to end: a service, streams by WHIP, operators by WebSocket; and nothing is left when it is stopped."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.integration

COMMAND = (sys.executable, "-c", "from monitor.cli import main; main()", "demo")


def _interruptible() -> None:
    """A program begun in the background of a script ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The demo as a process, with its temporary files in ``folder``."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        preexec_fn=_interruptible,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def left_in(folder: Path) -> list[str]:
    """Processes that work in ``folder``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


async def nobody_left_in(folder: Path) -> None:
    async with asyncio.timeout(30):
        while left_in(folder):  # noqa: ASYNC110 - processes of others tell nobody that they end
            await asyncio.sleep(0.1)


async def until(stream: asyncio.StreamReader, pattern: str) -> re.Match[str]:
    said = []
    async for line in stream:
        said.append(line.decode())
        if found := re.search(pattern, said[-1]):
            return found
    raise AssertionError(f"never said {pattern!r}:\n{''.join(said)}")


async def test_an_honest_stream_stays_and_the_others_are_cut_for_their_cause(tmp_path):
    names = ("honest", "empty", "loop")
    picture = tmp_path / "demo.svg"
    options = [part for name in names for part in ("--only", name)]
    async with demo(tmp_path, *options, "--json", "--seconds", "180", "--picture", str(picture)) as process:
        out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    report = json.loads(out)
    assert report["good"]
    assert report["ledger"]["whole"]
    assert report["ledger"]["entries"] > 20
    streams = {stream["stream"]: stream for stream in report["streams"]}
    assert tuple(streams) == names
    assert (streams["honest"]["verdict"], streams["honest"]["cut"]) == ("HUMAN", False)
    assert streams["honest"]["challenges_passed"] >= 1
    assert streams["empty"]["cut"]
    assert streams["empty"]["cause"] in {"presence", "repetition"}
    assert streams["loop"]["cut"]
    assert all(stream["as_expected"] for stream in streams.values())
    assert "What became of them" in errors.decode()
    assert "honest" in picture.read_text()
    assert left_in(tmp_path) == []
    assert list(tmp_path.glob("nakanohito-*")) == []


async def test_it_is_wrong_where_a_stream_was_not_judged_in_time(tmp_path):
    async with demo(tmp_path, "--only", "loop", "--json", "--seconds", "15") as process:
        out, _ = await process.communicate()
    report = json.loads(out)
    assert process.returncode == 1
    assert report["streams"][0]["wrong"]
    assert report["ledger"]["whole"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_whatever_stops_it_leaves_nobody_behind(tmp_path, number):
    async with demo(tmp_path, "--only", "honest") as process:
        await until(process.stdout, "honest +is live")
        assert len(left_in(tmp_path)) == 2
        process.send_signal(number)
        _, errors = await process.communicate()
    if number is not signal.SIGKILL:
        assert process.returncode == 130, errors.decode()
        assert "everything that was started has ended" in errors.decode()
        assert list(tmp_path.glob("nakanohito-*")) == []
    await nobody_left_in(tmp_path)


async def test_kept_it_can_be_looked_at_until_it_is_stopped(tmp_path):
    async with demo(tmp_path, "--only", "honest", "--keep", "--seconds", "180") as process:
        url = (await until(process.stdout, r"stays up at (http://[\d.:]+)")).group(1)
        key = (await until(process.stdout, r"API_KEY=\$\(cat (\S+)\)")).group(1)
        secret = Path(key).read_text().strip()  # noqa: ASYNC240 - a small file
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}) as client:
            page = (await client.get(f"{url}/v1/sessions", params={"state": "live"})).json()
        assert len(page["items"]) == 1
        process.send_signal(signal.SIGINT)
        out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "The ledger is whole" in out.decode()
    assert left_in(tmp_path) == []


async def test_a_scenario_that_there_is_not(tmp_path):
    async with demo(tmp_path, "--only", "nobody") as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert "no scenario 'nobody'; there are honest, empty" in errors.decode()
