"""The test servers themselves: started, used, stopped, nothing left behind."""

import os
from pathlib import Path

import pytest

from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.publisher import Publisher, draw_test_card

pytestmark = pytest.mark.integration


async def test_a_published_file_is_on_air_until_its_publisher_ends(tmp_path: Path) -> None:
    card = draw_test_card(tmp_path / "card.mp4", seconds=2)
    async with NginxRtmp(tmp_path / "nginx") as nginx:
        async with Publisher(card, nginx.publish_url("s1")) as publisher:
            await nginx.wait_on_air("s1")
            assert publisher.returncode is None
            publisher.freeze()
        assert not await nginx.on_air("s1")
        assert "Output #0, flv" in publisher.log
        pid = nginx._program.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


async def test_nginx_keeps_its_ports_over_a_restart(tmp_path: Path) -> None:
    async with NginxRtmp(tmp_path / "nginx", login=("monitor", "secret")) as nginx:
        before = nginx.rtmp_url
        await nginx.stop()
        await nginx.start()
        assert nginx.rtmp_url == before
        assert not await nginx.on_air("s1")
