"""Every enforcer passes the suite that comes with the interface."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.enforcers import http_api, nginx_rtmp
from tests.contract.crash_contract import CrashContract
from tests.contract.enforcer_contract import EnforcerContract
from tests.contract.stages import JanusStage, NginxStage, NodeMediaServerStage, PlatformStage, WhipStage
from tests.servers.publisher import draw_test_card


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_test_card(tmp_path_factory.mktemp("card") / "card.mp4", seconds=3)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let real servers on a loaded machine take their time: how long is too long is tested with stand-ins."""
    monkeypatch.setattr(http_api, "SECONDS", 20.0)
    monkeypatch.setattr(nginx_rtmp, "SECONDS", 20.0)


@pytest.mark.integration
class TestNginxRtmp(EnforcerContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path, card: Path) -> AsyncIterator[NginxStage]:
        async with NginxStage(tmp_path, card) as stage:
            yield stage


@pytest.mark.integration
class TestJanus(EnforcerContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[JanusStage]:
        async with JanusStage(tmp_path) as stage:
            yield stage


@pytest.mark.integration
class TestNodeMediaServer(EnforcerContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path, card: Path) -> AsyncIterator[NodeMediaServerStage]:
        async with NodeMediaServerStage(tmp_path, card) as stage:
            yield stage


class TestWebhook(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[PlatformStage]:
        async with PlatformStage() as stage:
            yield stage


class TestWebhookConfirmedByOurSource(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[PlatformStage]:
        async with PlatformStage(asks_status=False) as stage:
            yield stage


class TestWhip(EnforcerContract, CrashContract):
    @pytest.fixture
    async def stage(self) -> WhipStage:
        return WhipStage()
