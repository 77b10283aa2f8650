"""What operators of a session are told."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from monitor.desk import Desk
from monitor.operator.gateway import Gateway
from protocols.channel.notice import Level, Notice
from protocols.evidence import RuleName
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.observation import ChallengeAsked
from protocols.session import SessionId

SESSION = SessionId("ses_a")
ASKED = ChallengeAsked(at=3.0, challenge="chl_1", gesture=Gesture.NOD, within=8.0)


@dataclass
class ScriptedGateway:
    hears: bool = True
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def ask(self, session: str, asked: ChallengeAsked, *, routine: bool = False) -> bool:
        self.calls.append(("ask", session, asked, routine))
        return self.hears

    def notify(self, session: str, notice: Notice) -> None:
        self.calls.append((session, notice))

    def close(self, session: str, code: str = "session-over", text: str = "") -> None:
        self.calls.append(("close", session, code, text))


@pytest.mark.parametrize("hears", [True, False])
def test_a_challenge_is_put_to_whoever_drives_and_it_is_known_whether_somebody_heard(hears: bool) -> None:
    gateway = ScriptedGateway(hears)
    desk = Desk(cast("Gateway", gateway), SESSION)
    assert [desk.ask(ASKED), desk.ask(ASKED, routine=True)] == [hears] * 2
    assert gateway.calls == [("ask", SESSION, ASKED, False), ("ask", SESSION, ASKED, True)]


@pytest.mark.parametrize(
    ("rung", "level"),
    [
        (Rung.NOTIFY, Level.WARNING),
        (Rung.CHALLENGE, Level.WARNING),
        (Rung.GRACE, Level.URGENT),
        (Rung.FORBID, Level.URGENT),
    ],
)
@pytest.mark.parametrize("cause", RuleName)
def test_every_rung_is_told_in_both_languages_with_its_cause_and_its_end(
    rung: Rung, level: Level, cause: RuleName
) -> None:
    gateway = ScriptedGateway()
    Desk(cast("Gateway", gateway), SESSION).notify(rung, cause, 31.5)
    [(session, notice)] = gateway.calls
    assert session == SESSION
    assert (notice.level, notice.code, notice.until) == (level, f"{rung.value}.{cause.value}", 31.5)
    assert notice.text_en.isascii()
    assert not notice.text_zh.isascii()
    assert "{" not in notice.text_en + notice.text_zh


def test_all_is_well_again_is_told_without_a_cause() -> None:
    gateway = ScriptedGateway()
    Desk(cast("Gateway", gateway), SESSION).notify(Rung.WATCHING, None, None)
    [(_, notice)] = gateway.calls
    assert (notice.level, notice.code, notice.text_en) == (Level.INFO, "watching", "All is well again.")


def test_operators_are_sent_away_with_the_reason() -> None:
    gateway = ScriptedGateway()
    Desk(cast("Gateway", gateway), SESSION).dismiss("cut: presence")
    assert gateway.calls == [("close", SESSION, "session-over", "cut: presence")]
