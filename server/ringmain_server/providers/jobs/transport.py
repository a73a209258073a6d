"""Room 4, the I/O side: a service's own endpoint, and the places where it leaves its pictures."""

from dataclasses import dataclass

from ringmain_server.media.fetch import Fetcher
from ringmain_server.providers.http import HttpIncoming, HttpTransport
from ringmain_server.providers.pictures import WITHIN, Pictures, in_time
from ringmain_server.providers.transport import Fetch, HttpRequest


@dataclass(frozen=True, slots=True)
class JobsTransport:
    """Sends what the engine asks for. See `Transport`.

    Attributes:
        http: The service's endpoint, with its credentials.
        fetcher: Gets pictures from where the service keeps them, without any.
        made: The endpoint as it is asked for jobs that it accepted, and for what came of them.
        patience: Seconds that news of a job may take: they can be asked for again.
    """

    http: HttpTransport
    fetcher: Fetcher
    made: HttpTransport
    patience: float = WITHIN

    async def send(self, request: HttpRequest | Fetch) -> bytes:
        """The whole answer. See `Transport.send`."""
        if isinstance(request, HttpRequest):
            if request.method != "GET":
                return await self.http.send(request)
            return await in_time(self.made.send(request), self.http.provider_id, self.patience)
        pictures = Pictures(self.http.provider_id, self.fetcher, self.made)
        return await pictures.get(request.address)

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
