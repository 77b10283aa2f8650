"""Standard Webhooks against the reference library, and what must be refused."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from protocols.webhook import (
    SharedSecret,
    SigningKey,
    Verifier,
    VerifyingKey,
    WebhookRefused,
    parse_signer,
    parse_verifier,
    sign,
    verify,
)

SECRET = SharedSecret(secret=bytes(range(24)))
OTHER = SharedSecret(secret=bytes(range(64)))
KEY = SigningKey(seed=bytes(range(32)))
NOW = 1_700_000_000
BODY = b'{"type":"stream.cut"}'

ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="."), min_size=1, max_size=256)


def signed(**changes: object) -> dict[str, str]:
    arguments = {"message": "msg_1", "timestamp": NOW, "body": BODY, "keys": [SECRET]} | changes
    return sign(**arguments)  # type: ignore[arg-type]


@given(message=ids, body=st.binary(), lateness=st.integers(-300, 300))
def test_what_is_signed_verifies_with_every_kind_of_key(message: str, body: bytes, lateness: int) -> None:
    headers = sign(message=message, timestamp=NOW, body=body, keys=[SECRET, KEY])
    live: list[list[Verifier]] = [[SECRET], [KEY.verifying], [KEY], [OTHER, KEY.verifying]]
    for keys in live:
        assert verify(headers=headers, body=body, keys=keys, now=NOW + lateness) == message


def test_the_reference_library_accepts_what_we_sign() -> None:
    now = int(datetime.now(UTC).timestamp())
    body = json.dumps({"type": "stream.cut", "名": "中の人"}, ensure_ascii=False).encode()
    headers = sign(message="msg_1", timestamp=now, body=body, keys=[KEY, OTHER, SECRET])
    assert standardwebhooks.Webhook(SECRET.text).verify(body, headers) == json.loads(body)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET.text).verify(body + b" ", headers)


@given(secret=st.binary(min_size=24, max_size=64), body=st.text())
def test_we_accept_what_the_reference_library_signs(secret: bytes, body: str) -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    headers = {
        "Webhook-Id": "msg_2",
        "Webhook-Timestamp": str(NOW),
        "Webhook-Signature": standardwebhooks.Webhook(secret).sign("msg_2", at, body),
    }
    keys = [SharedSecret(secret=secret)]
    assert verify(headers=headers, body=body.encode(), keys=keys, now=NOW) == "msg_2"


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        pytest.param({}, BODY, NOW, id="no headers"),
        pytest.param(signed() | {"webhook-id": "msg.1"}, BODY, NOW, id="full stop in the id"),
        pytest.param(signed() | {"webhook-id": "msg_2"}, BODY, NOW, id="another id"),
        pytest.param(signed() | {"webhook-timestamp": str(NOW + 1)}, BODY, NOW, id="another time"),
        pytest.param(signed() | {"webhook-timestamp": f"{NOW}.0"}, BODY, NOW, id="a time with decimals"),
        pytest.param(signed() | {"webhook-timestamp": "nan"}, BODY, NOW, id="not a time"),
        pytest.param(signed() | {"webhook-timestamp": "9" * 5000}, BODY, NOW, id="endless time"),
        pytest.param(signed(), BODY + b" ", NOW, id="another body"),
        pytest.param(signed(), BODY, NOW + 301, id="too old"),
        pytest.param(signed(), BODY, NOW - 301, id="too new"),
        pytest.param(signed(keys=[OTHER]), BODY, NOW, id="an unknown key"),
        pytest.param(signed() | {"webhook-signature": ""}, BODY, NOW, id="no signature"),
        pytest.param(signed() | {"webhook-signature": "v1"}, BODY, NOW, id="a version alone"),
        pytest.param(signed() | {"webhook-signature": "v1,@@@"}, BODY, NOW, id="not base64"),
        pytest.param(signed() | {"webhook-signature": "v1,é"}, BODY, NOW, id="not ASCII"),
        pytest.param(signed() | {"webhook-signature": "v1,AA== " * 1000}, BODY, NOW, id="too many signatures"),
    ],
)
def test_what_is_not_authentic_is_refused(headers: dict[str, str], body: bytes, now: int) -> None:
    with pytest.raises(WebhookRefused):
        verify(headers=headers, body=body, keys=[SECRET, KEY.verifying], now=now)


def test_a_key_checks_only_signatures_of_its_own_kind() -> None:
    relabelled = signed() | {"webhook-signature": signed()["webhook-signature"].replace("v1,", "v1a,")}
    with pytest.raises(WebhookRefused):
        verify(headers=relabelled, body=BODY, keys=[SECRET, KEY.verifying], now=NOW)
    with pytest.raises(WebhookRefused):
        verify(headers=signed(), body=BODY, keys=[KEY.verifying], now=NOW)


def test_signatures_of_unknown_versions_may_stand_beside() -> None:
    headers = signed()
    headers["webhook-signature"] = "v9,unknown v2 " + headers["webhook-signature"]
    assert verify(headers=headers, body=BODY, keys=[SECRET], now=NOW) == "msg_1"


def test_without_a_key_nothing_is_signed_and_nothing_is_authentic() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        signed(keys=[])
    with pytest.raises(WebhookRefused):
        verify(headers=signed(), body=BODY, keys=[], now=NOW)


@pytest.mark.parametrize("changes", [{"message": "a.b"}, {"message": ""}, {"message": "a b"}, {"timestamp": -1}])
def test_what_cannot_be_signed_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a webhook's"):
        signed(**changes)


def test_keys_are_written_and_read_and_never_shown() -> None:
    assert parse_signer(SECRET.text) == parse_verifier(SECRET.text) == SECRET
    assert parse_signer(KEY.text) == KEY
    assert parse_verifier(KEY.verifying.text) == KEY.verifying
    assert SigningKey.parse("whsk_" + b64encode(KEY.seed).decode()) == KEY
    assert SharedSecret.parse(OTHER.text.rstrip("=")) == OTHER
    assert "\\x01" not in repr(SECRET) + repr(KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_@@@@",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
        "whsk_" + b64encode(bytes(31)).decode(),
        "whsk_" + b64encode(bytes(64)).decode(),
        "whpk_" + b64encode(bytes(33)).decode(),
        "password",
    ],
)
def test_malformed_keys_are_refused_without_repeating_them(text: str) -> None:
    for parse in (parse_signer, parse_verifier, VerifyingKey.parse):
        with pytest.raises(ValueError, match=r"^(?!.*@@@)") as refusal:
            parse(text)
        assert text[6:] == "" or text[6:] not in str(refusal.value)
