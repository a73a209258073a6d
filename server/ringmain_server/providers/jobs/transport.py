"""Room 4, the I/O side: a service's own endpoint, and the hosts that serve its pictures."""

from dataclasses import dataclass

from ringmain_server.media.fetch import Fetcher
from ringmain_server.providers.http import HttpIncoming, HttpTransport
from ringmain_server.providers.pictures import WITHIN, PictureFetcher, in_time
from ringmain_server.providers.transport import Fetch, HttpRequest


@dataclass(frozen=True, slots=True)
class JobsTransport:
    """Sends the engine's requests. See `Transport`.

    Attributes:
        http: The service's endpoint, with its credentials.
        fetcher: Fetches pictures from their hosts, without credentials.
        made: The endpoint for requests about accepted jobs and their results.
        patience: Seconds that a poll may take, since it can be repeated.
    """

    http: HttpTransport
    fetcher: Fetcher
    made: HttpTransport
    patience: float = WITHIN

    async def send(self, request: HttpRequest | Fetch) -> bytes:
        """Returns the whole answer. See `Transport.send`."""
        if isinstance(request, HttpRequest):
            # Only a GET may be cut short and repeated; a submission that is sent twice is billed twice.
            if request.method != "GET":
                return await self.http.send(request)
            return await in_time(self.made.send(request), self.http.provider_id, self.patience)
        pictures = PictureFetcher(self.http.provider_id, self.fetcher, self.made)
        return await pictures.get(request.address)

    async def open(self, request: HttpRequest) -> HttpIncoming:
        """Returns the answer as it comes in. See `Transport.open`."""
        return await self.http.open(request)

    async def check(self, path: str) -> None:
        """Checks that the service answers and accepts the credentials."""
        await self.http.check(path)

    async def close(self) -> None:
        """Closes everything that is not shared."""
        await self.fetcher.close()
        await self.http.close()
