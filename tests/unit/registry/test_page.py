import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.error import Refused
from registry.page import page_size, read_cursor, write_cursor


@given(st.integers(0, 10**17))
def test_a_cursor_is_read_as_written(seq: int) -> None:
    assert read_cursor(write_cursor(seq)) == seq


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "å",
        "QQ",
        base64.urlsafe_b64encode(b"after:-1").decode(),
        base64.urlsafe_b64encode(b"before:1").decode(),
        base64.urlsafe_b64encode(b"after:" + b"9" * 40).decode(),
        base64.urlsafe_b64encode("after:١".encode()).decode(),
    ],
)
def test_a_cursor_of_somebodys_own_making_is_refused(cursor: str) -> None:
    with pytest.raises(Refused):
        read_cursor(cursor)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_bounds(limit: int) -> None:
    with pytest.raises(Refused):
        page_size(limit)
    assert page_size(500) == 500
