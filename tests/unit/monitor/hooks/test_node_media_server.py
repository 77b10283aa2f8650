"""How node-media-server asks."""

import json

import pytest

from monitor.hooks.hook import Asked, Hook, HookRefused, Moment
from monitor.hooks.node_media_server import NodeMediaServerHooks
from protocols.session import Placement

S1 = Placement(server="main", app="live", stream="s1")


def read(**told: object) -> Asked | None:
    body = json.dumps({"id": "m1", "ip": "127.0.0.1:5", "app": "live", "name": "s1", "query": {}, **told}).encode()
    return NodeMediaServerHooks().read(Hook(server="main", headers={}, query={}, body=body))


@pytest.mark.parametrize(("action", "moment"), [("postPublish", Moment.PUBLISH), ("donePublish", Moment.ENDED)])
def test_what_concerns_us(action: str, moment: Moment) -> None:
    assert read(action=action) == Asked(moment=moment, placement=S1)


@pytest.mark.parametrize("action", ["prePublish", "prePlay", "postPlay", "donePlay", "postRecord", "doneRecord", None])
def test_what_does_not(action: str | None) -> None:
    assert read(action=action) is None


def test_a_publisher_may_name_its_operator() -> None:
    asked = read(action="postPublish", query={"operator": "op_1", "sign": "x"})
    assert asked is not None
    assert asked.operator == "op_1"


@pytest.mark.parametrize(
    "told",
    [{"name": ""}, {"name": None}, {"app": 5}, {"name": "a b"}, {"query": {"operator": ["op_1", "op_2"]}}],
)
def test_what_no_server_sends_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(HookRefused):
        read(action="postPublish", **told)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 60_000, b"call=publish", b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(HookRefused):
        NodeMediaServerHooks().read(Hook(server="main", headers={}, query={}, body=body))
