import json
import threading
from pathlib import Path

import pytest

from protocols.backend import EventType
from protocols.session import SessionId
from tests.unit.monitor.api.house import House
from tests.unit.monitor.api.world import NOW, cut
from tests.unit.monitor.cli.terminal import Terminal


def attach(terminal: Terminal, home: House, *more: str) -> str:
    words = ("attach", "--avatar", home.world.avatar, "--operator", home.world.operator, *more)
    session: str = terminal.document(*words)["id"]
    return session


def test_attach_whip(terminal: Terminal, home: House) -> None:
    text = terminal.well("attach", "--whip", "--avatar", home.world.avatar, "--operator", home.world.operator)
    assert f"{home.url}/v1/whip/ses_" in text
    assert "publish token" in text
    assert "nakanohito sessions follow ses_" in text


def test_attach_a_stream(terminal: Terminal, home: House) -> None:
    session = attach(
        terminal, home, "rtmp://m.example/live/a", "--placement", "edge/live/a", "--policy", "brisk",
        "--callback", "https://b.example/x", "--account", "c",
    )  # fmt: skip
    found = terminal.document("sessions", "show", session)
    assert found["source"] == {"kind": "rtmp", "url": "rtmp://m.example/live/a"}
    assert found["placement"] == {"server": "edge", "app": "live", "stream": "a"}
    assert (found["policy"], found["account"]) == ("brisk@1", "c")


def test_attach_by_kind(terminal: Terminal, home: House) -> None:
    session = attach(terminal, home, "https://m.example/x", "--kind", "hls")
    assert terminal.document("sessions", "show", session)["source"]["kind"] == "hls"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--whip", "rtmp://m.example/a"), "not both"),
        ((), "or --whip"),
        (("rtmp://m.example/a", "--placement", "edge/a"), "like edge/live/room-42"),
        (("http://m.example/a",), "kind of 'url' cannot be told"),
        (("--whip", "--policy", "Standard"), "body.policy"),
        (("--whip", "--policy", "none"), "no policy none"),
    ],
)
def test_attach_wrongly(terminal: Terminal, home: House, words: tuple[str, ...], message: str) -> None:
    typed = terminal.type("attach", "--avatar", home.world.avatar, "--operator", home.world.operator, *words)
    assert typed.code in {1, 2}
    assert message in typed.err


def test_sessions_are_listed_shown_and_ended(terminal: Terminal, home: House) -> None:
    session = attach(terminal, home, "--whip")
    assert session in terminal.well("sessions")
    assert session in terminal.well("sessions", "list", "--state", "pending")
    assert terminal.document("sessions", "list", "--state", "cut") == []
    assert "watching" in terminal.well("sessions", "show", session)
    assert "enough" in terminal.well("sessions", "end", session, "--reason", "enough")
    assert terminal.document("sessions", "end", session)["state"] == "ended"
    assert terminal.type("sessions", "show", "ses_none").code == 1


def test_lists_go_on_over_pages(terminal: Terminal, home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = [home.attach() for _ in range(3)]
    assert [one["id"] for one in terminal.document("sessions", "list", "--limit", "2")] == sessions[:0:-1]


def test_following_ends_with_the_session(terminal: Terminal, home: House) -> None:
    session = home.attach()

    async def play() -> None:
        feed = home.world.supervisor.feed
        feed.publish(EventType.VERDICT_CHANGED, session, NOW, {"driver": "AI", "p_human": 0.02, "evidence": ["[red]"]})
        feed.publish(EventType.LADDER_STEP, session, NOW, {"rung": "grace", "cause": "presence", "ends_in": 5.0})
        await home.world.supervisor.end(SessionId(session), "[bold]over")

    timer = threading.Timer(0.5, lambda: home.call(play()))
    timer.start()
    text = terminal.well("sessions", "follow", session)
    timer.join()
    assert "verdict.changed" in text
    assert "p_human 0.02" in text
    assert "because [bold]over" in text
    again = terminal.well("sessions", "follow", session, "--after", "0", "--json").splitlines()
    assert [json.loads(line)["type"] for line in again] == [
        "session.attached", "verdict.changed", "ladder.step", "session.ended",
    ]  # fmt: skip


def test_cuts_are_listed_shown_and_restored(terminal: Terminal, home: House) -> None:
    assert "Nothing was cut" in terminal.type("cuts").err
    made = home.call(cut(home.world, home.attach()))
    assert made in terminal.well("cuts")
    assert "no operator of the roster is connected" in terminal.well("cuts", "show", made)
    assert terminal.type("cuts", "restore", made).code == 2
    assert terminal.document("cuts", "restore", made, "--reason", "appeal upheld")["state"] == "restored"
    assert [one["state"] for one in terminal.document("cuts", "list", "--state", "restored")] == ["restored"]


def test_many_registrations_wait_for_another_key(terminal: Terminal, home: House) -> None:
    assert "No batch waits" in terminal.type("batches").err
    words = ("batches", "propose", "reinstate", *[home.world.avatar] * 2, "--reason", "back")
    found = terminal.document(*words)
    assert (found["state"], found["subjects"]) == ("done", [home.world.avatar])
    assert found["id"] in terminal.well("batches", "list")
    assert "done" in terminal.well("batches", "show", found["id"])
    refused = terminal.type("batches", "approve", found["id"], "--reason", "yes")
    assert "already" in refused.err
    assert "already" in terminal.type("batches", "reject", found["id"], "--reason", "no").err


def test_strikes_are_listed_and_a_person_cuts(terminal: Terminal, home: House) -> None:
    assert "Nothing stands" in terminal.type("strikes").err
    made = home.call(cut(home.world, home.attach()))
    assert made in terminal.well("strikes", "--standing")
    [strike] = terminal.document("strikes", "--kind", "account")
    assert strike["subject"] == "channel-1"
    terminal.well("strikes", "take-back", strike["id"], "--reason", "it was the first")
    [forgiven] = terminal.document("strikes", "--kind", "account")
    assert forgiven["taken_back_at"] is not None
    assert "already" in terminal.type("strikes", "take-back", strike["id"], "--reason", "again").err
    words = ("sessions", "cut", home.attach(), "--rule", "driving", "--seconds", "60", "--reason", "nobody drives it")
    assert "drop" in terminal.well(*words)
    assert terminal.document(*words)["rung"] == "watching"
    assert terminal.type(*words[:-2]).code == 2
    assert len(home.world.supervisor.ordered) == 2


def test_operators_are_enrolled_with_a_new_key(terminal: Terminal, home: House, tmp_path: Path) -> None:
    words = ("operators", "enrol", "--issuer", "id.example", "--pseudonym", "p1", "--assurance", "high")
    made = terminal.document(*words, "--device-key", "op.key", "--verified-at", "2026-11-01T10:00:00")
    assert made["verified_at"] == "2026-11-01T10:00:00Z"
    assert (tmp_path / "op.key").stat().st_mode & 0o777 == 0o600
    again = terminal.type(*words, "--device-key", "op.key")
    assert (again.code, "enrolled already" in again.err) == (1, True)
    neither = terminal.type(*words, "--device-key", "neither")
    assert (neither.code, "neither a public key" in neither.err) == (2, True)
    assert made["id"] in terminal.well("operators")
    assert terminal.document("operators", "show", made["id"])["device_keys"] == made["device_keys"]
    assert len(terminal.document("operators", "invite", made["id"])["code"]) == 27
    assert terminal.document("operators", "passkeys", made["id"]) == []
    words = ("operators", "add-device-key", made["id"], "second.key")
    assert len(terminal.document(*words)["device_keys"]) == 2
    gone = terminal.document("operators", "remove-device-key", made["id"], "op.key")
    assert made["device_keys"][0] not in gone["device_keys"]
    nothing = terminal.type("operators", "remove-device-key", made["id"], "third.key")
    assert (nothing.code, "nor the file of a device key" in nothing.err) == (2, True)
    assert not (tmp_path / "third.key").exists()
    assert "revoked" in terminal.well("operators", "revoke", made["id"])


def test_avatars_are_listed_and_suspended(terminal: Terminal, home: House, tmp_path: Path) -> None:
    avatar = home.world.avatar
    assert "Hoshi" in terminal.well("avatars")
    assert terminal.document("avatars", "suspend", avatar)["state"] == "suspended"
    assert terminal.document("avatars", "reinstate", avatar)["state"] == "active"
    assert terminal.document("avatars", "show", avatar)["owner"] == "studio"
    assert terminal.document("avatars", "revoke", avatar)["state"] == "revoked"
    assert terminal.type("avatars", "register", "X", "none.png").code == 2
    (tmp_path / "empty").mkdir()
    assert "holds no picture" in terminal.type("avatars", "register", "X", "empty").err
    (tmp_path / "me.png").write_bytes(b"x")
    refused = terminal.type("avatars", "register", "X", "me.png")
    assert (refused.code, "me.png: this is no JPEG" in refused.err) == (2, True)


def test_keys_are_created_listed_and_revoked(terminal: Terminal, home: House) -> None:
    made = terminal.document("keys", "create", "backend", "--scope", "sessions:read", "--scope", "cuts:read")
    assert made["secret"].startswith("nkh_")
    assert made["scopes"] == ["cuts:read", "sessions:read"]
    assert "backend" in terminal.well("keys")
    assert terminal.document("keys", "revoke", made["id"])["revoked_at"] is not None
    typed = terminal.type("keys", "create", "x", "--scope", "everything")
    assert (typed.code, "There is no scope everything" in typed.err) == (2, True)
