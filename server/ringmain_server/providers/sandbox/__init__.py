"""Room 4: the sandbox, a provider without a network, a key or a model. See `docs/sandbox.md`."""

from typing import TYPE_CHECKING

from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT
from ringmain_sandbox import models
from ringmain_sandbox.script import Pace
from ringmain_sandbox.upstream import Upstream, interval, seconds

from ringmain_server.catalog.capabilities import CHAT_FEATURES, WIRE_FEATURES
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.kinds.openai import Dialect
from ringmain_server.media.canvas import EditForm
from ringmain_server.operations import (
    CHAT,
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    STREAM_CHAT,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    TRANSCRIBE,
    UPSCALE_IMAGE,
)
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai.chat import ChatWire, OpenAIChatTranslator, OpenAIStreamChatTranslator
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.sandbox import image_translators as pictures
from ringmain_server.providers.sandbox.embedding import EmbedTranslator
from ringmain_server.providers.sandbox.host import HOST
from ringmain_server.providers.sandbox.speech import SpeakTranslator
from ringmain_server.providers.sandbox.transcription import TranscribeTranslator
from ringmain_server.providers.sandbox.transport import SandboxTransport
from ringmain_server.providers.translator import Translators

if TYPE_CHECKING:
    from ringmain_server.config import SandboxSettings
    from ringmain_server.media.workers import MediaWorkers
    from ringmain_server.providers.sessions import HttpSessions

_DIALECT = Dialect(
    max_tokens="max_completion_tokens",
    top_k="top_k",
    reasoning_back="reasoning_content",
    documents="file",
    audio="named",
    texts="list",
    audio_output=True,
    image_output=True,
    reasoning_budget=True,
    reasoning_details=True,
    own_tools=True,
    cache_control=True,
)
KNOBS = Knobs(efforts=("none", "minimal", "low", "medium", "high", "xhigh"))
"""The knobs of every model."""

_CARRIES: frozenset[int] = WIRE_FEATURES
"""The models do these of `WIRE_FEATURES`."""
_EDITS = EditForm(outpaints=True)


def build(
    provider_id: str, settings: "SandboxSettings", sessions: "HttpSessions", workers: "MediaWorkers"
) -> Provider:
    """Builds a sandbox. Its translators of chat and its error map are those of the OpenAI wire.

    Args:
        provider_id: The name of the provider.
        settings: Its pace and seed.
        sessions: Not used, because there is no network.
        workers: The threads in which it draws.
    """
    del sessions
    pace = Pace(seconds(settings.first_token_ms), interval(settings.tokens_per_second))
    errors = OpenAIErrors()
    transport = SandboxTransport(provider_id, Upstream(pace, settings.seed, HOST), errors, workers.pool)
    return Provider(
        provider_id,
        "sandbox",
        transport,
        translators(errors),
        models=tuple(models.MODELS),
        capabilities=capabilities,
        carries=lambda *_: _CARRIES,
        knobs=KNOBS,
        edits=lambda _: _EDITS,
    )


def capabilities(model: str) -> frozenset[int] | None:
    """Returns what a model can do, as values of `Capability`; None for a model that does not exist."""
    found = models.capabilities(model)
    return found | CHAT_FEATURES if found and CAPABILITY_CHAT in found else found


def translators(errors: OpenAIErrors) -> Translators:
    """Returns the translator of each operation.

    Args:
        errors: Maps refusals to errors.
    """
    wire = ChatWire(_DIALECT, errors)
    stream = pictures.SandboxStreamImagesTranslator()
    return {
        CHAT: OpenAIChatTranslator(wire),
        STREAM_CHAT: OpenAIStreamChatTranslator(wire),
        EMBED: EmbedTranslator(),
        SPEAK: SpeakTranslator(),
        TRANSCRIBE: TranscribeTranslator(),
        GENERATE_IMAGES: pictures.GenerateTranslator(),
        EDIT_IMAGES: pictures.EditTranslator(),
        STREAM_GENERATE_IMAGES: stream,
        STREAM_EDIT_IMAGES: stream,
        UPSCALE_IMAGE: pictures.UpscaleTranslator(),
        CLASSIFY_IMAGE: pictures.ClassifyTranslator(),
    }
