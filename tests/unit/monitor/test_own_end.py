"""Streams that end at the service itself are cut by ending them here."""

from typing import Any, cast

import pytest

from monitor import own_end
from monitor.own_end import OwnEnd
from monitor.pipeline import Pipeline
from protocols.session import SessionId

SESSION = SessionId("ses_a")


class Whip:
    """A WHIP source, as far as ending it goes."""

    def __init__(self) -> None:
        self.live = True
        self.calls: list[str] = []

    async def hang_up(self) -> None:
        self.calls.append("hang up")
        self.live = False

    async def close(self) -> None:
        self.calls.append("close")


class File:
    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


class Watched:
    def __init__(self, source: Any) -> None:
        self.source = source


@pytest.fixture
def whip(monkeypatch: pytest.MonkeyPatch) -> Whip:
    monkeypatch.setattr(own_end, "WhipEnd", Whip)
    return Whip()


def end_of(source: Any) -> OwnEnd:
    return OwnEnd(lambda session: cast("Pipeline", Watched(source)) if session == SESSION else None)


async def test_a_publisher_is_hung_up_on_and_gone(whip: Whip) -> None:
    end = end_of(whip)
    assert end.is_publishing(SESSION)
    await end.hang_up(SESSION)
    assert whip.calls == ["hang up"]
    assert not end.is_publishing(SESSION)


async def test_a_file_is_no_longer_read_and_nobody_publishes_it() -> None:
    file = File()
    end = end_of(file)
    assert not end.is_publishing(SESSION)
    await end.hang_up(SESSION)
    assert file.closed


async def test_a_session_that_does_not_run_has_nothing_to_hang_up() -> None:
    end = OwnEnd(lambda session: None)
    await end.hang_up(SESSION)
    assert not end.is_publishing(SESSION)


async def test_offers_are_refused_from_forbid_to_permit() -> None:
    end = end_of(File())
    assert not end.forbidden(SESSION)
    await end.forbid(SESSION, None)
    await end.forbid(SESSION, None)
    assert end.forbidden(SESSION)
    assert not end.forbidden(SessionId("ses_b"))
    await end.permit(SESSION)
    await end.permit(SESSION)
    assert not end.forbidden(SESSION)
