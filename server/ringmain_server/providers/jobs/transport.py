"""Room 4, the I/O side: a service's own endpoint, and the places where it leaves its pictures."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from ringmain_server.errors import ConnectionFailed, MalformedAnswer, MediaInvalid, NoAnswer
from ringmain_server.media.fetch import Fetcher, NotFetched
from ringmain_server.providers.http import HttpIncoming, HttpTransport
from ringmain_server.providers.http_errors import retry_after
from ringmain_server.providers.jobs.service import Fetch
from ringmain_server.providers.transport import HttpRequest

WITHIN = 60.0
"""Seconds for the answer to a question about a job, and for a picture."""


@dataclass(frozen=True, slots=True)
class JobsTransport:
    """Sends what the engine asks for. See `Transport`.

    Attributes:
        http: The service's endpoint, with its credentials.
        fetcher: Gets pictures from where the service keeps them, without any.
        made: The endpoint as it is asked for jobs that it accepted, and for what came of them.
        patience: Seconds that an answer to that may take: it can be asked for again.
    """

    http: HttpTransport
    fetcher: Fetcher
    made: HttpTransport
    patience: float = WITHIN

    async def send(self, request: HttpRequest | Fetch) -> bytes:
        """The whole answer. See `Transport.send`."""
        if isinstance(request, HttpRequest):
            return await (self._ask(request) if request.method == "GET" else self.http.send(request))
        path = _below(request.address, self.made.base_url)
        if path is not None:
            return await self._ask(HttpRequest(path, method="GET"))
        return await self._fetch(request.address)

    async def _ask(self, request: HttpRequest) -> bytes:
        timeout = asyncio.timeout(self.patience)
        try:
            async with timeout:
                return await self.made.send(request)
        except TimeoutError as exc:
            if not timeout.expired():
                raise
            raise NoAnswer(self.http.provider_id, f"no answer within {self.patience:g} s") from exc

    async def open(self, request: HttpRequest) -> HttpIncoming:
        """The answer as it comes in. See `Transport.open`."""
        return await self.http.open(request)

    async def check(self, path: str) -> None:
        """Asks whether the service answers and takes the credentials."""
        await self.http.check(path)

    async def close(self) -> None:
        """Closes what is not shared."""
        await self.fetcher.close()
        await self.http.close()

    async def _fetch(self, address: str) -> bytes:
        who = self.http.provider_id
        if not self.fetcher.allows(address):
            raise MalformedAnswer(who, "keeps its images at a host that is not known as its own")
        try:
            data, _ = await self.fetcher.get(address, "image")
        except MediaInvalid as exc:
            message = "made an image that could not be fetched"
            if not isinstance(exc, NotFetched) or not exc.passing:
                raise MalformedAnswer(who, message) from exc
            wait = retry_after(exc.headers, time.time()) if "retry-after" in exc.headers else None
            raise ConnectionFailed(who, message, retry_after=wait) from exc
        return data


def _below(address: str, base_url: str) -> str | None:
    """The path of an address at the service's own endpoint, below its base; None for any other address."""
    url, base = urlsplit(address), urlsplit(base_url)
    if (url.scheme, url.netloc) != (base.scheme, base.netloc) or not url.path.startswith(base.path + "/"):
        return None
    query = f"?{url.query}" if url.query else ""
    return url.path.removeprefix(base.path) + query
