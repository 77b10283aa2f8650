"""A performer's evening: the service, the tracking that already runs, and ``nakanohito operate`` between them."""

import asyncio
import math
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from samples.studio.portrait import portraits
from tests.servers.operator import Operator, make_key
from tests.servers.ports import free_port
from tests.servers.publisher import draw_test_card
from tests.servers.service import Service
from tests.servers.tracker import Tracker
from tests.servers.vtube_studio import VTubeStudio

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("operate")
    await asyncio.to_thread(_film, folder)
    async with Service(folder) as service:
        await service.api.register("Hoshi", sorted((folder / "stills").glob("*.jpg"))[:4])
        yield service


def _film(folder: Path) -> None:
    draw_test_card(folder / "card.mp4", seconds=60)
    portraits("sakura", folder / "stills")


async def attached(service: Service, name: str) -> tuple[str, str, Path]:
    """A session that has just begun; it, its operator, and the file of the operator's device key."""
    api, key = service.api, service.directory / f"{name}.pem"
    operator = await api.enrol(name, make_key(key))
    url = (service.directory / "card.mp4").as_uri()
    session = await api.attach(url=url, avatar="Hoshi", operators=[operator])
    return session["id"], operator, key


async def taken(operator: Operator, least: int) -> None:
    """Wait until the service has taken so many samples."""
    async with asyncio.timeout(30.0):
        while sum(ack["taken"] for ack in operator.told("acknowledged")) < least:
            assert operator.returncode is None, operator.log
            await asyncio.sleep(0.1)


async def test_the_vmc_tracking_that_runs_is_forwarded(studio: Service) -> None:
    port = free_port(socket.SOCK_DGRAM)
    session, name, key = await attached(studio, "vmc")
    async with Tracker(port), Operator(studio, session, name, key=key, tracker=f"vmc:{port}") as operator:
        await operator.opened()
        await taken(operator, 150)
        assert sum(ack["refused"] for ack in operator.told("acknowledged")) == 0
        assert operator.told("tracking")[-1]["condition"] in {"good", "uneven"}
        assert (await studio.api.session(session))["operators_present"] == [name]


async def test_vtube_studio_is_followed_once_its_user_has_allowed_it(studio: Service) -> None:
    session, name, key = await attached(studio, "vts")
    async with (
        VTubeStudio(lambda at: {"FaceAngleX": 20 * math.sin(at), "MouthOpen": 0.5}) as vts,
        Operator(studio, session, name, key=key, tracker=f"vtube-studio:{vts.port}") as operator,
    ):
        await operator.opened()
        await taken(operator, 60)
        assert vts.asked == 1
    token = studio.directory / "config" / "nakanohito" / "vtube-studio.token"
    assert token.stat().st_mode & 0o777 == 0o600


async def test_a_tracker_that_cannot_be_followed_leaves_the_operator_connected(studio: Service) -> None:
    session, name, key = await attached(studio, "taken")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        async with Operator(studio, session, name, key=key, tracker=f"vmc:{port}") as operator:
            await operator.opened()
            async with asyncio.timeout(10.0):
                while not any(line["doing"] == "refused" for line in operator.told("tracking")):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert "is taken" in operator.told("tracking")[-1]["detail"]
            await studio.api.until(session, lambda standing: standing["operators_present"] == [name], within=20.0)


async def test_compression_is_never_agreed_on(studio: Service) -> None:
    url = studio.url.replace("http", "ws", 1) + "/v1/operator"
    async with connect(url, compression="deflate", proxy=None) as websocket:
        assert "welcome" in str(await websocket.recv())
        assert websocket.protocol.extensions == []
