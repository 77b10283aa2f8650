"""Publish hooks: who is believed, what is answered, and what a publisher may smuggle into the form."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

import monitor.hooks.router as router
from monitor.hooks.hook import HookRefused
from monitor.hooks.nginx_rtmp import NginxRtmpHooks, parse_form
from monitor.hooks.router import HookSettings, WhenBlind, hook_router
from protocols.session import Placement

SETTINGS = HookSettings(servers={"main": NginxRtmpHooks()}, token="t0ken")
PUBLISH = "app=live&flashver=&tcurl=rtmp://h/live&addr=10.0.0.7&clientid=3&call=publish&name=s1&type=live&key=abc"
S1 = Placement(server="main", app="live", stream="s1")


class Gate:
    """Refuses one placement; remembers what it was told."""

    def __init__(self) -> None:
        self.refused = Placement(server="main", app="live", stream="blocked")
        self.asked: list[tuple[str, Placement, str]] = []

    async def may_publish(self, placement: Placement, *, operator: str | None) -> str | None:
        self.asked.append(("publish", placement, operator or ""))
        return "Nobody drives this avatar." if placement == self.refused else None

    async def may_go_on(self, placement: Placement) -> str | None:
        self.asked.append(("update", placement, ""))
        return "Nobody drives this avatar." if placement == self.refused else None

    async def ended(self, placement: Placement) -> None:
        self.asked.append(("ended", placement, ""))


async def post(
    gate: Any,
    body: str | bytes,
    *,
    url: str = "/hooks/nginx-rtmp/main?token=t0ken",
    peer: str = "127.0.0.1",
    settings: HookSettings = SETTINGS,
) -> httpx.Response:
    app = FastAPI()
    app.include_router(hook_router(gate, settings))
    transport = httpx.ASGITransport(app=app, client=(peer, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
        headers = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-for": "127.0.0.1"}
        return await client.post(url, content=body, headers=headers)


async def test_a_publisher_is_permitted_and_its_end_is_told() -> None:
    gate = Gate()
    assert (await post(gate, PUBLISH)).status_code == 200
    assert (await post(gate, PUBLISH.replace("call=publish", "call=update_publish"))).status_code == 200
    assert (await post(gate, PUBLISH.replace("call=publish", "call=publish_done"))).status_code == 200
    assert gate.asked == [("publish", S1, ""), ("update", S1, ""), ("ended", S1, "")]


async def test_a_blocked_stream_does_not_go_on_air_and_does_not_stay_there() -> None:
    for call in ("publish", "update_publish"):
        answer = await post(Gate(), f"call={call}&app=live&name=blocked&addr=10.0.0.7")
        assert (answer.status_code, answer.text) == (403, "Nobody drives this avatar.")


@pytest.mark.parametrize("call", ["play", "play_done", "update_play", "connect", "record_done", "done"])
async def test_what_is_not_about_publishing_is_let_through(call: str) -> None:
    gate = Gate()
    assert (await post(gate, f"call={call}&app=live&name=blocked")).status_code == 200
    assert gate.asked == []


@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.9", "::2", "::ffff:10.0.0.1", "testclient", ""])
async def test_a_hook_from_nowhere_is_refused_whatever_it_claims(peer: str) -> None:
    gate = Gate()
    assert (await post(gate, PUBLISH, peer=peer)).status_code == 403
    assert gate.asked == []


@pytest.mark.parametrize("peer", ["127.0.0.9", "::1", "::ffff:127.0.0.1"])
async def test_loopback_is_believed_in_every_spelling(peer: str) -> None:
    assert (await post(Gate(), PUBLISH, peer=peer)).status_code == 200


async def test_other_networks_are_believed_where_the_settings_name_them() -> None:
    settings = replace(SETTINGS, networks=[ip_network("10.0.0.0/8")])
    assert (await post(Gate(), PUBLISH, peer="10.1.2.3", settings=settings)).status_code == 200
    assert (await post(Gate(), PUBLISH, settings=settings)).status_code == 403


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=t0ke", "?token=%ff", "?Token=t0ken"])
async def test_the_token_must_be_right(query: str) -> None:
    gate = Gate()
    assert (await post(gate, PUBLISH, url="/hooks/nginx-rtmp/main" + query)).status_code == 403
    assert gate.asked == []


async def test_without_a_token_in_the_settings_none_is_asked_for() -> None:
    settings = replace(SETTINGS, token=None)
    assert (await post(Gate(), PUBLISH, url="/hooks/nginx-rtmp/main", settings=settings)).status_code == 200


async def test_a_server_that_the_settings_do_not_know_is_refused() -> None:
    gate = Gate()
    assert (await post(gate, PUBLISH, url="/hooks/nginx-rtmp/other?token=t0ken")).status_code == 404
    assert gate.asked == []


async def test_a_server_that_asks_as_another_kind_is_refused() -> None:
    gate = Gate()
    assert (await post(gate, PUBLISH, url="/hooks/srs/main?token=t0ken")).status_code == 404
    assert gate.asked == []


async def test_a_publisher_may_name_its_operator_once() -> None:
    gate = Gate()
    assert (await post(gate, f"{PUBLISH}&operator=op_1")).status_code == 200
    assert gate.asked == [("publish", S1, "op_1")]
    for smuggled in ("&operator=op_1&operator=op_2", "&operator=", "&operator=a%20b"):
        assert (await post(gate, PUBLISH + smuggled)).status_code == 400


async def test_a_server_that_signs_is_believed_by_its_signature_and_from_anywhere() -> None:
    class Signed(NginxRtmpHooks):
        signed = True

    settings = replace(SETTINGS, servers={"main": Signed()})
    answer = await post(Gate(), PUBLISH, peer="203.0.113.9", url="/hooks/nginx-rtmp/main", settings=settings)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("name=s1&app=live", 400),
        ("call=publish&app=live", 400),
        ("call=publish&name=s1", 400),
        ("call=publish&app=live&name=" + "s" * 257, 400),
        ("call=publish&app=live&name=a%20b", 400),
        ("call=publish&app=live&name=a%01", 400),
        ("call=publish&app=live&name=%E4%B8%BB", 400),
        ("call=publish&app=live&name=%FF", 400),
        ("call=publish&app=live&name=s1&name=blocked", 400),
        ("call=publish&app=live&name=s1&app=other", 400),
        ("call=publish&app=live&name=s1&call=play", 400),
        ("call=publish&app=live&name=s1&n%61me=s2", 400),
        ("call=publish&app=live&name=s1" + "&a=b" * 100, 400),
        (b"call=publish&app=live&name=s1&x=\xff", 400),
        ("call=publish&app=live&name=s1&x=" + "y" * 70_000, 413),
    ],
)
async def test_a_form_that_cannot_be_ours_is_refused_before_anybody_is_asked(body: str | bytes, status: int) -> None:
    gate = Gate()
    assert (await post(gate, body)).status_code == status
    assert gate.asked == []


async def test_a_name_is_what_the_publisher_wrote_plus_signs_and_percent_signs_included() -> None:
    gate = Gate()
    await post(gate, "call=publish&app=live&name=a%2Bb+c%2520d&token=1&token=2")
    assert gate.asked == [("publish", Placement(server="main", app="live", stream="a+b+c%20d"), "")]


@pytest.mark.parametrize("trouble", ["breaks", "hangs"])
async def test_our_own_trouble_ends_no_stream(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "SECONDS", 0.05)

    class Troubled(Gate):
        async def may_publish(self, placement: Placement, *, operator: str | None) -> str | None:
            if trouble == "breaks":
                raise OSError("the disk is full")
            await asyncio.sleep(3600)
            return None

        async def may_go_on(self, placement: Placement) -> str | None:
            return await self.may_publish(placement, operator=None)

        async def ended(self, placement: Placement) -> None:
            await self.may_publish(placement, operator=None)

        def unseen(self, placement: Placement, *, operator: str | None) -> None:
            self.asked.append(("unseen", placement, operator or ""))

    update = PUBLISH.replace("call=publish", "call=update_publish")
    done = PUBLISH.replace("call=publish", "call=publish_done")
    for when_blind, status in ((WhenBlind.PERMIT, 200), (WhenBlind.REFUSE, 403)):
        settings, gate = replace(SETTINGS, when_blind=when_blind), Troubled()
        assert (await post(gate, PUBLISH, settings=settings)).status_code == status
        assert gate.asked == ([("unseen", S1, "")] if status == 200 else [])
        assert (await post(Troubled(), update, settings=settings)).status_code == 200
        assert (await post(Troubled(), done, settings=settings)).status_code == 200


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        fields = parse_form(body)
    except HookRefused:
        return
    assert all(isinstance(text, str) for pair in fields.items() for text in pair)


def test_the_token_is_not_shown() -> None:
    assert "t0ken" not in repr(SETTINGS)
