"""Room 4, the I/O side: fetches pictures for which a provider answers a URL instead of bytes."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ringmain_server.errors import (
    ConnectionFailed,
    MalformedAnswer,
    MediaInvalid,
    NoAnswer,
    ProviderError,
)
from ringmain_server.media.fetch import Fetcher, NotFetched, may_pass
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.http_errors import retry_after
from ringmain_server.providers.transport import Fetch, HttpRequest, Incoming

if TYPE_CHECKING:
    from ringmain_server.providers.sdk_transport import SdkTransport

WITHIN = 60.0
"""Seconds to fetch a picture, or the state of a job."""


@dataclass(frozen=True, slots=True)
class PictureFetcher:
    """Fetches URLs: those of the provider itself with its credentials, all others without.

    Attributes:
        provider_id: The provider's name in the configuration.
        fetcher: Fetches pictures from the hosts that are known to be the provider's.
        own: The provider's endpoint, for URLs below its base URL; None if it cannot be used for that.
    """

    provider_id: str
    fetcher: Fetcher
    own: HttpTransport | None = None

    async def get(self, address: str) -> bytes:
        """Returns the bytes of a picture.

        Raises:
            ProviderError: The picture cannot be fetched. A ConnectionFailed may pass.
        """
        who = self.provider_id
        path = None if self.own is None else below(address, self.own.base_url)
        if self.own is not None and path is not None:
            return await in_time(self.own.send(HttpRequest(path, method="GET")), who)
        # An answer may name any URL; only known hosts are fetched, so that it cannot reach inner networks.
        if not self.fetcher.allows(address):
            raise MalformedAnswer(who, "keeps its images at a host that is not known as its own")
        try:
            data, _ = await self.fetcher.get(address, "image")
        except MediaInvalid as exc:
            passing = isinstance(exc, NotFetched) and exc.passing
            raise _not_fetched(who, exc.headers if isinstance(exc, NotFetched) else {}, passing) from exc
        return data


def picture_errors(provider_id: str, status: int, headers: Mapping[str, str], _: bytes) -> ProviderError:
    """Returns the failure that a status means for a picture that the provider itself serves. See `ErrorMap`.

    It says nothing about the model or the account, which have done their work.
    """
    return _not_fetched(provider_id, headers, may_pass(status))


def _not_fetched(provider_id: str, headers: Mapping[str, str], passing: bool) -> ProviderError:
    message = "made an image that could not be fetched"
    if not passing:
        return MalformedAnswer(provider_id, message)
    wait = retry_after(headers, time.time()) if "retry-after" in headers else None
    return ConnectionFailed(provider_id, message, retry_after=wait)


@dataclass(frozen=True, slots=True)
class WithPictures:
    """A transport that also fetches pictures. See `Transport`.

    Attributes:
        http: Handles everything but pictures.
        pictures: Fetches pictures.
    """

    http: "HttpTransport | SdkTransport"
    pictures: PictureFetcher

    # The other transports' coroutines are returned: another one around them would run at each wake-up.

    def send(self, request: HttpRequest | Fetch) -> Coroutine[Any, Any, bytes]:
        """Returns the whole answer. See `Transport.send`."""
        if isinstance(request, Fetch):
            return self.pictures.get(request.address)
        return self.http.send(request)

    def open(self, request: HttpRequest) -> Coroutine[Any, Any, Incoming[bytes]]:
        """Returns the answer as it comes in. See `Transport.open`."""
        return self.http.open(request)

    async def check(self, path: str) -> None:
        """Checks that the provider answers and accepts the credentials."""
        await self.http.check(path)

    async def close(self) -> None:
        """Closes everything that is not shared."""
        await self.pictures.fetcher.close()
        await self.http.close()


async def in_time(answer: Coroutine[Any, Any, bytes], provider_id: str, within: float = WITHIN) -> bytes:
    """Waits a limited time for an answer that can be requested again.

    Raises:
        NoAnswer: The answer did not come in time.
    """
    timeout = asyncio.timeout(within)
    try:
        async with timeout:
            return await answer
    except TimeoutError as exc:
        if not timeout.expired():  # another timeout, within the answer
            raise
        raise NoAnswer(provider_id, f"no answer within {within:g} s") from exc


def below(address: str, base_url: str) -> str | None:
    """Returns the path and query of a URL below a base URL; None for any other URL."""
    try:
        url, base = urlsplit(address), urlsplit(base_url)
    except ValueError:
        return None
    if (url.scheme, url.netloc) != (base.scheme, base.netloc) or not url.path.startswith(base.path + "/"):
        return None
    query = f"?{url.query}" if url.query else ""
    return url.path.removeprefix(base.path) + query
