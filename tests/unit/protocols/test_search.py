import pytest

from protocols.search import LONGEST, MOST, MOST_ASKED, asked, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hoshi no Kuni", ("hoshi", "no", "kuni")),
        ("case_7k2m9 live/Room-42", ("case_7k2m9", "live", "room", "42")),
        ("星野アイ", ("星野", "野ア", "アイ", "イ")),
        ("Ｈｏｓｈｉ星", ("hoshi", "星")),
        ("a星b", ("a", "星", "b")),
        ("... --- !", ()),
        ("x" * 99, ("x" * LONGEST,)),
        ("same Same", ("same",)),
    ],
)
def test_words_of_any_script(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


def test_many_words_are_bounded() -> None:
    text = " ".join(f"w{n}" for n in range(1000))
    assert len(words(text)) == MOST
    assert len(asked(text)) == MOST_ASKED
