"""Client: images, vision, speech and vectors over the asyncio client's channel; see `media`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import Any, Generic, Protocol, Self, TypeVar, Unpack

import grpc.aio

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
from ringmain.media import drawn
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
    def __aiter__(self) -> AsyncIterator[Event_co]: ...
    def cancel(self) -> bool: ...


class AsyncFlow(Generic[Event, Shown]):
    """What comes of a call, as it comes. Iterate once.

    The call is cancelled as soon as the loop is left, the `async with` block is left, or the flow is dropped.
    """

    _closed = True  # Until __init__ is through: __del__ runs even if it fails.

    def __init__(self, call: _Call[Event], show: Callable[[Event], Shown], whole: Callable[[], bool]) -> None:
        """Take over a running call; see `media.Flow`."""
        self._call = call
        self._show = show
        self._whole = whole
        self._loop = asyncio.get_running_loop()
        self._closed = False

    async def __aiter__(self) -> AsyncGenerator[Shown, None]:
        """Yield what comes.

        Raises:
            RingmainError: The call failed.
        """
        try:
            with translated():
                async for event in self._call:
                    shown = self._show(event)
                    if shown is not EMPTY:
                        yield shown
        finally:
            self._cancel()
        if not self._whole():
            raise StreamInterrupted("the stream ended without its last event")

    async def close(self) -> None:
        """Cancel the call, unless it has ended."""
        self._cancel()

    async def __aenter__(self) -> Self:
        """Return the flow."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel the call, unless it has ended."""
        self._cancel()

    def __del__(self) -> None:
        """Cancel the call of a flow that was dropped, from whichever thread collects it."""
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.cancel)

    def _cancel(self) -> None:
        self._closed = True
        self._call.cancel()


class AsyncDrawing(AsyncFlow[image_pb2.ImageEvent, Preview]):
    """Pictures being drawn: iterate over previews, then await `images()`."""

    def __init__(self, call: _Call[image_pb2.ImageEvent], fold: ImageFold) -> None:
        """Take over a running call."""
        super().__init__(call, lambda event: drawn(fold, event), lambda: fold.finished)
        self._fold = fold

    async def images(self) -> Images:
        """Return the pictures; what the loop has left is read first.

        Raises:
            RingmainError: The call failed.
        """
        if not self._fold.finished:
            async for _ in self:
                pass
        return self._fold.images()


class AsyncImageCalls:
    """`client.images`: pictures from words, changed and enlarged pictures, and what files hold."""

    def __init__(self, client: Context, channel: grpc.aio.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = ImageServiceStub(channel)

    async def generate(self, prompt: str, **options: Unpack[DrawOptions]) -> Images:
        """Return pictures of a description.

        Raises:
            RingmainError: The call failed.
        """
        request = build.generate_request(prompt, **named(self._client, options))
        with translated():
            return Images(await self._stub.GenerateImages(request, **arguments(self._client, options)))

    async def edit(
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
            return Images(await self._stub.EditImages(request, **arguments(self._client, options)))

    def stream(self, prompt: str, *, previews: int = 0, **options: Unpack[DrawOptions]) -> AsyncDrawing:
        """Start drawing, and return previews as they come.

        Args:
            prompt: The description.
            previews: How many of each picture, 0 to 3, where the model can.
            options: See `DrawOptions`.
        """
        made = build.generate_request(prompt, **named(self._client, options))
        request = image_pb2.StreamImagesRequest(generate=made, preview_count=previews)
        call = self._stub.StreamImages(request, **arguments(self._client, options))
        return AsyncDrawing(call, ImageFold(image_pb2.GenerateImagesResponse))

    def stream_edit(
        self,
        images: Picture | Iterable[Picture],
        prompt: str = "",
        *,
        previews: int = 0,
        **options: Unpack[EditOptions],
    ) -> AsyncDrawing:
        """Start changing pictures, and return previews as they come; see `edit` and `stream`."""
        made = build.edit_request(images, prompt, **named(self._client, options))
        request = image_pb2.StreamImagesRequest(edit=made, preview_count=previews)
        call = self._stub.StreamImages(request, **arguments(self._client, options))
        return AsyncDrawing(call, ImageFold(image_pb2.EditImagesResponse))

    async def upscale(self, picture: Picture, factor: int, **options: Unpack[UpscaleOptions]) -> Upscaled:
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
            return Upscaled(await self._stub.UpscaleImage(request, **arguments(self._client, options)))

    async def inspect(
        self, picture: Picture, **options: Unpack[InspectOptions]
    ) -> image_pb2.InspectImageResponse:
        """Return what a file holds: type, size, EXIF, hashes, colours; ratings and labels by a classifier.

        Raises:
            RingmainError: The call failed.
        """
        request = build.inspect_request(picture, **options)
        with translated():
            return await self._stub.InspectImage(request, **arguments(self._client, options))


class AsyncVisionCalls:
    """`client.vision`: questions about images, and documents read page by page."""

    def __init__(self, client: Context, channel: grpc.aio.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = VisionServiceStub(channel)

    async def analyze(
        self, images: Picture | Iterable[Picture], prompt: str, **options: Unpack[SeeOptions]
    ) -> Sight:
        """Return the answer to a question about images.

        Raises:
            RingmainError: The call failed.
        """
        request = build.analyze_request(images, prompt, **named(self._client, options))
        with translated():
            return Sight(await self._stub.AnalyzeImages(request, **arguments(self._client, options)))

    def read(self, document: Recording, **options: Unpack[ReadOptions]) -> AsyncFlow[Any, Page]:
        """Start reading a document, and return its pages as they are done, in order.

        A page that could not be read has an `error`, and the others go on.

        Args:
            document: Its path, its bytes, or its bytes as they come.
            options: See `ReadOptions`.
        """
        messages = build.read_messages(document, **named(self._client, options))
        call = self._stub.ReadDocument(messages, **arguments(self._client, options))
        show = PageShow()
        return AsyncFlow(call, show, lambda: show.finished)


class AsyncAudioCalls:
    """`client.audio`: speech to text, and text to speech."""

    def __init__(self, client: Context, channel: grpc.aio.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = AudioServiceStub(channel)

    async def transcribe(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> Transcript:
        """Return what is said in a recording.

        Args:
            recording: Its path, its bytes, or its bytes as they come.
            options: See `TranscribeOptions`.

        Raises:
            RingmainError: The call failed.
        """
        listening = self.listen(recording, **options)
        async for _ in listening:
            pass
        return listening.transcript

    def listen(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> "AsyncListening":
        """Start a transcription, and return text as it is heard; see `transcribe`."""
        messages = build.transcribe_messages(recording, **named(self._client, options))
        return AsyncListening(
            self._stub.Transcribe(messages, **arguments(self._client, options)), TranscriptFold()
        )

    async def speak(self, text: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Return a spoken text.

        Raises:
            RingmainError: The call failed.
        """
        speaking = self.stream_speech(text, **options)
        async for _ in speaking:
            pass
        return speaking.speech

    def stream_speech(self, text: str, **options: Unpack[SpeakOptions]) -> "AsyncSpeaking":
        """Start speaking, and return bytes as they come; see `speak`."""
        request = build.speak_request(text, **named(self._client, options))
        return AsyncSpeaking(self._stub.Speak(request, **arguments(self._client, options)), SpeechFold())


class AsyncListening(AsyncFlow[Any, str]):
    """A transcription: iterate over pieces of text, then take `transcript`."""

    def __init__(self, call: _Call[Any], fold: TranscriptFold) -> None:
        """Take over a running call."""
        super().__init__(call, lambda event: fold.add(event) or EMPTY, lambda: fold.finished)
        self._fold = fold

    @property
    def transcript(self) -> Transcript:
        """The transcript, once the loop has come to its end."""
        return self._fold.transcript()


class AsyncSpeaking(AsyncFlow[Any, bytes]):
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


class AsyncEmbeddingCalls:
    """What `client.embed` does."""

    def __init__(self, client: Context, channel: grpc.aio.Channel) -> None:
        """Bind to a client."""
        self._client = client
        self._stub = EmbeddingServiceStub(channel)

    async def embed(self, texts: str | Iterable[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text.

        Raises:
            RingmainError: The call failed.
        """
        request = build.embed_request(texts, **named(self._client, options))
        with translated():
            return Embeddings(await self._stub.Embed(request, **arguments(self._client, options)))
