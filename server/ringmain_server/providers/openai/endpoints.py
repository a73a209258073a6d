"""Room 4, pure: the table of endpoints, other than chat, that the servers of OpenAI's wire have.

Anything that a kind does not mention is as OpenAI documents it
(https://platform.openai.com/docs/api-reference). A kind that lacks an endpoint has no translator for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ringmain_server.candidate import Candidate
from ringmain_server.providers.openai.errors import OpenAIErrors


@dataclass(frozen=True, slots=True)
class ImageEndpoint:
    """How one kind of provider draws. A setting with an empty field name does not exist there.

    Attributes:
        edits: Whether it changes images, in a multipart form.
        streams: Whether it streams previews and images.
        own: Whether the fields of gpt-image exist: `output_format`, `background` and the others.
        response_format: The value that asks for bytes instead of a URL, for models that offer both.
        size: Field for the size.
        width: Field for the width, where it is separate from the height.
        height: Field for the height.
        ratio: Field for the aspect ratio, where it replaces the size.
        ratios: Aspect ratios that it accepts.
        quality: Field for the quality.
        negative_prompt: Field for what must not be drawn.
        seed: Field for the seed.
        count: Most images of one request.
    """

    edits: bool = False
    streams: bool = False
    own: bool = False
    response_format: str = "b64_json"
    size: str = "size"
    width: str = ""
    height: str = ""
    ratio: str = ""
    ratios: tuple[str, ...] = ()
    quality: str = ""
    negative_prompt: str = ""
    seed: str = ""
    count: int = 10


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint:
    """How one kind of provider embeds.

    Attributes:
        base64: Whether vectors are available as base64, at a third of the size of numbers.
        dimensions: Field for the number of dimensions; empty if there is none.
        max_texts: Most texts of one request, if the catalog does not say.
    """

    base64: bool = True
    dimensions: str = "dimensions"
    max_texts: int = 2048


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """How one kind of provider transcribes.

    Attributes:
        streams: Whether any model streams what it hears.
        translations: Whether there is an endpoint that translates into English.
        segments: The `response_format` that asks for segments, where a model's name does not tell whether it
            has them.
        prompt: Whether the request can name words to expect.
    """

    streams: bool = False
    translations: bool = True
    segments: str = "verbose_json"
    prompt: bool = True


@dataclass(frozen=True, slots=True)
class SpeechEndpoint:
    """How one kind of provider speaks.

    Attributes:
        voice: The default voice; empty if a request must name one.
        instructions: Whether a request can say how to speak.
        formats: Media types that it produces, the default first.
    """

    voice: str = ""
    instructions: bool = False
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one kind of provider; None for those that it lacks."""

    images: ImageEndpoint | None = None
    embeddings: EmbeddingEndpoint | None = None
    transcription: TranscriptionEndpoint | None = None
    speech: SpeechEndpoint | None = None
    moderation: bool = False


SPEECH_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "opus",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/pcm": "pcm",
}
"""The wire's name of an audio format by its media type. Opus comes in Ogg."""

_XAI_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "2:1", "1:2")
_ALL_FORMATS = tuple(SPEECH_FORMATS)
_OPENAI = Endpoints(
    images=ImageEndpoint(edits=True, streams=True, own=True, quality="quality"),
    embeddings=EmbeddingEndpoint(),
    transcription=TranscriptionEndpoint(streams=True),
    speech=SpeechEndpoint(voice="alloy", instructions=True, formats=_ALL_FORMATS),
    moderation=True,
)

ENDPOINTS: Mapping[str, Endpoints] = {
    "openai": _OPENAI,
    # Azure filters content itself and has no moderation endpoint:
    # https://learn.microsoft.com/azure/ai-foundry/openai/reference
    "azure": Endpoints(_OPENAI.images, _OPENAI.embeddings, _OPENAI.transcription, _OPENAI.speech),
    # https://docs.ollama.com/api/openai-compatibility
    "ollama": Endpoints(images=ImageEndpoint(count=1), embeddings=EmbeddingEndpoint()),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    "vllm": Endpoints(embeddings=EmbeddingEndpoint(), transcription=TranscriptionEndpoint()),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    "llamacpp": Endpoints(embeddings=EmbeddingEndpoint(dimensions="")),
    # https://console.groq.com/docs/api-reference#audio
    "groq": Endpoints(
        transcription=TranscriptionEndpoint(),
        speech=SpeechEndpoint(formats=("audio/wav", "audio/mpeg", "audio/ogg", "audio/flac")),
    ),
    # https://docs.mistral.ai/api/#tag/embeddings and #tag/audio.transcriptions
    "mistral": Endpoints(
        embeddings=EmbeddingEndpoint(base64=False, dimensions="output_dimension", max_texts=128),
        transcription=TranscriptionEndpoint(translations=False, segments="", prompt=False),
    ),
    "deepseek": Endpoints(),
    # https://docs.x.ai/docs/guides/image-generations: image changes use a different JSON request
    "xai": Endpoints(images=ImageEndpoint(size="", ratio="aspect_ratio", ratios=_XAI_RATIOS)),
    # https://openrouter.ai/docs/api/reference/embeddings; it draws only within chats
    "openrouter": Endpoints(embeddings=EmbeddingEndpoint()),
    # https://docs.together.ai/reference/post-images-generations, /embeddings, /audio-transcriptions
    "together": Endpoints(
        images=ImageEndpoint(
            response_format="base64",
            size="",
            width="width",
            height="height",
            negative_prompt="negative_prompt",
            seed="seed",
            count=4,
        ),
        embeddings=EmbeddingEndpoint(base64=False, dimensions=""),
        transcription=TranscriptionEndpoint(),
    ),
    # https://docs.venice.ai/api-reference
    "venice": Endpoints(
        images=ImageEndpoint(count=1),
        embeddings=EmbeddingEndpoint(),
        speech=SpeechEndpoint(formats=_ALL_FORMATS),
    ),
}
"""Endpoints by provider kind."""


@dataclass(frozen=True, slots=True)
class MediaWire:
    """The facts about a provider that every translator except chat needs.

    Attributes:
        endpoints: The endpoints of its servers.
        errors: Translates the provider's errors.
        deployments: Whether the path names the model, as Azure's deployments do.
    """

    endpoints: Endpoints
    errors: OpenAIErrors
    deployments: bool = False

    def path(self, candidate: Candidate, path: str) -> str:
        """Returns the path at which a candidate answers."""
        if self.deployments:
            return f"/deployments/{quote(candidate.provider_model, safe='')}{path}"
        return path
