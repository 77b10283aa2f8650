"""A real browser publishes an avatar over WHIP: the monitor sees it, cuts it where nobody drives, and keeps it out."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from samples.studio.portrait import portraits
from tests.servers.chromium import Chromium
from tests.servers.operator import make_key
from tests.servers.service import Service
from tests.servers.web import Web

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

AVATAR = "sakura"
QUICK = {
    "presence": {"connect_within_s": 6, "absent_after_s": 6},
    "ladder": {
        "presence": [{"rung": "notify", "seconds": 1}, {"rung": "grace", "seconds": 1}],
        "measures": {"presence": [{"from_strike": 1, "measure": "drop", "seconds": 3600}]},
    },
}
PATIENT = {"presence": {"connect_within_s": 80_000, "absent_after_s": 80_000}}

PAGE = """<!doctype html><canvas id="stage" width="640" height="360"></canvas><script>
const picture = new Image();
picture.src = "/avatar.jpg";
const context = document.getElementById("stage").getContext("2d");
let ticks = 0;
setInterval(() => {
  ticks += 1;
  context.fillStyle = "#d8e0ea";
  context.fillRect(0, 0, 640, 360);
  context.drawImage(picture, 140 + 12 * Math.sin(ticks / 9), 0, 360, 360);
}, 40);

let peer = null;
const gathered = () => new Promise((resolve) => {
  if (peer.iceGatheringState === "complete") resolve();
  peer.onicegatheringstatechange = () => { if (peer.iceGatheringState === "complete") resolve(); };
});
async function publish(endpoint, token) {
  if (peer) peer.close();
  peer = new RTCPeerConnection();
  const stream = document.getElementById("stage").captureStream(25);
  peer.addTransceiver(stream.getVideoTracks()[0], {direction: "sendonly"});
  await peer.setLocalDescription(await peer.createOffer());
  await gathered();
  const headers = {"content-type": "application/sdp", "authorization": "Bearer " + token};
  const answer = await fetch(endpoint, {method: "POST", headers, body: peer.localDescription.sdp});
  const text = await answer.text();
  if (answer.status === 201) await peer.setRemoteDescription({type: "answer", sdp: text});
  return {status: answer.status, location: answer.headers.get("location"), text};
}
async function remove(location, token) {
  return (await fetch(location, {method: "DELETE", headers: {"authorization": "Bearer " + token}})).status;
}
const state = () => peer.connectionState;
async function sent() {
  let packets = 0;
  (await peer.getStats()).forEach((report) => { if (report.type === "outbound-rtp") packets += report.packetsSent; });
  return packets;
}
</script>"""


class Stage:
    """The service, and a browser on a page that publishes."""

    def __init__(self, folder: Path, service: Service, browser: Chromium, avatar: str) -> None:
        self.folder, self.service, self.browser, self.avatar = folder, service, browser, avatar
        self._count = 0

    async def attach(self, policy: str) -> dict[str, Any]:
        self._count += 1
        operator = await self.service.api.enrol(f"op{self._count}", make_key(self.folder / f"{self._count}.pem"))
        return await self.service.api.attach(
            source={"kind": "whip"}, avatar=self.avatar, operators=[operator], policy=policy
        )

    async def publish(self, session: dict[str, Any]) -> dict[str, Any]:
        endpoint, token = self.service.url + session["whip"]["url"], session["whip"]["token"]
        answer: dict[str, Any] = await self.browser.evaluate(f"publish({json.dumps(endpoint)}, {json.dumps(token)})")
        return answer

    async def wait_for_state(self, *states: str) -> None:
        async with asyncio.timeout(40):
            while await self.browser.evaluate("state()") not in states:  # noqa: ASYNC110 - the browser knows
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("chromium-whip")
    stills = portraits(AVATAR, folder / "stills")

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(PAGE)

    async def picture(_: Request) -> FileResponse:
        return FileResponse(stills[0])

    routes = [Route("/", page), Route("/avatar.jpg", picture)]
    async with Service(folder / "service", workers=1) as service, Web(Starlette(routes=routes)) as web:
        await service.api.policy("quick", QUICK)
        await service.api.policy("patient", PATIENT)
        avatar = await service.api.register(AVATAR, stills)
        async with Chromium(folder) as browser:
            await browser.open(web.url)
            yield Stage(folder, service, browser, avatar)


async def test_what_a_browser_publishes_is_seen_and_delete_ends_it(stage: Stage) -> None:
    session = await stage.attach("patient")
    answer = await stage.publish(session)
    assert answer["status"] == 201, answer
    assert answer["location"].startswith(session["whip"]["url"] + "/")
    api = stage.service.api

    def seen(standing: dict[str, Any]) -> bool:
        return bool(standing["state"] == "live" and standing["frames_seen"] >= 20 and standing["verdict"])

    standing = await api.until(session["id"], seen, within=60)
    assert standing["publishing"] is True
    assert standing["verdict"]["findings"]["likeness"] != "fail"
    assert await stage.browser.evaluate("sent()") > 0

    second = await stage.browser.evaluate(_post_only(stage, session))
    assert second == 409

    location, token = stage.service.url + answer["location"], session["whip"]["token"]
    assert await stage.browser.evaluate(f"remove({json.dumps(location)}, {json.dumps(token)})") == 200
    await api.until(session["id"], lambda standing: standing["state"] == "ended", within=60)
    await stage.wait_for_state("closed", "failed", "disconnected")
    assert await api.cuts(session["id"]) == []


async def test_a_browser_that_nobody_drives_is_cut_and_refused_again(stage: Stage) -> None:
    session = await stage.attach("quick")
    assert (await stage.publish(session))["status"] == 201
    api = stage.service.api
    await api.until(session["id"], lambda standing: standing["state"] == "cut", within=90)
    await stage.wait_for_state("closed", "failed", "disconnected")
    [cut] = await api.cuts(session["id"])
    assert cut["rule"] == "presence"
    assert cut["state"] == "confirmed"
    assert cut["placement"] is None

    again = await stage.publish(session)
    assert again["status"] == 403
    assert "cut" in again["text"]

    wrong = await stage.publish(session | {"whip": session["whip"] | {"token": "nobody's"}})
    assert wrong["status"] == 401


def _post_only(stage: Stage, session: dict[str, Any]) -> str:
    """JavaScript that offers to the session once more, without a stream; the status of the answer."""
    endpoint, token = stage.service.url + session["whip"]["url"], session["whip"]["token"]
    headers = {"content-type": "application/sdp", "authorization": f"Bearer {token}"}
    asked = json.dumps({"method": "POST", "headers": headers, "body": "v=0\r\n"})
    return f"fetch({json.dumps(endpoint)}, {asked}).then((answer) => answer.status)"
