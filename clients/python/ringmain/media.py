"""Client: images, vision, speech and vectors over the threaded client's channel."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Protocol, Self, TypeVar, Unpack

import grpc

from ringmain import _media_requests as build
from ringmain._media_base import EMPTY, Context, PageShow, arguments, named
from ringmain._media_requests import (
    DrawOptions,
    EditOptions,
    EmbedOptions,
    InspectOptions,
    Picture,
    ReadOptions,
    Recording,
    SeeOptions,
    SpeakOptions,
    TranscribeOptions,
    UpscaleOptions,
)
from ringmain.errors import StreamInterrupted, translated
from ringmain.pictures import ImageFold, Images, Preview, Upscaled
from ringmain.reading import Embeddings, Page, Sight
from ringmain.sound import Speech, SpeechFold, Transcript, TranscriptFold
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.audio_service_pb2_grpc import AudioServiceStub
from ringmain.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from ringmain.v1.image_service_pb2_grpc import ImageServiceStub
from ringmain.v1.vision_service_pb2_grpc import VisionServiceStub

Event_co = TypeVar("Event_co", covariant=True)
Event = TypeVar("Event")
Shown = TypeVar("Shown")


class _Call(Protocol[Event_co]):
    def __iter__(self) -> Iterator[Event_co]: ...
    def cancel(self) -> bool: ...


class Flow(Generic[Event, Shown]):
    """What comes of a call, as it comes. Iterate once.

    The call is cancelled as soon as the loop is left, the `with` block is left, or the flow is dropped.
    """

    def __init__(self, call: _Call[Event], show: Callable[[Event], Shown], whole: Callable[[], bool]) -> None:
        """Take over a running call.

        Args:
            call: The call.
            show: What an event shows; `EMPTY` for nothing.
            whole: Whether the last event came.
        """
        self._call = call
        self._show = show
        self._whole = whole

    def __iter__(self) -> Iterator[Shown]:
        """Yield what comes.

        Raises:
            RingmainError: The call failed.
        """
        try:
            with translated():
                for event in self._call:
                    shown = self._show(event)
                    if shown is not EMPTY:
                        yield shown
        finally:
            self.close()
        if not self._whole():
            raise StreamInterrupted("the stream ended without its last event")

    def close(self) -> None:
        """Cancel the call, unless it has ended."""
        self._call.cancel()

    def __enter__(self) -> Self:
        """Return the flow."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel the call, unless it has ended."""
        self.close()

    def __del__(self) -> None:
        """Cancel the call of a flow that was dropped."""
        self.close()


def drawn(fold: ImageFold, event: image_pb2.ImageEvent) -> Preview:
    """Adds an event; no method of the flow: a flow that holds itself is not cancelled as it is dropped."""
    fold.add(event)
    return fold.preview(event) or EMPTY


class Drawing(Flow[image_pb2.ImageEvent, Preview]):
    """Pictures being drawn: iterate over previews, then take `images`."""

    def __init__(self, call: _Call[image_pb2.ImageEvent], fold: ImageFold) -> None:
        """Take over a running call."""
        super().__init__(call, lambda event: drawn(fold, event), lambda: fold.finished)
        self._fold = fold

    @property
    def images(self) -> Images:
        """The pictures, once the loop has come to its end; without a loop, what is left is read first.

        Raises:
            RingmainError: The call failed.
        """
        if not self._fold.finished:
            for _ in self:
                pass
        return self._fold.images()


class ImageCalls:
    """`client.images`: pictures from words, changed and enlarged pictures, and what files hold."""

    def __init__(self, client: Context, channel: grpc.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = ImageServiceStub(channel)

    def generate(self, prompt: str, **options: Unpack[DrawOptions]) -> Images:
        """Return pictures of a description.

        Raises:
            RingmainError: The call failed.
        """
        request = build.generate_request(prompt, **named(self._client, options))
        with translated():
            return Images(self._stub.GenerateImages(request, **arguments(self._client, options)))

    def edit(
        self, images: Picture | Iterable[Picture], prompt: str = "", **options: Unpack[EditOptions]
    ) -> Images:
        """Return changed pictures.

        Args:
            images: What to change; with `mode="style"`, first the content, then the styles.
            prompt: What to change.
            options: See `EditOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.edit_request(images, prompt, **named(self._client, options))
        with translated():
            return Images(self._stub.EditImages(request, **arguments(self._client, options)))

    def stream(self, prompt: str, *, previews: int = 0, **options: Unpack[DrawOptions]) -> Drawing:
        """Start drawing, and return previews as they come.

        Args:
            prompt: The description.
            previews: How many of each picture, 0 to 3, where the model can.
            options: See `DrawOptions`.
        """
        made = build.generate_request(prompt, **named(self._client, options))
        request = image_pb2.StreamImagesRequest(generate=made, preview_count=previews)
        call = self._stub.StreamImages(request, **arguments(self._client, options))
        return Drawing(call, ImageFold(image_pb2.GenerateImagesResponse))

    def stream_edit(
        self,
        images: Picture | Iterable[Picture],
        prompt: str = "",
        *,
        previews: int = 0,
        **options: Unpack[EditOptions],
    ) -> Drawing:
        """Start changing pictures, and return previews as they come; see `edit` and `stream`."""
        made = build.edit_request(images, prompt, **named(self._client, options))
        request = image_pb2.StreamImagesRequest(edit=made, preview_count=previews)
        call = self._stub.StreamImages(request, **arguments(self._client, options))
        return Drawing(call, ImageFold(image_pb2.EditImagesResponse))

    def upscale(self, picture: Picture, factor: int, **options: Unpack[UpscaleOptions]) -> Upscaled:
        """Return an enlarged picture. `local/lanczos` and `local/bicubic` need no provider.

        Args:
            picture: The picture.
            factor: How many times wider and higher, 2 to 8.
            options: See `UpscaleOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.upscale_request(picture, factor, **named(self._client, options))
        with translated():
            return Upscaled(self._stub.UpscaleImage(request, **arguments(self._client, options)))

    def inspect(self, picture: Picture, **options: Unpack[InspectOptions]) -> image_pb2.InspectImageResponse:
        """Return what a file holds: type, size, EXIF, hashes, colours; ratings and labels by a classifier.

        Raises:
            RingmainError: The call failed.
        """
        request = build.inspect_request(picture, **options)
        with translated():
            return self._stub.InspectImage(request, **arguments(self._client, options))


class VisionCalls:
    """`client.vision`: questions about images, and documents read page by page."""

    def __init__(self, client: Context, channel: grpc.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = VisionServiceStub(channel)

    def analyze(
        self, images: Picture | Iterable[Picture], prompt: str, **options: Unpack[SeeOptions]
    ) -> Sight:
        """Return the answer to a question about images.

        Raises:
            RingmainError: The call failed.
        """
        request = build.analyze_request(images, prompt, **named(self._client, options))
        with translated():
            return Sight(self._stub.AnalyzeImages(request, **arguments(self._client, options)))

    def read(self, document: Recording, **options: Unpack[ReadOptions]) -> Flow[Any, Page]:
        """Start reading a document, and return its pages as they are done, in order.

        A page that could not be read has an `error`, and the others go on.

        Args:
            document: Its path, its bytes, or its bytes as they come.
            options: See `ReadOptions`.
        """
        messages = build.read_messages(document, **named(self._client, options))
        call = self._stub.ReadDocument(messages, **arguments(self._client, options))
        show = PageShow()
        return Flow(call, show, lambda: show.finished)


class AudioCalls:
    """`client.audio`: speech to text, and text to speech."""

    def __init__(self, client: Context, channel: grpc.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = AudioServiceStub(channel)

    def transcribe(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> Transcript:
        """Return what is said in a recording.

        Args:
            recording: Its path, its bytes, or its bytes as they come.
            options: See `TranscribeOptions`.

        Raises:
            RingmainError: The call failed.
        """
        listening = self.listen(recording, **options)
        for _ in listening:
            pass
        return listening.transcript

    def listen(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> "Listening":
        """Start a transcription, and return text as it is heard; see `transcribe`."""
        messages = build.transcribe_messages(recording, **named(self._client, options))
        return Listening(
            self._stub.Transcribe(messages, **arguments(self._client, options)), TranscriptFold()
        )

    def speak(self, text: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Return a spoken text.

        Raises:
            RingmainError: The call failed.
        """
        speaking = self.stream_speech(text, **options)
        for _ in speaking:
            pass
        return speaking.speech

    def stream_speech(self, text: str, **options: Unpack[SpeakOptions]) -> "Speaking":
        """Start speaking, and return bytes as they come; see `speak`."""
        request = build.speak_request(text, **named(self._client, options))
        return Speaking(self._stub.Speak(request, **arguments(self._client, options)), SpeechFold())


class Listening(Flow[Any, str]):
    """A transcription: iterate over pieces of text, then take `transcript`."""

    def __init__(self, call: _Call[Any], fold: TranscriptFold) -> None:
        """Take over a running call."""
        super().__init__(call, lambda event: fold.add(event) or EMPTY, lambda: fold.finished)
        self._fold = fold

    @property
    def transcript(self) -> Transcript:
        """The transcript, once the loop has come to its end."""
        return self._fold.transcript()


class Speaking(Flow[Any, bytes]):
    """Speech: iterate over bytes, then take `speech`."""

    def __init__(self, call: _Call[Any], fold: SpeechFold) -> None:
        """Take over a running call."""
        super().__init__(call, lambda event: fold.add(event) or EMPTY, lambda: fold.finished)
        self._fold = fold

    @property
    def mime_type(self) -> str:
        """The media type of the bytes, once the first came."""
        return self._fold.mime_type

    @property
    def speech(self) -> Speech:
        """All of it, once the loop has come to its end."""
        return self._fold.speech()


class EmbeddingCalls:
    """What `client.embed` does."""

    def __init__(self, client: Context, channel: grpc.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = EmbeddingServiceStub(channel)

    def embed(self, texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text.

        Raises:
            RingmainError: The call failed.
        """
        request = build.embed_request(texts, **named(self._client, options))
        with translated():
            return Embeddings(self._stub.Embed(request, **arguments(self._client, options)))
