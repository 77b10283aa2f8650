import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.error import Refused
from registry.name import LONGEST_NAME, comparison_key, display_name, short_text


@pytest.mark.parametrize(
    "name", ["Hoshino", "星野ミカ", "Zoë", "नमस्ते", "می‌خواهم", "👩‍🚀🌟", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1", "x" * LONGEST_NAME, "‹(•_•)›"]
)
def test_any_script_and_emoji_are_names(name: str) -> None:
    assert display_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u200d\u200c", "empty"),
        ("x" * (LONGEST_NAME + 1), "65 characters"),
        ("a\u202eb", "direction"),
        ("a\u2066b", "direction"),
        ("\u200fa", "direction"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("a\u2028b", "control"),
        ("a\u00adb", "invisible"),
        ("a\ufeffb", "invisible"),
        ("a\ud800b", "half a character"),
        ("a\uffffb", "no character"),
        ("a\ufdd0b", "no character"),
    ],
)
def test_what_hides_or_reorders_is_refused_with_its_place(name: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        display_name(name)


def test_a_name_is_normalised() -> None:
    assert display_name(" Zoe\u0308 ") == "Zoë"


@pytest.mark.parametrize(
    ("one", "other"), [("Hoshino", "HOSHINO"), ("ＡＢＣ", "abc"), ("Zoë", "ZOE\u0308"), ("a\u200db", "ab")]
)
def test_names_that_look_alike_compare_equal(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


def test_other_names_differ() -> None:
    assert comparison_key("Hoshino") != comparison_key("Hoshina")


@given(st.text())
def test_a_name_is_refused_or_kept_and_then_never_changes_again(text: str) -> None:
    try:
        name = display_name(text)
    except Refused:
        return
    assert display_name(name) == name
    assert name.encode()


@pytest.mark.parametrize("text", ["", "x" * 257, "a\tb", "\u202e"])
def test_a_reference_of_the_wrong_length_or_kind_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="owner"):
        short_text(text, what="owner")


def test_a_reference_is_kept_as_it_is() -> None:
    assert short_text(" Ａ/b ", what="owner") == " Ａ/b "
