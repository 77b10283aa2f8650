"""The 52 facial movements of ARKit, by the spellings of all who use them, and what the telemetry takes from them."""

from collections.abc import Mapping

_MOUTH_OPEN = ("jawopen",)
_BLINK = ("eyeblinkleft", "eyeblinkright")
_SMILE = ("mouthsmileleft", "mouthsmileright")
USED = frozenset((*_MOUTH_OPEN, *_BLINK, *_SMILE))
"""The movements that are read; all others are passed over, so nobody can fill our memory with names."""


def name(spelled: str) -> str:
    """One spelling of ``eyeBlinkLeft``, ``EyeBlinkLeft`` and ``eyeBlink_L``: lower case, sides written out."""
    low = spelled.lower()
    if low.endswith("_l"):
        return low[:-2] + "left"
    return low[:-2] + "right" if low.endswith("_r") else low


def channels(shapes: Mapping[str, float]) -> dict[str, float | None]:
    """Mouth, eyelids and smile 0..1 from movements by their one spelling; None where none of it was tracked."""
    return {
        "mouth_open": _mean(shapes, _MOUTH_OPEN),
        "eye_blink": _mean(shapes, _BLINK),
        "smile": _mean(shapes, _SMILE),
    }


def _mean(shapes: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    found = [shapes[one] for one in names if one in shapes]
    return sum(found) / len(found) if found else None
