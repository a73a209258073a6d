"""Room 4, pure: reads a stream of images of OpenAI's wire.

https://platform.openai.com/docs/api-reference/images-streaming: the events are
`image_generation.partial_image` and `.completed`, or `image_edit.…`, each with an image as base64. Each image
has its own `completed`, and the stream is over after the last one, without a separate end event. Images are
cut out before the events are parsed, so that megabytes of base64 are neither collected nor searched for line
ends.
"""

from collections.abc import Mapping, Sequence

from ringmain.v1.content_pb2 import Media
from ringmain.v1.image_service_pb2 import ImageConfig, ImageEvent, ImageFinished, ImagePreview
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AnswerTooLarge, StreamBroken
from ringmain_server.kinds.openai import ImageEndpoint
from ringmain_server.media.finish import header_of, note
from ringmain_server.operations.image_events import chunks
from ringmain_server.providers.json_base64 import BlobCutter, BlobTooLarge, take
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.images_answer import (
    BLOB,
    add_usage,
    is_withheld,
    picture_type,
    used,
    withheld,
)
from ringmain_server.providers.openai.images_request import Order
from ringmain_server.providers.openai.media_answer import malformed, text
from ringmain_server.providers.openai.media_fields import IMAGE_EVENT, IMAGES_WIRE
from ringmain_server.providers.patience import missing
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder
from ringmain_server.providers.unknown_fields import UnknownFields

_LIMIT = 256 << 20
"""Most bytes of all images of a stream, previews included."""
_END = b"[DONE]"


class OpenAIImageDecoder(Decoder[ImageEvent, bytes]):
    """A decoder for one stream. See `Decoder`.

    Args:
        asked: The order, in the wire's terms.
        config: The caller's request.
        candidate: The candidate that draws.
        endpoint: The image endpoint of this kind of provider.
        errors: Translates the provider's errors.
    """

    __slots__ = (
        "_asked",
        "_candidate",
        "_config",
        "_cutter",
        "_endpoint",
        "_errors",
        "_made",
        "_notes",
        "_objected",
        "_prompts",
        "_sse",
        "_unknown",
        "_usage",
        "complete",
    )

    def __init__(
        self,
        asked: Order,
        config: ImageConfig,
        candidate: Candidate,
        endpoint: ImageEndpoint,
        errors: OpenAIErrors,
    ) -> None:
        self._asked = asked
        self._config = config
        self._candidate = candidate
        self._endpoint = endpoint
        self._errors = errors
        self._cutter = BlobCutter(BLOB, _LIMIT)
        self._sse = SseDecoder()
        self._unknown = UnknownFields(IMAGES_WIRE, candidate.provider_id)
        self._made = 0
        self._objected = 0
        self._prompts: list[str] = []
        self._notes: list[str] = []
        self._usage = Usage()
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[ImageEvent]:
        """Returns the events that one network read completes."""
        try:
            # The cutter goes first, so that the SSE decoder sees a short placeholder for each image.
            found = self._sse.feed(self._cutter.feed(chunk))
        except (EventTooLarge, BlobTooLarge) as exc:
            raise AnswerTooLarge(self._who, "answered an event larger than any answer") from exc
        return [event for data in found if data != _END and not self.complete for event in self._read(data)]

    def end(self) -> Sequence[ImageEvent]:
        """Returns no events, because all of them came before the end of the stream."""
        if not self.complete:
            told = self._errors.instead(self._who, self._sse.document)
            raise told or StreamBroken(self._who, "closed the stream before its end")
        return ()

    def usage(self) -> Usage:
        """Returns the usage so far; the provider reports nothing for an image that is not complete."""
        found = Usage()
        found.CopyFrom(self._usage)
        if self._made < sum(self._asked.counts):
            found.estimated = True
            found.ClearField("cost_nano_usd")
        return found

    @property
    def _who(self) -> str:
        return self._candidate.provider_id

    def _read(self, data: bytes) -> Sequence[ImageEvent]:
        try:
            event = read(data)
        except NotJson as exc:
            raise malformed(self._who, "what is no JSON") from exc
        if not isinstance(event, dict):
            raise malformed(self._who, "what is no event")
        kind = text(event.get("type"))
        if kind == "error" or event.get("error") is not None:
            raise self._errors.reported(self._who, event.get("error") or event)
        self._unknown.look(event, IMAGE_EVENT)
        if is_withheld(event):
            take(self._cutter.blobs, event.get(BLOB))  # frees its bytes
            return self._withheld() if kind.endswith(".completed") else ()
        if kind.endswith(".partial_image"):
            return (self._preview(event),)
        return self._completed(event) if kind.endswith(".completed") else ()

    def _preview(self, event: Mapping[str, object]) -> ImageEvent:
        # The wire does not say to which image a preview belongs; images are drawn one after the other.
        preview = ImagePreview(image_index=self._made, media=self._picture(event))
        return ImageEvent(preview=preview)

    def _completed(self, event: Mapping[str, object]) -> list[ImageEvent]:
        picture = self._picture(event)
        events = list(chunks(self._made, picture.mime_type, picture.data))
        self._made += 1
        self._prompts.append(text(event.get("revised_prompt")))
        said = note(self._config, header_of(picture.data, picture.mime_type))
        self._notes.append("; ".join(filter(None, (self._asked.note, said))))
        size = text(event.get("size"))
        add_usage(
            self._usage, used(event.get("usage"), 1, self._asked, self._candidate, self._endpoint, size=size)
        )
        return [*events, *self._end()]

    def _withheld(self) -> Sequence[ImageEvent]:
        """Counts a completed image that is withheld because a safety system objects to it."""
        self._objected += 1
        return self._end()

    def _end(self) -> Sequence[ImageEvent]:
        """Returns the last event, once every image is complete.

        Raises:
            ContentFiltered: All images are withheld.
        """
        # The wire has no end event: the stream is over when every requested image has come or was withheld.
        if self._made + self._objected < sum(self._asked.counts):
            return ()
        if not self._made:
            raise withheld(self._who)
        return (self._finished(),)

    def _picture(self, event: Mapping[str, object]) -> Media:
        data = take(self._cutter.blobs, event.get(BLOB))
        if data is None:
            raise malformed(self._who, "with an image that cannot be decoded")
        return Media(mime_type=picture_type(data, self._who), data=data)

    def _finished(self) -> ImageEvent:
        self.complete = True
        finished = ImageFinished(usage=self._usage)
        if self._objected:
            failures = [withheld(self._who)]
            self._notes = ["; ".join(filter(None, (note, missing(failures)))) for note in self._notes]
        for index, (prompt, said) in enumerate(zip(self._prompts, self._notes, strict=True)):
            finished.images.add(image_index=index, revised_prompt=prompt, note=said)
        return ImageEvent(finished=finished)
