"""The evidence of a real cut: ffmpeg publishes to nginx, the service cuts, Chromium plays what was kept of it.

Every program is the one that a user runs, ``nakanohito verify`` included.
"""

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.footage import footage
from tests.integration.test_main_job import QUICK, SERVER, Broadcast, Studio
from tests.servers.chromium import Chromium
from tests.servers.nginx_rtmp import NginxRtmp
from tests.servers.service import Service

pytestmark = pytest.mark.integration

WITHIN = 60.0
PLAY = """new Promise((told, failed) => {
  const bytes = Uint8Array.from(atob("CLIP"), (one) => one.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  video.onerror = () => failed(new Error(video.error.message));
  video.ontimeupdate = () => {
    if (video.currentTime > 0.3) told([video.duration, video.videoWidth, video.videoHeight]);
  };
  video.src = URL.createObjectURL(new Blob([bytes], {type: "TYPE"}));
  document.body.append(video);
  video.play().catch(failed);
})"""


async def kept(service: Service, session: str) -> dict[str, Any]:
    """The session's case, once its evidence is kept and its statement is sent."""
    async with asyncio.timeout(WITHIN):
        while True:
            [case] = (await service.api.call("GET", "/v1/cases", params={"session": session}))["items"]
            found: dict[str, Any] = await service.api.call("GET", f"/v1/cases/{case['id']}")
            if found["exhibits"] or found["keeping"]["missing"]:
                return found
            await asyncio.sleep(0.2)


async def test_a_real_cut_is_packed_verified_and_plays_in_a_browser(tmp_path: Path) -> None:
    clips, service = footage(tmp_path), Service(tmp_path / "service")
    async with NginxRtmp(tmp_path / "nginx", service.hook_url(SERVER)) as nginx:
        service.cuts_on(SERVER, nginx)
        async with service:
            await service.api.policy("quick", QUICK)
            studio = Studio(tmp_path, clips, service, nginx)
            shot = clips.without_operator()
            async with Broadcast(studio, shot, loop=True) as broadcast:
                assert await broadcast.publisher.ended(120) != 0
                await service.api.until(broadcast.session, lambda one: one["state"] == "cut", within=30)
            case = await kept(service, broadcast.session)
            assert case["keeping"]["missing"] is None
            assert {"motion", "probability"} <= set(case["timeline"]["series"])
            [clip, *_] = case["clips"]
            assert clip["packets"] > 50
            assert "trouble" not in clip, clip["trouble"]
            name, media = clip["name"], "video/mp4"
            [exhibit] = [one for one in case["exhibits"] if one["name"] == name]
            file = service.data / "evidence" / exhibit["sha256"][:2] / exhibit["sha256"]
            content = file.read_bytes()
            assert hashlib.sha256(content).hexdigest() == exhibit["sha256"]
            status, printed = await service.cli("cases", "pack", case["id"], str(tmp_path / "case.zip"))
            assert status == 0, printed
        status, printed = await service.cli(  # the service is down by now
            "verify", str(tmp_path / "case.zip"), "--key", str(service.data / "ledger.pub"), "--json"
        )
        assert status == 0, printed
        found = json.loads(printed)
        assert (found["ok"], found["case"], found["judged again"]) == (True, case["id"], "the same, bit for bit")
        assert found["p_human again"] == case["p_human"]
    async with Chromium(tmp_path) as browser:
        played = PLAY.replace("CLIP", base64.b64encode(content).decode()).replace("TYPE", media)
        seconds, width, height = await browser.evaluate(played)
        assert seconds > 3
        assert (width > 0, height > 0) == (True, True)
