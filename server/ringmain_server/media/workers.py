"""Media: fetches, prepares and checks media, with threads and connections that the whole process shares."""

from typing import Protocol

from ringmain.v1.content_pb2 import Media

from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import DOCX, PPTX, detect
from ringmain_server.media.fetch import Fetcher
from ringmain_server.media.limits import READ_LIMITS, ModelLimits, ReadLimits
from ringmain_server.media.pillow import allow_pixels
from ringmain_server.media.prepare import Prepared, prepare
from ringmain_server.media.runner import MediaPool

_DOCUMENTS = frozenset({"application/pdf", "text/html", DOCX, PPTX})
"""The documents that are checked before a provider gets them; see `documents/bounds.py`."""


class CheckDocument(Protocol):
    """Refuses a document with anything inside that is beyond a limit. Blocks."""

    def __call__(self, data: bytes, mime_type: str, *, field: str, read: ReadLimits) -> None:
        """Looks through a document.

        Args:
            data: The file.
            mime_type: Its type.
            field: The path of the field that holds it, for the error.
            read: What a picture within may be.

        Raises:
            MediaInvalid: Something inside is beyond a limit.
        """
        ...


def unchecked(data: bytes, mime_type: str, *, field: str, read: ReadLimits) -> None:
    """Lets every document pass: for those who send none."""


NO_HOSTS = Fetcher((), 0)
"""A fetcher that fetches nothing."""


class MediaWorkers:
    """Threads for media, and the hosts that media are fetched from.

    Args:
        pool: The threads, which start when they are needed.
        fetcher: Fetches media from addresses.
        read: The gateway's limits for any image.
        check_document: Looks through a document that a provider is sent as it is.
    """

    def __init__(
        self,
        pool: MediaPool | None = None,
        fetcher: Fetcher = NO_HOSTS,
        read: ReadLimits = READ_LIMITS,
        *,
        check_document: CheckDocument,
    ) -> None:
        self._check_document = check_document
        self.pool = pool or MediaPool()
        self.fetcher = fetcher
        self.read = read
        allow_pixels(read.max_pixels)

    def touches(self, media: Media) -> bool:
        """Whether a medium is fetched, prepared or checked, as far as can be told beforehand."""
        if media.uri:
            return self.fetcher.allows(media.uri)
        return _is_image(media.mime_type, kind := detect(media.data)) or kind in _DOCUMENTS

    async def fetched(self, media: Media, path: str) -> Media:
        """Returns a medium with its bytes where its address may be fetched; otherwise returns it unchanged.

        Args:
            media: The medium.
            path: Its path in the request, for errors.

        Raises:
            MediaInvalid: It cannot be fetched.
        """
        if not media.uri or not self.fetcher.allows(media.uri):
            return media
        data, claimed_type = await self.fetcher.get(media.uri, f"{path}.uri")
        mime_type = detect(data) or media.mime_type or claimed_type
        return Media(mime_type=mime_type, data=data, filename=media.filename)

    async def prepared(self, media: Media, limits: ModelLimits, path: str) -> Media:
        """Converts a medium to a form that a model takes; returns the same one where nothing had to change.

        Raises:
            MediaInvalid: It is an image that cannot be read or made to fit, or a document beyond a limit.
        """
        found = await self.fetched(media, path)
        data = found.data  # each access copies it
        if not data:
            return found
        kind, field = detect(data), f"{path}.data"
        if not _is_image(found.mime_type, kind):
            if kind in _DOCUMENTS:
                await self.pool.run(self._check_document, data, kind, field=field, read=self.read)
            return found
        done: Prepared = await self.pool.run(prepare, data, limits, field=field, read=self.read)
        if done.data is data and done.mime_type == found.mime_type:
            return found
        return Media(mime_type=done.mime_type, data=done.data, filename=media.filename)

    async def inline(self, media: Media, path: str) -> Media:
        """Returns a medium with its bytes, for work that cannot do without them.

        Raises:
            MediaInvalid: It is at an address that is not fetched.
        """
        found = await self.fetched(media, path)
        if not found.data:
            raise MediaInvalid.at(
                f"{path}.uri", "is at a host that the gateway does not fetch from: send the bytes"
            )
        return found

    async def close(self) -> None:
        """Ends the threads and closes connections."""
        self.pool.close()
        await self.fetcher.close()


def _is_image(claimed_type: str, found: str) -> bool:
    return claimed_type.lower().startswith("image/") or found.startswith("image/")
