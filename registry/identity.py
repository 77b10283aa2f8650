"""Identifiers: a prefix that says what it is, then letters and digits that nobody can guess."""

import secrets

# Crockford's base 32: no letter that is mistaken for a digit.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def digits(length: int = 4) -> str:
    """Digits that nobody can guess, to be typed once."""
    return f"{secrets.randbelow(10**length):0{length}}"


def fresh(prefix: str, length: int = 13) -> str:
    """A new identifier such as ``av_7k2m9…``; 5 random bits a character, 65 unless told otherwise."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"
