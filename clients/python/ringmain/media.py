# Generated from aio_media.py by scripts/generate_sync.py (`make generate`); do not edit.
"""Client: images, vision, speech and vectors over threads."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Self, TypeVar, Unpack

from ringmain import _media_requests as build
from ringmain._io_sync import Channel, EventCall, RunningCall, property_if_sync
from ringmain._media_base import EMPTY, Context, PageFold, arguments, named, shown_preview
from ringmain._media_options import (
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
from ringmain.answer import Answer
from ringmain.errors import StreamInterrupted, translated
from ringmain.pictures import ImageFold, Images, Preview, Upscaled
from ringmain.reading import Embeddings, Page
from ringmain.sound import Speech, SpeechFold, Transcript, TranscriptFold
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.audio_service_pb2_grpc import AudioServiceStub
from ringmain.v1.embedding_service_pb2_grpc import EmbeddingServiceStub
from ringmain.v1.image_service_pb2_grpc import ImageServiceStub
from ringmain.v1.vision_service_pb2_grpc import VisionServiceStub

Event = TypeVar("Event")
Shown = TypeVar("Shown")


class Flow(Generic[Event, Shown]):
    """The results of a call, while they arrive. Iterate once.

    The call is cancelled as soon as the loop is left, the `with` block is left, or the flow is dropped.
    """

    def __init__(
        self, call: EventCall[Event], show: Callable[[Event], Shown], whole: Callable[[], bool]
    ) -> None:
        """Takes over a running call.

        Args:
            call: The call.
            show: Returns what an event shows, or `EMPTY`. A function that refers to the flow would keep a
                dropped flow alive until the garbage collector runs, and the call with it.
            whole: Returns whether the last event has come.
        """
        self._running = RunningCall(call)
        self._show = show
        self._whole = whole

    def __iter__(self) -> Iterator[Shown]:
        """Yields the results.

        Raises:
            RingmainError: The call failed.
        """
        with self._running.reading() as call:
            for event in call:
                shown = self._show(event)
                if shown is not EMPTY:
                    yield shown
        if not self._whole():
            raise StreamInterrupted("the stream ended without its last event")

    def close(self) -> None:
        """Cancels the call, unless it has ended."""
        self._running.cancel()

    def __enter__(self) -> Self:
        """Returns the flow."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cancels the call, unless it has ended."""
        self._running.cancel()


class Drawing(Flow[image_pb2.ImageEvent, Preview]):
    """Pictures that a model is drawing: iterate over the previews, then read `images`."""

    def __init__(self, call: EventCall[image_pb2.ImageEvent], fold: ImageFold) -> None:
        """Takes over a running call."""
        super().__init__(call, lambda event: shown_preview(fold, event), lambda: fold.finished)
        self._fold = fold

    @property_if_sync
    def images(self) -> Images:
        """The pictures. Whatever the loop left unread is read first.

        Raises:
            RingmainError: The call failed.
        """
        if not self._fold.finished:
            for _ in self:
                pass
        return self._fold.images()


class ImageCalls:
    """`client.images`: draws, changes, enlarges and inspects pictures."""

    def __init__(self, client: Context, channel: Channel) -> None:
        """Binds the calls to a client and its channel."""
        self._client = client
        self._stub = ImageServiceStub(channel)

    def generate(self, prompt: str, **options: Unpack[DrawOptions]) -> Images:
        """Returns pictures that a model draws from a description.

        Args:
            prompt: The description.
            options: See `DrawOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.generate_request(prompt, **named(self._client, options))
        with translated():
            return Images(self._stub.GenerateImages(request, **arguments(self._client, options)))

    def edit(
        self, images: Picture | Iterable[Picture], prompt: str = "", **options: Unpack[EditOptions]
    ) -> Images:
        """Returns pictures that a model makes from given ones.

        Args:
            images: The pictures to change. With `mode="style"`, the first is the content, and the others
                are the styles.
            prompt: The change to make.
            options: See `EditOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.edit_request(images, prompt, **named(self._client, options))
        with translated():
            return Images(self._stub.EditImages(request, **arguments(self._client, options)))

    def stream(self, prompt: str, *, previews: int = 0, **options: Unpack[DrawOptions]) -> Drawing:
        """Starts drawing, and returns a flow that yields previews of the pictures.

        Args:
            prompt: The description.
            previews: How many previews to make of each picture, 0 to 3, where the model can.
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
        """Starts changing pictures, and returns a flow that yields previews.

        See `edit` and `stream` for the arguments.
        """
        made = build.edit_request(images, prompt, **named(self._client, options))
        request = image_pb2.StreamImagesRequest(edit=made, preview_count=previews)
        call = self._stub.StreamImages(request, **arguments(self._client, options))
        return Drawing(call, ImageFold(image_pb2.EditImagesResponse))

    def upscale(self, picture: Picture, factor: int, **options: Unpack[UpscaleOptions]) -> Upscaled:
        """Returns an enlarged picture. The models `local/lanczos` and `local/bicubic` need no provider.

        Args:
            picture: The picture to enlarge.
            factor: How many times wider and higher the result is, 2 to 8.
            options: See `UpscaleOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.upscale_request(picture, factor, **named(self._client, options))
        with translated():
            return Upscaled(self._stub.UpscaleImage(request, **arguments(self._client, options)))

    def inspect(self, picture: Picture, **options: Unpack[InspectOptions]) -> image_pb2.InspectImageResponse:
        """Returns the facts about a picture: its type, size, EXIF data, hashes and colors.

        With the option `model`, the response also has that model's ratings and labels.

        Args:
            picture: The picture to inspect.
            options: See `InspectOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.inspect_request(picture, **options)
        with translated():
            return self._stub.InspectImage(request, **arguments(self._client, options))


class VisionCalls:
    """`client.vision`: answers questions about images, and reads documents page by page."""

    def __init__(self, client: Context, channel: Channel) -> None:
        """Binds the calls to a client and its channel."""
        self._client = client
        self._stub = VisionServiceStub(channel)

    def analyze(
        self, images: Picture | Iterable[Picture], prompt: str, **options: Unpack[SeeOptions]
    ) -> Answer:
        """Returns the answer to a question about images.

        Args:
            images: One image, or several.
            prompt: The question.
            options: See `SeeOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.analyze_request(images, prompt, **named(self._client, options))
        with translated():
            return Answer(self._stub.AnalyzeImages(request, **arguments(self._client, options)))

    def read(self, document: Recording, **options: Unpack[ReadOptions]) -> Flow[Any, Page]:
        """Starts reading a document, and returns a flow that yields its pages in order.

        A page that cannot be read has an `error`, and the pages after it still follow.

        Args:
            document: Its path, its bytes, or an iterable of its bytes.
            options: See `ReadOptions`.
        """
        messages = build.read_messages(document, **named(self._client, options))
        call = self._stub.ReadDocument(messages, **arguments(self._client, options))
        fold = PageFold()
        return Flow(call, fold.add, lambda: fold.finished)


class AudioCalls:
    """`client.audio`: turns speech into text, and text into speech."""

    def __init__(self, client: Context, channel: Channel) -> None:
        """Binds the calls to a client and its channel."""
        self._client = client
        self._stub = AudioServiceStub(channel)

    def transcribe(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> Transcript:
        """Returns the transcript of a recording.

        Args:
            recording: Its path, its bytes, or an iterable of its bytes.
            options: See `TranscribeOptions`.

        Raises:
            RingmainError: The call failed.
        """
        listening = self.listen(recording, **options)
        for _ in listening:
            pass
        return listening.transcript

    def listen(self, recording: Recording, **options: Unpack[TranscribeOptions]) -> "Listening":
        """Starts a transcription, and returns a flow that yields text as it is heard.

        See `transcribe` for the arguments.
        """
        messages = build.transcribe_messages(recording, **named(self._client, options))
        return Listening(
            self._stub.Transcribe(messages, **arguments(self._client, options)), TranscriptFold()
        )

    def speak(self, text: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Returns the speech for a text.

        Args:
            text: The text to speak.
            options: See `SpeakOptions`.

        Raises:
            RingmainError: The call failed.
        """
        speaking = self.stream_speech(text, **options)
        for _ in speaking:
            pass
        return speaking.speech

    def stream_speech(self, text: str, **options: Unpack[SpeakOptions]) -> "Speaking":
        """Starts speaking, and returns a flow that yields the bytes of the speech.

        See `speak` for the arguments.
        """
        request = build.speak_request(text, **named(self._client, options))
        return Speaking(self._stub.Speak(request, **arguments(self._client, options)), SpeechFold())


class Listening(Flow[Any, str]):
    """A running transcription: iterate over the pieces of text, then read `transcript`."""

    def __init__(self, call: EventCall[Any], fold: TranscriptFold) -> None:
        """Takes over a running call."""
        super().__init__(call, lambda event: fold.add(event) or EMPTY, lambda: fold.finished)
        self._fold = fold

    @property
    def transcript(self) -> Transcript:
        """The transcript, available once the loop has reached its end."""
        return self._fold.transcript()


class Speaking(Flow[Any, bytes]):
    """Speech that is being made: iterate over its bytes, then read `speech`."""

    def __init__(self, call: EventCall[Any], fold: SpeechFold) -> None:
        """Takes over a running call."""
        super().__init__(call, lambda event: fold.add(event) or EMPTY, lambda: fold.finished)
        self._fold = fold

    @property
    def mime_type(self) -> str:
        """The media type of the bytes, available once the first of them have come."""
        return self._fold.mime_type

    @property
    def speech(self) -> Speech:
        """The whole speech, available once the loop has reached its end."""
        return self._fold.speech()


class EmbeddingCalls:
    """The implementation of `client.embed`."""

    def __init__(self, client: Context, channel: Channel) -> None:
        """Binds the calls to a client and its channel."""
        self._client = client
        self._stub = EmbeddingServiceStub(channel)

    def embed(self, texts: str | Iterable[str] = (), **options: Unpack[EmbedOptions]) -> Embeddings:
        """Returns a vector for each text, and then one for each of the `media`.

        Args:
            texts: One text, or several.
            options: See `EmbedOptions`.

        Raises:
            RingmainError: The call failed.
        """
        request = build.embed_request(texts, **named(self._client, options))
        with translated():
            return Embeddings(self._stub.Embed(request, **arguments(self._client, options)))
