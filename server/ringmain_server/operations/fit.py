"""Room 3: the media of a request as the candidate that gets it takes them."""

from collections.abc import Collection
from typing import TypeVar

from google.protobuf.message import Message

from ringmain_server.aio.tasks import together
from ringmain_server.candidate import Candidate
from ringmain_server.media.walk import media_in, with_media
from ringmain_server.media.workers import MediaWorkers

MessageT = TypeVar("MessageT", bound=Message)


async def fit_each(
    request: MessageT, candidate: Candidate, workers: MediaWorkers, *, leave: Collection[str] = ()
) -> MessageT:
    """Fits each medium of a request by itself.

    Args:
        request: The request; it stays as it is.
        candidate: The candidate whose limits hold.
        workers: Where media are fetched and worked on.
        leave: Paths of media that stay as they are.

    Returns:
        A request with the fitted media; the same one where nothing had to change.

    Raises:
        MediaInvalid: An image cannot be fetched, read, or made to fit.
    """
    found = [(path, media) for path, media in media_in(request) if path not in leave]
    fitted = await together(workers.prepared(media, candidate.images, path) for path, media in found)
    changed = {
        path: after for (path, before), after in zip(found, fitted, strict=True) if after is not before
    }
    return with_media(request, changed) if changed else request
