"""One HTTP exchange against servers that do what they should not."""

import gzip
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from monitor.exchange import Answer, ExchangeFailed, exchange
from tests.servers.ports import free_port
from tests.servers.receiver import HANG, Receiver, Reply


async def ask(reply: Reply, *, seconds: float = 2.0, limit: int = 100) -> Answer:
    async with Receiver(lambda _: reply) as receiver, httpx.AsyncClient(trust_env=False) as client:
        return await exchange(client, "POST", receiver.url, content=b"?", seconds=seconds, limit=limit)


async def test_an_answer_is_read_up_to_the_limit() -> None:
    assert await ask(Reply(body=b"x" * 100)) == Answer(status=200, body=b"x" * 100, whole=True)
    assert await ask(Reply(body=b"x" * 101)) == Answer(status=200, body=b"x" * 100, whole=False)
    assert await ask(Reply(body=b"x", status=503), limit=0) == Answer(status=503, body=b"", whole=False)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("", None), ("-1", None), ("nan", None), ("9" * 99, None), ("Mon, 23 Nov 2026 12:00:00 GMT", None)],
)
async def test_a_retry_after_is_seconds_or_nothing(value: str, seconds: float | None) -> None:
    assert (await ask(Reply(status=429, headers={"retry-after": value}))).retry_after == seconds


async def test_a_compressed_body_is_not_blown_up() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    answer = await ask(Reply(body=bomb, headers={"content-encoding": "gzip"}), limit=10_000)
    assert answer.body == bomb


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    reply = Reply(status=302, headers={"location": f"http://127.0.0.1:{free_port()}/"})
    assert (await ask(reply)).status == 302


@pytest.mark.parametrize("reply", [HANG, Reply(body=b"x" * 50, trickle=0.1)])
async def test_an_answer_that_does_not_end_in_time_is_none(reply: Reply) -> None:
    with pytest.raises(ExchangeFailed, match=r"no whole answer within 0.3 seconds") as failure:
        await ask(reply, seconds=0.3)
    assert not failure.value.lasting


async def test_nobody_there() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(ExchangeFailed, match="connection failed: ConnectError") as failure:
            await exchange(client, "GET", f"http://127.0.0.1:{free_port()}/")
    assert not failure.value.lasting


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://127.0.0.1:99999999/", "nonsense"])
async def test_what_is_no_url_will_never_be_one(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(ExchangeFailed) as failure:
            await exchange(client, "GET", url)
    assert failure.value.lasting


async def test_a_certificate_that_nobody_vouches_for_is_said_at_once(tmp_path: Path) -> None:
    async with Receiver(lambda _: Reply(), tls=self_signed(tmp_path)) as receiver:
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(ExchangeFailed, match="certificate is not to be trusted") as failure:
                await exchange(client, "GET", receiver.url)
        assert failure.value.lasting
        assert receiver.requests == []


def self_signed(directory: Path) -> ssl.SSLContext:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, None)
    )
    pem = directory / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
