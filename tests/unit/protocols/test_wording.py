import pytest

from protocols.evidence import RuleName
from protocols.gesture import Gesture
from protocols.ladder import Rung
from protocols.wording import notice, reason, request


@pytest.mark.parametrize("rung", Rung)
@pytest.mark.parametrize("cause", [None, *RuleName])
def test_every_step_is_told_in_both_languages_and_without_a_score(rung, cause):
    words = notice(rung, cause)
    assert words.en
    assert any("一" <= letter <= "鿿" for letter in words.zh)
    assert "{" not in words.en + words.zh
    assert not any(letter.isdigit() for letter in words.en + words.zh)


def test_a_warning_says_why_and_what_to_do():
    words = notice(Rung.GRACE, RuleName.PRESENCE)
    assert reason(RuleName.PRESENCE).en in words.en
    assert "Connect" in words.en


@pytest.mark.parametrize("gesture", Gesture)
def test_every_gesture_can_be_asked_for(gesture):
    assert request(gesture).en != request(gesture).zh
