"""Room 4, local: enlarges images in the process's own threads. See `Transport`."""

from typing import NoReturn

from ringmain_server.media.prepare import Prepared
from ringmain_server.media.transform import upscale
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.providers.local.upscale import UpscaleJob


class LocalTransport:
    """Runs jobs in the threads for media.

    Args:
        workers: The threads, with the limits of what they read.
    """

    def __init__(self, workers: MediaWorkers) -> None:
        self._workers = workers

    async def send(self, request: UpscaleJob) -> Prepared:
        """Returns the enlarged image.

        Raises:
            MediaInvalid: The image cannot be read, or would become too large.
            Overloaded: Too many images are waiting already.
        """
        return await self._workers.pool.run(
            upscale,
            request.data,
            request.factor,
            field="image.data",
            method=request.method,
            mime_type=request.mime_type,
            read=self._workers.read,
        )

    async def open(self, request: UpscaleJob) -> NoReturn:
        """Refuses the request, since no operation of this provider is answered in events.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{type(request).__name__} is answered whole")

    async def close(self) -> None:
        """Does nothing, because the threads are shared."""
