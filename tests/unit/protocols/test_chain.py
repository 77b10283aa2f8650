import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.chain import DEEPEST_BODY, GENESIS, LONGEST_BODY, TAG, Entry, Head, canonical, flaw, follow, timestamp

AT = "2026-11-23T12:00:00.000000+00:00"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def chain(*bodies: bytes) -> list[Entry]:
    head, entries = Head(), []
    for body in bodies:
        entries.append(follow(head, at=AT, kind="verdict", session="ses_1", subject="é", body=body))
        head = Head(number=entries[-1].number, hash=entries[-1].hash)
    return entries


def test_an_entrys_hash_is_the_documented_one() -> None:
    (entry,) = chain(b"{}")
    fields = [(1).to_bytes(8, "big"), AT.encode(), b"verdict", b"ses_1", "é".encode(), b"{}"]
    written = TAG + bytes(32) + b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    assert entry.hash == hashlib.sha256(written).digest()
    # Fixed for all time: what was written by this version must verify in every later one.
    assert entry.hash.hex() == "624410de6257d0151abcd3f6a7c57c2ccdfefa8c3e49cc49d592e7a89fe25658"


def test_a_chain_that_was_not_touched_has_no_flaw() -> None:
    head = Head()
    for entry in chain(b"1", b"2", b"3"):
        assert flaw(entry, head) is None
        head = Head(number=entry.number, hash=entry.hash)
    assert head.number == 3


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT.replace("+00:00", "Z")},
        {"kind": "verdic"},
        {"session": "ses_2"},
        {"subject": "e\u0301"},
        {"body": b"2 "},
        {"hash": bytes(32)},
        {"kind": "verdicts", "session": "es_1"},
    ],
)
def test_an_entry_that_was_altered_is_found(change: dict[str, object]) -> None:
    one, two = chain(b"1", b"2")
    problem = flaw(replace(two, **change), Head(number=1, hash=one.hash))  # type: ignore[arg-type]
    assert problem == "entry 2 was altered"


def test_an_entry_that_is_missing_or_moved_is_found() -> None:
    one, two, three = chain(b"1", b"2", b"3")
    assert flaw(three, Head(number=1, hash=one.hash)) == "entry 2 is missing"
    assert flaw(two, Head()) == "entry 1 is missing"
    assert flaw(two, Head(number=1, hash=GENESIS)) == "entry 2 does not follow the one before it"


def test_a_field_cannot_be_moved_into_the_next() -> None:
    left = follow(Head(), at=AT, kind="ab", session="c", subject="", body=b"")
    right = follow(Head(), at=AT, kind="a", session="bc", subject="", body=b"")
    assert left.hash != right.hash


def test_half_characters_cannot_be_chained() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        follow(Head(), at=AT, kind="\ud800", session="", subject="", body=b"")


def test_an_entry_tells_its_moment_and_content() -> None:
    (entry,) = chain(b'{"a":[1,2]}')
    assert entry.moment == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert entry.content == {"a": [1, 2]}


@given(st.dictionaries(TEXT, JSON))
def test_a_body_is_read_as_it_was_written_and_written_again_the_same(body: dict[str, object]) -> None:
    written = canonical(body)
    assert json.loads(written) == body
    assert canonical(json.loads(written)) == written


def test_a_body_has_one_form() -> None:
    class Kind(StrEnum):
        A = "a"

    body = {"ü": (1, 2.5), "b": MappingProxyType({"z": None, "a": True}), "k": Kind.A}
    assert canonical(body) == '{"b":{"a":true,"z":null},"k":"a","ü":[1,2.5]}'.encode()
    assert canonical(dict(reversed(body.items()))) == canonical(body)


@pytest.mark.parametrize(
    "body",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {1: "a"},
        {"a": {None: 1}},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": datetime(2026, 1, 1, tzinfo=UTC)},
        {"a": "\ud800"},
        {"a": "x" * LONGEST_BODY},
    ],
)
def test_what_is_not_json_or_too_long_has_no_form(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical(body)


@pytest.mark.parametrize("cyclic", [False, True])
def test_a_body_has_bounded_depth(cyclic: bool) -> None:
    body: dict[str, object] = {}
    inner = body
    for _ in range(DEEPEST_BODY - 1):
        inner["a"] = {}
        inner = inner["a"]  # type: ignore[assignment]
    assert canonical(body)
    inner["a"] = body if cyclic else {"a": {}}
    with pytest.raises(ValueError, match="levels"):
        canonical(body)


def test_a_moment_is_written_in_utc_with_microseconds() -> None:
    zone = timezone(timedelta(hours=8))
    assert timestamp(datetime(2026, 11, 23, 20, 0, 0, 5, tzinfo=zone)) == "2026-11-23T12:00:00.000005+00:00"
    with pytest.raises(ValueError, match="zone"):
        timestamp(datetime(2026, 11, 23))  # noqa: DTZ001
