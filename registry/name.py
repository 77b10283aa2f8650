"""Names and short texts that people give: any script, nothing that hides or reorders what is shown."""

import unicodedata

from registry.error import Refused

LONGEST_NAME = 64
"""Characters (code points) of a name after normalisation."""

# Embeddings, overrides, isolates and marks: they let a name show as something that it is not.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Zero width joiner and non-joiner are part of emoji and of Indic and Persian spelling; variation selectors of emoji.
_SPELLING = frozenset("\u200c\u200d")
_TAGS = range(0xE0020, 0xE0080)


def display_name(text: str, *, what: str = "name") -> str:
    """``text`` normalised (NFC) and stripped, or Refused, saying why. ``what`` names it in the message."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name or all(character in _SPELLING for character in name):
        raise Refused(f"The {what} is empty; give it at least one visible character.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"The {what} has {len(name)} characters; at most {LONGEST_NAME} are allowed.")
    for position, character in enumerate(name, start=1):
        if problem := _problem(character):
            raise Refused(f"The {what} has {problem} (U+{ord(character):04X}) at position {position}; remove it.")
    return name


def comparison_key(name: str) -> str:
    """What two names that look alike have in common: compatibility forms and case folded, joiners taken out."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    bare = "".join(character for character in folded if character not in _SPELLING)
    return unicodedata.normalize("NFKC", bare)


def short_text(text: str, *, what: str, longest: int = 256) -> str:
    """A reference given by a program (owner, issuer, account …): 1 to ``longest`` characters, none of control."""
    if not 1 <= len(text) <= longest:
        raise Refused(f"The {what} has {len(text)} characters; 1 to {longest} are allowed.")
    for position, character in enumerate(text, start=1):
        if problem := _problem(character):
            raise Refused(f"The {what} has {problem} (U+{ord(character):04X}) at position {position}; remove it.")
    return text


def _problem(character: str) -> str | None:
    if character in _BIDI:
        return "a character that changes the direction of text"
    if character in _SPELLING or ord(character) in _TAGS:
        return None
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return "a control character"
        case "Cf":
            return "an invisible character"
        case "Cs":
            return "half a character"
        case "Cn" if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
            return "a code that is no character"
        case _:
            return None
