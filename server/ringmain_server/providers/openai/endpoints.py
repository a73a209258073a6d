"""Room 4, pure: which endpoints beside chat the servers of OpenAI's wire have, in one table.

What a kind does not name is as OpenAI documents it (https://platform.openai.com/docs/api-reference). A kind
that lacks an endpoint has no translator for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ringmain_server.candidate import Candidate
from ringmain_server.providers.openai.errors import OpenAIErrors


@dataclass(frozen=True, slots=True)
class ImageEndpoint:
    """How one kind draws. A field whose name is empty does not exist there.

    Attributes:
        edits: Whether it changes images, in a multipart form.
        streams: Whether it streams previews and images.
        own: Whether the fields of gpt-image exist: `output_format`, `background` and the others.
        response_format: What asks for bytes instead of an address, for models that know both.
        size: Field for the size.
        width: Field for the width, where it is told apart from the height.
        height: Field for the height.
        ratio: Field for the aspect ratio, in place of a size.
        ratios: What it may be.
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
    """How one kind embeds.

    Attributes:
        base64: Whether vectors can be had as base64, which costs a third of what numbers do.
        dimensions: Field for the number of dimensions; empty where there is none.
        max_texts: Of one request, where the catalog does not say.
    """

    base64: bool = True
    dimensions: str = "dimensions"
    max_texts: int = 2048


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """How one kind transcribes.

    Attributes:
        streams: Whether any model streams what it hears.
        translations: Whether there is an endpoint that translates into English.
        segments: Field that asks for segments where the models' names do not tell whether they have them: a
            `response_format` of that name.
        prompt: Whether words to expect can be told.
    """

    streams: bool = False
    translations: bool = True
    segments: str = "verbose_json"
    prompt: bool = True


@dataclass(frozen=True, slots=True)
class SpeechEndpoint:
    """How one kind speaks.

    Attributes:
        voice: Its voice where a request does not say; empty where it must.
        instructions: Whether it can be told how to speak.
        formats: Media types that it makes, the first one where none is asked for.
    """

    voice: str = ""
    instructions: bool = False
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What one kind has."""

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
"""The wire's name of a format by its media type. Opus comes in Ogg."""

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
    # Azure screens content by itself and has no moderation endpoint:
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
    # https://docs.x.ai/docs/guides/image-generations: changes images by a JSON request of its own
    "xai": Endpoints(images=ImageEndpoint(size="", ratio="aspect_ratio", ratios=_XAI_RATIOS)),
    # https://openrouter.ai/docs/api/reference/embeddings; draws within chats
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
    """What every translator beside chat knows of a provider.

    Attributes:
        endpoints: What its servers have.
        errors: What its errors mean.
        deployments: Whether the path names the model, as Azure's deployments do.
    """

    endpoints: Endpoints
    errors: OpenAIErrors
    deployments: bool = False

    def path(self, candidate: Candidate, path: str) -> str:
        """Where a candidate answers."""
        if self.deployments:
            return f"/deployments/{quote(candidate.provider_model, safe='')}{path}"
        return path
