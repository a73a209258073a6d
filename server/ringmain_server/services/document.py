"""Room 2: reads a document page by page; a model describes its pictures.

A few pages are processed at once and returned in order, so that memory is bounded by those pages and not by
the document. A page that fails has an error, and the others follow.
"""

import asyncio
import hashlib
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from cachetools import LRUCache
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Media, Message, Part
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_CONTENT_FILTER,
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_REFUSAL,
    FinishReason,
)
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.aio.tasks import release_task
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import MediaSettings
from ringmain_server.documents import Document, Picture, page_markdown
from ringmain_server.errors import InvalidField, MediaInvalid, ModelOutputInvalid, RingmainError, release
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations import CHAT
from ringmain_server.operations.composed import DocumentUpload
from ringmain_server.operations.usage import total
from ringmain_server.routing.route_info import status

DESCRIBE = (
    "Describe this picture from a document in one short paragraph, for somebody who cannot see it. "
    "If it shows text, a chart or a table, give what it says."
)
TRANSCRIBE = (
    "Write what is on this page as Markdown, in reading order: headings, paragraphs, lists, and tables as "
    "Markdown tables. Describe each picture in one sentence at its place. Write nothing else."
)
_IN_MEMORY = 1 << 20
"""Bytes up to which a document is kept in memory instead of on a disk."""
_CUT_OFF = frozenset({FINISH_REASON_MAX_TOKENS, FINISH_REASON_CONTENT_FILTER, FINISH_REASON_REFUSAL})
_REMEMBERED = 256
"""Descriptions that are kept, so that the logo on every page is described once."""


@dataclass(frozen=True, slots=True)
class Told:
    """A model's description of a picture.

    Attributes:
        text: The description; empty where it failed.
        usage: The usage, None where nothing was asked.
        route: The route, None where nothing was asked or it failed.
        error: The reason for a failure.
    """

    text: str = ""
    usage: Usage | None = None
    route: Route | None = None
    error: RingmainError | None = None


@dataclass(slots=True)
class DocumentReader:
    """Reads one document.

    Attributes:
        pipeline: Describes pictures.
        workers: The workers for media, which also read documents.
        settings: The limits.
        config: The options of the request.
        call: The caller's call.
        first: The candidate that is asked first.
    """

    pipeline: Backend
    workers: MediaWorkers
    settings: MediaSettings
    config: vision_pb2.ReadDocumentConfig
    call: Call
    first: Candidate
    _described: LRUCache[bytes, "asyncio.Task[Told]"] = field(
        init=False, default_factory=lambda: LRUCache(_REMEMBERED)
    )
    _describing: "set[asyncio.Task[Told]]" = field(init=False, default_factory=set)

    async def read(self, file: IO[bytes]) -> AsyncGenerator[vision_pb2.ReadDocumentEvent, None]:
        """Yields the events of a document whose bytes are all there.

        Raises:
            MediaInvalid: It cannot be opened.
            InvalidField: It has fewer pages than are to be skipped.
        """
        run, config = self.workers.pool.run, self.config
        document = await run(_open, file, config.mime_type, self.settings)
        try:
            count = document.page_count
            first = config.first_page or 1
            if first > count:
                raise InvalidField.at("config.first_page", f"is {first}, and the document has {count} pages")
            started = vision_pb2.DocumentStarted(
                response_id=self.call.response_id,
                provider_id=self.first.provider_id,
                provider_model=self.first.provider_model,
                mime_type=document.mime_type,
                page_count=count,
            )
            yield vision_pb2.ReadDocumentEvent(started=started)
            finished = vision_pb2.DocumentFinished(response_id=self.call.response_id)
            usages: list[Usage] = []
            pages = self._pages(document, first, count)
            try:
                async for page in pages:
                    if page.HasField("usage"):
                        usages.append(page.usage)
                    if page.HasField("route"):
                        finished.route.CopyFrom(page.route)
                    yield vision_pb2.ReadDocumentEvent(page=page)
            finally:
                await pages.aclose()
            finished.usage.CopyFrom(total(usages))
            yield vision_pb2.ReadDocumentEvent(finished=finished)
        finally:
            await run(document.close)

    async def _pages(
        self, document: Document, first: int, last: int
    ) -> AsyncGenerator[vision_pb2.DocumentPage, None]:
        """Yields every page in order, and bounds those that are in work or finished but not yet returned."""
        waiting: deque[asyncio.Task[vision_pb2.DocumentPage]] = deque()
        following = first
        try:
            while waiting or following <= last:
                while len(waiting) < self.settings.parallel_pages and following <= last:
                    waiting.append(asyncio.create_task(self._page(document, following)))
                    following += 1
                page = await waiting[0]
                del waiting[0]
                yield page
        finally:
            left = [*waiting, *self._describing]
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)
            for task in left:
                release_task(task)

    async def _page(self, document: Document, number: int) -> vision_pb2.DocumentPage:
        try:
            if self.config.mode == vision_pb2.DOCUMENT_MODE_PAGE_AS_IMAGE:
                picture = await self.workers.pool.run(document.page_image, number)
                told = [await self._ask(picture, self.config.prompt or TRANSCRIBE)]
                markdown = told[0].text
            else:
                content = await self.workers.pool.run(document.page, number)
                told = [await self._describe(picture) for picture in content.pictures]
                markdown = page_markdown(content, [_quoted(one.text) for one in told])
        except MediaInvalid as exc:
            page = vision_pb2.DocumentPage(page_number=number)
            page.error.CopyFrom(status(exc))
            return page
        page = vision_pb2.DocumentPage(page_number=number, markdown=markdown)
        _account(page, told)
        return page

    async def _describe(self, picture: Picture) -> Told:
        """Returns the description of a picture. A picture that appears again is not asked about again."""
        key = hashlib.sha256(picture.data).digest()
        known = self._described.get(key)
        if known is not None:
            told = await asyncio.shield(known)
            return Told(told.text, error=told.error)
        task = asyncio.create_task(self._ask(picture, self.config.prompt or DESCRIBE))
        self._described[key] = task
        self._describing.add(task)
        task.add_done_callback(self._describing.discard)
        return await task

    async def _ask(self, picture: Picture, prompt: str) -> Told:
        part = self.call.part()
        try:
            answer = await self.pipeline.call(CHAT, self._question(picture, prompt), part)
        except RingmainError as exc:
            release(exc)
            return Told(error=exc)
        part.usage = answer.usage
        return Told(_text(answer), answer.usage, answer.route, _cut_off(answer))

    def _question(self, picture: Picture, prompt: str) -> ChatRequest:
        media = Media(mime_type=picture.mime_type, data=picture.data)
        message = Message(role=ROLE_USER, parts=[Part(media=media), Part(text=prompt)])
        request = ChatRequest(model=self.config.model, messages=[message])
        if self.config.HasField("attribution"):
            request.attribution.CopyFrom(self.config.attribution)
        if self.config.HasField("routing_policy"):
            request.routing_policy.CopyFrom(self.config.routing_policy)
        if self.config.HasField("generation_config"):
            request.generation_config.CopyFrom(self.config.generation_config)
        return request


async def document_upload(
    config: vision_pb2.ReadDocumentConfig, chunks: AsyncIterator[bytes], workers: MediaWorkers, limit: int
) -> DocumentUpload:
    """Returns a document with its bytes in a temporary file, on a disk only if they are many.

    Raises:
        MediaInvalid: They are more than the limit.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    size, digest = 0, hashlib.sha256()
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise MediaInvalid.at(
                    "chunk", f"the document is larger than {limit} bytes, the most that is read"
                )
            if config.request_id:
                digest.update(chunk)
            await workers.pool.run(file.write, chunk)
    except BaseException:
        file.close()
        raise
    return DocumentUpload(config, file, digest.digest())


def _open(file: IO[bytes], mime_type: str, settings: MediaSettings) -> Document:
    from ringmain_server.documents import DocumentLimits, open_document
    from ringmain_server.media.limits import ReadLimits

    limits = DocumentLimits(
        max_bytes=settings.max_document_bytes,
        max_pages=settings.max_document_pages,
        picture=ReadLimits(
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
            max_frames=settings.max_image_frames,
            max_total_pixels=settings.max_animation_pixels,
        ),
    )
    return open_document(file, mime_type=mime_type, field="chunk", limits=limits)  # type: ignore[arg-type]


def _account(page: vision_pb2.DocumentPage, told: Sequence[Told]) -> None:
    """Sets the usage of a page, the route of its last request, and the first error on it."""
    usages = [one.usage for one in told if one.usage is not None]
    if usages:
        page.usage.CopyFrom(total(usages))
    routes = [one.route for one in told if one.route is not None]
    if routes:
        page.route.CopyFrom(routes[-1])
    error = next((one.error for one in told if one.error is not None), None)
    if error is not None:
        page.error.CopyFrom(status(error))


def _cut_off(answer: ChatResponse) -> RingmainError | None:
    """Returns why an answer is not whole; None where the model came to its end."""
    if answer.finish_reason not in _CUT_OFF:
        return None
    reason = FinishReason.Name(answer.finish_reason).removeprefix("FINISH_REASON_")
    return ModelOutputInvalid(answer.route.provider_id, f"the model stopped before its end: {reason}")


def _text(answer: ChatResponse) -> str:
    return "".join(part.text for part in answer.message.parts).strip()


def _quoted(text: str) -> str:
    """Formats a description as a quotation, to distinguish it from the document's own text."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
