from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from protocols.backend import AttachRequest, SessionView
from protocols.backend.source import infer, scheme
from protocols.session import AvatarId, Feed, OperatorId, Placement, Session, SessionId, SessionState, SourceKind

WISH: dict[str, Any] = {"avatar": "av_1", "operators": ["op_1"]}
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtmp://a/live/x", SourceKind.RTMP),
        ("RTMPS://a/live/x", SourceKind.RTMP),
        ("https://a/live/x.m3u8?token=1", SourceKind.HLS),
        ("https://a/live/x.M3U", SourceKind.HLS),
        ("http://a/live/x.flv", SourceKind.FLV),
        ("https://a/whep/x", SourceKind.WHEP),
        ("https://a/x/whep/", SourceKind.WHEP),
        ("file:///tmp/x.mp4", SourceKind.FILE),
        ("https://a/x", None),
        ("gopher://a/x", None),
        ("rtmp:a", None),
        ("http://[::1", None),
        ("", None),
    ],
)
def test_the_kind_is_told_from_the_address(url: str, kind: SourceKind | None) -> None:
    assert infer(url) == kind


def test_a_broken_address_has_no_scheme() -> None:
    assert scheme("http://[::1") == ""


@pytest.mark.parametrize(
    ("source", "feed"),
    [
        ({"url": "rtmp://a/b/c"}, Feed(kind=SourceKind.RTMP, url="rtmp://a/b/c")),
        ({"source": {"kind": "whip"}}, Feed(kind=SourceKind.WHIP)),
        ({"source": {"kind": "hls", "url": "http://a/b"}}, Feed(kind=SourceKind.HLS, url="http://a/b")),
    ],
)
def test_the_feed(source: dict[str, Any], feed: Feed) -> None:
    assert AttachRequest(**WISH, **source).feed() == feed


def test_an_address_that_was_never_checked() -> None:
    unchecked = AttachRequest.model_construct(url="http://a/b", source=None)
    with pytest.raises(ValueError, match="cannot be told"):
        unchecked.feed()


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"url": "rtmp://a/b", "source": {"kind": "whip"}},
        {"url": "http://a/b"},
        {"source": {"kind": "whip", "url": "http://a/b"}},
        {"source": {"kind": "whep"}},
        {"source": {"kind": "flv", "url": "rtmp://a/b"}},
        {"source": {"kind": "whip"}, "operators": ["op_1", "op_1"]},
        {"source": {"kind": "whip"}, "operators": "op_1"},
        {"source": {"kind": "whip"}, "operators": [1]},
        {"source": {"kind": "whip"}, "policy": "standard@0"},
        {"source": {"kind": "whip"}, "unknown": 1},
    ],
)
def test_wishes_that_are_refused(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AttachRequest(**{**WISH, **source})


def test_the_place() -> None:
    place = {"server": "edge", "app": "live", "stream": "x"}
    wish = AttachRequest(**WISH, url="rtmp://a/b", placement=place)  # type: ignore[arg-type]
    assert wish.place() == Placement(server="edge", app="live", stream="x")
    assert AttachRequest(**WISH, url="rtmp://a/b").place() is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (None, None),
        ("rtmp://user:pass@a:1/b/c?key=1#2", "rtmp://a:1/b/c"),
        ("https://a", "https://a"),
        ("nonsense?x", "nonsense"),
    ],
)
def test_a_session_is_shown_without_credentials(url: str | None, shown: str | None) -> None:
    session = Session(
        id=SessionId("ses_1"),
        feed=Feed(kind=SourceKind.RTMP, url=url),
        avatar=AvatarId("av_1"),
        operators=(OperatorId("op_1"),),
        policy="standard@1",
        state=SessionState.LIVE,
        epoch=2,
        attached_at=NOW,
        callback_url=url,
        placement=Placement(server="edge", app="live", stream="x"),
    )
    view = SessionView.of(session)
    assert (view.source.url, view.callback_url) == (shown, shown)
    assert SessionView.model_validate_json(view.model_dump_json()) == view
