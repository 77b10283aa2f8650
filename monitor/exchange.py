"""One HTTP exchange that ends in time, whatever the other side does: bounded in seconds and bytes, no redirects."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The other side's answer; ``whole`` is False where its body was longer than was read of it."""

    status: int
    body: bytes
    whole: bool
    retry_after: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


class ExchangeFailed(Exception):
    """No answer came. ``lasting`` where trying again cannot help, because the certificate is not to be trusted."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


async def exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    params: Mapping[str, str] | None = None,
    seconds: float = TOTAL_SECONDS,
    limit: int = BODY_BYTES,
) -> Answer:
    """Send one request and return the answer with at most ``limit`` bytes of its body, 0 to leave it unread.

    ``seconds`` bound all of it, connecting (at most CONNECT_SECONDS) and a body that trickles included. Raises
    ExchangeFailed where no answer came; its text holds nothing of the URL and nothing that the other side wrote. An
    exception of the client's own transport (a refusal to connect there) goes through.
    """
    # Never decompressed: a small body could become a large one.
    wanted = {"accept-encoding": "identity", **(headers or {})}
    timeouts = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    try:
        async with asyncio.timeout(seconds):
            async with client.stream(
                method, url, headers=wanted, content=content, params=params, timeout=timeouts, follow_redirects=False
            ) as response:
                body, whole = await _read(response, limit)
                return Answer(status=response.status_code, body=body, whole=whole, retry_after=_retry_after(response))
    except (TimeoutError, httpx.TimeoutException):
        raise ExchangeFailed(f"no whole answer within {seconds:g} seconds") from None
    except (httpx.InvalidURL, ExceptionGroup):  # a group is what the socket makes of a port that there cannot be
        raise ExchangeFailed("this is not a URL", lasting=True) from None
    except httpx.HTTPError as error:
        lasting = isinstance(error, httpx.UnsupportedProtocol) or _untrusted(error)
        why = "its certificate is not to be trusted" if _untrusted(error) else type(error).__name__
        raise ExchangeFailed(f"the connection failed: {why}", lasting=lasting) from error


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    if limit == 0:
        return b"", False
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), False
    return bytes(body), True


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header; None for a date, which receivers of webhooks hardly ever send."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def _untrusted(error: BaseException | None) -> bool:
    """Whether a certificate that did not verify is at the bottom of the error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
