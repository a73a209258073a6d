"""Room 3, per candidate: media as the model takes them, and what it draws as it was asked for.

Images are fetched, turned, stripped of metadata and scaled for the candidate that gets them, in threads.
Requests without media pass as they are; no event of a chat passes through here.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from google.protobuf.message import Message
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.aio.tasks import together
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.media.edits import fit_edit, needs_fitting
from ringmain_server.media.finish import DEFAULT, header_of, note
from ringmain_server.media.transform import OUTPUT_TYPES, convert
from ringmain_server.media.walk import any_media, media_in, with_media
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations.base import Streamed, Unary, Whole
from ringmain_server.providers.stream_timeouts import StreamTimeouts

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")

_DRAWN = (image_pb2.GenerateImagesResponse, image_pb2.EditImagesResponse)
_DRAWING = (image_pb2.GenerateImagesRequest, image_pb2.EditImagesRequest, image_pb2.UpscaleImageRequest)


class FitMedia:
    """Prepares what goes in and finishes what comes out.

    Args:
        inner: What is asked.
        candidate: Whose limits hold.
        workers: Where media are worked on.
        able: What the candidate's provider does by itself; a stream it cannot do is made of a whole answer.
    """

    __slots__ = ("_able", "_candidate", "_inner", "_workers")

    def __init__(
        self, inner: Backend, candidate: Candidate, workers: MediaWorkers, able: frozenset[object]
    ) -> None:
        self._inner = inner
        self._candidate = candidate
        self._workers = workers
        self._able = able

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Answers whole."""
        touched = self._touches(request)
        if not touched and not isinstance(request, _DRAWING):
            return self._inner.call(op, request, call)
        return self._finished(op, request, call, fit=touched)

    async def _finished(self, op: Unary[Req, Res], request: Req, call: Call, *, fit: bool) -> Res:
        fitted = await self._prepared(request, call) if fit else request
        response = await self._inner.call(op, fitted, call)
        if isinstance(response, _DRAWN):
            await self._finish(request, response)
        elif isinstance(request, image_pb2.UpscaleImageRequest):
            await self._finish_upscaled(request, response)
        return response

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Answers in events."""
        if op.whole is not None and op not in self._able:
            return self._unfolded(op.whole, request, call)
        if not self._touches(request):
            return self._inner.stream(op, request, call)
        return self._fitted_stream(op, request, call)

    async def _fitted_stream(
        self, op: Streamed[Req, Event], request: Req, call: Call
    ) -> AsyncGenerator[Event, None]:
        timeouts = StreamTimeouts(call.attempt, asyncio.get_running_loop())
        fitted = await timeouts.bound(self._prepared(request, call))
        async with aclosing(self._inner.stream(op, fitted, call)) as events:
            async for event in events:
                yield event

    async def _unfolded(
        self, whole: Whole[Req, Event], request: Req, call: Call
    ) -> AsyncGenerator[Event, None]:
        """The events of an answer that the provider only gives whole."""
        timeouts = StreamTimeouts(call.attempt, asyncio.get_running_loop())
        response = await timeouts.bound(self.call(whole.op, whole.request(request), call))
        for event in whole.events(response):
            yield event

    def _touches(self, request: object) -> bool:
        if not isinstance(request, Message):
            return False
        return any_media(request, self._workers.touches)

    async def _prepared(self, request: Req, call: Call) -> Req:
        """As `_fitted`. The host of a medium may be slow, for which no provider is blamed."""
        with call.attempt.preparation(asyncio.get_running_loop().time):
            return await self._fitted(request)

    async def _fitted(self, request: Req) -> Req:
        """The request with every image as the candidate takes it.

        Raises:
            MediaInvalid: An image cannot be had, read, or made to fit.
        """
        assert isinstance(request, Message)
        found = [(path, media) for path, media in media_in(request) if not _is_mask(path)]
        done = await together(self._one(path, media) for path, media in found)
        changed = {
            path: after for (path, before), after in zip(found, done, strict=True) if after is not before
        }
        fitted = with_media(request, changed) if changed else request
        edit, prefix = _edit_of(fitted)
        if edit is None or not needs_fitting(edit, self._candidate.edits):
            return fitted
        if fitted is request:
            fitted = with_media(request, {})
            edit, prefix = _edit_of(fitted)
            assert edit is not None
        before = _long_side(_edit_of(request)[0])
        await self._fit_edit(edit, before, prefix)
        return fitted

    async def _one(self, path: str, media: Media) -> Media:
        return await self._workers.prepared(media, self._candidate.images, path)

    async def _fit_edit(self, edit: image_pb2.EditImagesRequest, before: int, prefix: str) -> None:
        if not edit.images[0].data:
            raise MediaInvalid.at(
                f"{prefix}images[0].uri", "must be sent as bytes where a part of it is changed"
            )
        if edit.HasField("mask"):
            edit.mask.CopyFrom(await self._workers.inline(edit.mask, f"{prefix}mask"))
        form, read = self._candidate.edits, self._workers.read
        await self._workers.pool.run(fit_edit, edit, form, before=before, prefix=prefix, read=read)

    async def _finish(self, request: object, response: Any) -> None:
        """Converts what is of another type than asked, and notes what is of another size."""
        config = getattr(request, "image_config", None) or image_pb2.ImageConfig()
        wanted = config.mime_type or DEFAULT
        for image in response.images:
            media, data = image.media, image.media.data  # each look at a field of bytes copies it
            media.mime_type = detect(data) or media.mime_type
            if media.mime_type != wanted:
                data = await self._convert(media, data, wanted)
            said = note(config, header_of(data, media.mime_type))
            del data
            image.note = "; ".join(filter(None, (image.note, said)))

    async def _finish_upscaled(self, request: image_pb2.UpscaleImageRequest, response: Any) -> None:
        media, data = response.image, response.image.data
        media.mime_type = detect(data) or media.mime_type
        own = detect(request.image.data)
        wanted = request.mime_type or (own if own in OUTPUT_TYPES else media.mime_type)
        if media.mime_type != wanted:
            await self._convert(media, data, wanted)

    async def _convert(self, media: Media, data: bytes, wanted: str) -> bytes:
        try:
            done = await self._workers.pool.run(convert, data, wanted, field="image", read=self._workers.read)
        except MediaInvalid as exc:
            who = self._candidate.provider_id
            raise MalformedAnswer(who, "made an image that cannot be read") from exc
        media.data, media.mime_type = done.data, done.mime_type
        return done.data


def _edit_of(request: object) -> tuple[image_pb2.EditImagesRequest | None, str]:
    """The request to change images in a request, and the prefix of its paths."""
    if isinstance(request, image_pb2.EditImagesRequest):
        return request, ""
    if isinstance(request, image_pb2.StreamImagesRequest) and request.HasField("edit"):
        return request.edit, "edit."
    return None, ""


def _is_mask(path: str) -> bool:
    """A mask keeps to its image, whatever the model's limits."""
    return path in ("mask", "edit.mask")


def _long_side(edit: image_pb2.EditImagesRequest | None) -> int:
    """The longer side of the first image as the caller sent it, zero where that cannot be told."""
    if edit is None or not edit.images[0].data:
        return 0
    data = edit.images[0].data
    header = header_of(data, detect(data))
    return max(header.width, header.height) if header else 0
