import re

from registry.identity import fresh


def test_identifiers_name_their_kind_and_differ() -> None:
    made = {fresh("av") for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"av_[0-9a-hj-km-np-tv-z]{13}", identifier) for identifier in made)
