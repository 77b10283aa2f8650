from base64 import b64encode
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pydantic import TypeAdapter, ValidationError

from protocols.backend import (
    DATA,
    CutView,
    EnrolOperator,
    EventType,
    SessionEvent,
    VerdictView,
    WebhookEvent,
    key_bytes,
)
from protocols.backend.part import Moment
from protocols.evidence import Evidence, Finding, RuleName
from protocols.session import Placement
from protocols.verdict import Driver, Verdict

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_a_verdicts_view_is_its_document_and_an_explanation() -> None:
    verdict = Verdict(
        at=20.00049,
        driver=Driver.HUMAN,
        p_human=0.96,
        log_odds=3.1,
        prior=0.0,
        findings=((RuleName.DRIVING, Finding.PASS),),
        evidence=(
            Evidence(rule=RuleName.DRIVING, start=1.23456, end=10, weight=3.1, facts=(("score", 0.9), ("lag", None))),
        ),
        policy="standard@1",
        cause=None,
    )
    view = VerdictView.of(verdict)
    document = view.document()
    assert document.pop("explanation")["en"].startswith("A person drives this avatar")
    assert document == verdict.document()
    assert VerdictView.model_validate_json(view.model_dump_json()) == view


def test_a_cut_is_viewed_by_its_attributes() -> None:
    record = SimpleNamespace(
        id="cut_1",
        session="ses_1",
        avatar="av_1",
        epoch=1,
        rule="presence",
        cause="nobody",
        state="confirmed",
        enforcer="whip",
        placement=Placement(server="edge", app="live", stream="x"),
        decided_at=NOW,
        confirmed_at=NOW,
        seconds=0.2,
        until=None,
        steps=({"rung": "notify"},),
        evidence={"driver": "AI"},
    )
    view = CutView.of(record)
    assert view.placement is not None
    assert (view.placement.stream, view.steps, view.rule) == ("x", [{"rung": "notify"}], RuleName.PRESENCE)
    with pytest.raises(ValidationError):
        CutView.of(SimpleNamespace(**{**vars(record), "state": "eaten"}))


def test_every_event_says_what_it_holds() -> None:
    assert set(DATA) == set(EventType)


def test_a_webhook_carries_its_event() -> None:
    event = SessionEvent(id=3, type=EventType.CUT_CONFIRMED, session="ses_1", at_utc=NOW, data={"id": "cut_1"})
    hook = WebhookEvent.of(event, account="channel")
    assert (hook.type, hook.timestamp, hook.session, hook.account) == (event.type, NOW, "ses_1", "channel")
    assert hook.data == event.data


@pytest.mark.parametrize("text", [b64encode(bytes(32)).decode(), b64encode(b"\xff" * 32).decode().rstrip("=")])
def test_keys_as_base64_and_base64url(text: str) -> None:
    assert key_bytes(text) == key_bytes(text.replace("+", "-").replace("/", "_"))


@pytest.mark.parametrize("text", ["", "short", "!" * 43, b64encode(bytes(31)).decode(), b64encode(bytes(33)).decode()])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_bytes(text)
    with pytest.raises(ValidationError):
        EnrolOperator(issuer="a", pseudonym="b", assurance="c", device_key=text)


def test_moments_have_an_offset_and_are_no_numbers() -> None:
    moments = TypeAdapter(Moment)
    assert moments.validate_python("2026-11-22T16:30:00+08:00") == NOW
    assert moments.validate_python(NOW) == NOW
    for wrong in (5, 5.0, "5 o'clock", "2026-11-22T16:30:00", datetime(2026, 11, 22)):  # noqa: DTZ001
        with pytest.raises(ValidationError):
            moments.validate_python(wrong)
