from protocols.challenge_transcript import transcript
from protocols.gesture import Gesture
from protocols.observation import Blindness, ChallengeAnswered, ChallengeAsked, DigitsAsked, Presence


def test_what_was_asked_and_answered_is_told_in_order() -> None:
    lines = transcript(
        [
            ChallengeAnswered(at=6.0, challenge="c"),
            ChallengeAsked(at=2.0, challenge="c", gesture=Gesture.NOD, within=8.0),
            Blindness(at=1.0, blind=True, cause="x"),
            Presence(at=9.0, operator="op", connected=False, cause="silent"),
            Presence(at=0.5, operator="op", connected=True, cause="hello"),
        ]
    )
    assert [(line["at"], line["what"]) for line in lines] == [
        (0.5, "present"), (2.0, "asked"), (6.0, "answered"), (9.0, "lapsed"),
    ]  # fmt: skip
    assert lines[1]["gesture"] == "nod"


def test_gestures_in_a_row_are_told_and_digits_are_not() -> None:
    row = ChallengeAsked(at=1.0, challenge="c", gesture=Gesture.NOD, then=(Gesture.BLINK_TWICE,), within=8.0)
    lines = transcript([row, DigitsAsked(at=2.0, challenge="d", digits="0472", within=30.0)])
    assert (lines[0]["gesture"], lines[0]["then"]) == ("nod", ["blink_twice"])
    assert (lines[1]["gesture"], lines[1]["digits"]) == (None, True)
    assert "0472" not in str(lines)
