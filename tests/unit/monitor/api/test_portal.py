"""The public page: filing a report without a script, a key or a name, and reading its answer."""

import re
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.observers.likeness.picture_file import PictureRefused
from monitor.registrar import Enrolment
from tests.unit.monitor.api.test_cases import Showing
from tests.unit.monitor.api.world import World

OURS = {"origin": "http://test", "sec-fetch-site": "same-origin"}
FORM = {"text": "this is my face", "standing": "it is me"}
PICTURE = [("pictures", ("me.png", b"a picture", "image/png"))]


@pytest.fixture
def stranger(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://test", headers=OURS)


def sees(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let every picture show the registered avatar."""

    async def encoded(enrolment: Enrolment) -> NDArray[np.float32]:
        if enrolment.pictures == [b"nobody"]:
            raise PictureRefused("picture 1: no avatar was found")
        return np.eye(1, 8, dtype=np.float32)

    patch.setattr(world.service.registrar, "encoded", encoded)


async def test_a_likeness_is_reported_and_its_answer_read_at_a_secret_address(
    world: World, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees(world, monkeypatch)
    session, showing = str((await world.attached())["id"]), Showing()
    world.service.evidence.follow(session, showing)  # type: ignore[arg-type]
    page = await stranger.get("/report")
    assert "My likeness was taken" in page.text
    assert "script" not in page.headers["content-security-policy"]
    filed = await stranger.post("/report/likeness", data=FORM | {"where": "edge/live/x"}, files=PICTURE)
    assert filed.status_code == 303, filed.text
    address = filed.headers["location"]
    assert re.fullmatch(r"/report/rep_\w+/[\w-]{32}\?lang=en", address)
    status = await stranger.get(address)
    assert "A person has not answered yet" in status.text
    assert world.avatar not in status.text  # what was found is for moderators
    [listed] = (await world.client.get("/v1/reports")).json()["items"]
    assert (listed["text"], listed["standing"]) == ("edge/live/x\n\nthis is my face", "it is me")
    assert [found["avatar"] for found in listed["found"]] == [world.avatar]
    assert [(seen["session"], seen["live"]) for seen in listed["seen"]] == [(session, True)]
    await world.client.post(f"/v1/reports/{listed['id']}/answer", json={"text": "<b>it was cut</b>"})
    assert "&lt;b&gt;it was cut&lt;/b&gt;" in (await stranger.get(address)).text
    assert world.supervisor.ordered == []  # a report alone never cuts


async def test_it_is_in_the_readers_language(stranger: httpx.AsyncClient, world: World) -> None:
    chinese = await stranger.get("/report", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-Hans">' in chinese.text
    assert "我的形象被盗用" in (await stranger.get("/report?lang=zh")).text
    assert '<html lang="en">' in (await stranger.get("/report?lang=en", headers={"accept-language": "zh"})).text
    filed = await stranger.post("/report/stream?lang=zh", data={"text": "无人驾驶"})
    assert "尚未有人答复" in (await stranger.get(filed.headers["location"])).text


async def test_a_script_in_the_text_is_text(stranger: httpx.AsyncClient, world: World) -> None:
    filed = await stranger.post("/report/stream", data={"text": "<script>alert(1)</script>", "where": '"><img src=x>'})
    status = await stranger.get(filed.headers["location"])
    assert "<script" not in status.text
    [listed] = (await world.client.get("/v1/reports")).json()["items"]
    assert listed["text"] == '"><img src=x>\n\n<script>alert(1)</script>'


UNFIT: list[tuple[dict[str, str], Any, str]] = [
    ({"text": " "}, PICTURE, "Say what happened"),
    ({"text": "x" * 4001}, PICTURE, "Say what happened"),
    ({"standing": ""}, PICTURE, "why it is yours"),
    ({}, None, "Add a reference picture"),
    ({}, PICTURE * 5, "four pictures at most"),
    ({}, PICTURE * 6, "four pictures at most"),
    ({}, [("pictures", ("me.png", b"nobody", "image/png"))], "me.png: no avatar was found"),
]


async def test_a_form_that_is_not_whole_is_said_in_words(
    world: World, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees(world, monkeypatch)
    for data, files, says in UNFIT:
        world.service.filing._each.clear()
        answer = await stranger.post("/report/likeness", data=FORM | data, files=files)
        assert (answer.status_code // 100, says in answer.text) == (4, True), (says, answer.text)
        assert 'role="alert"' in answer.text
    assert (await world.client.get("/v1/reports")).json()["items"] == []


async def test_two_gigabytes_are_refused_on_the_page_before_they_are_read(stranger: httpx.AsyncClient) -> None:
    headers = {"content-length": str(2 * 1024**3), "content-type": "multipart/form-data; boundary=x"}
    answer = await stranger.post("/report/likeness", content=b"x", headers=headers)
    assert (answer.status_code, "16 MB together" in answer.text) == (413, True)
    chunked = {"content-type": "multipart/form-data; boundary=x"}

    async def endless() -> Any:
        yield b'--x\r\ncontent-disposition: form-data; name="pictures"; filename="a"\r\n\r\n'
        for _ in range(17):
            yield bytes(1 << 20)

    answer = await stranger.post("/report/likeness", content=endless(), headers=chunked)
    assert (answer.status_code, "16 MB together" in answer.text) == (413, True)


async def test_too_many_reports_from_one_address_have_to_wait(world: World, stranger: httpx.AsyncClient) -> None:
    answers = [await stranger.post("/report/stream", data={"text": "it loops"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "Wait some minutes" in answers[-1].text
    assert len((await world.client.get("/v1/reports")).json()["items"]) == 5


async def test_another_sites_page_files_nothing(world: World, stranger: httpx.AsyncClient) -> None:
    forged = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = await stranger.post("/report/stream", data={"text": "x"}, headers=forged)
    assert (answer.status_code, "our own page" in answer.text) == (403, True)
    assert (await world.client.get("/v1/reports")).json()["items"] == []


async def test_a_wrong_address_tells_nothing(stranger: httpx.AsyncClient) -> None:
    filed = (await stranger.post("/report/stream", data={"text": "x"})).headers["location"]
    report = filed.split("/")[2]
    for address in (f"/report/{report}/wrong", "/report/rep_none/wrong"):
        answer = await stranger.get(address)
        assert (answer.status_code, "no report at this address" in answer.text) == (404, True)
