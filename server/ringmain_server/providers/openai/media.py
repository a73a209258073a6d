"""Room 4, pure: collects the translators, except chat, that a kind of this wire has."""

from collections.abc import Iterator

from ringmain_server.candidate import Candidate
from ringmain_server.kinds.openai import Endpoints, ImageEndpoint
from ringmain_server.operations import (
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    TRANSCRIBE,
    AnyOperation,
)
from ringmain_server.providers.openai.embeddings import OpenAIEmbedTranslator
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.images import (
    ImageWire,
    OpenAIEditTranslator,
    OpenAIGenerateTranslator,
    OpenAIStreamEditTranslator,
    OpenAIStreamGenerateTranslator,
)
from ringmain_server.providers.openai.media_wire import MediaWire
from ringmain_server.providers.openai.moderations import OpenAIModerationTranslator
from ringmain_server.providers.openai.speech import OpenAISpeakTranslator
from ringmain_server.providers.openai.transcriptions import OpenAITranscribeTranslator
from ringmain_server.providers.translator import Translator, Translators

STREAMS_OF_IMAGES = frozenset({STREAM_GENERATE_IMAGES, STREAM_EDIT_IMAGES})


def media_translators(has: Endpoints, errors: OpenAIErrors, *, deployments: bool = False) -> Translators:
    """Returns the translators of everything that servers with these endpoints can do except chat.

    Args:
        has: The endpoints that the servers have.
        errors: Translates the provider's errors.
        deployments: Whether the path names the model.
    """
    wire = MediaWire(errors, deployments)
    found: dict[AnyOperation, Translator] = dict(_images(wire, has.images)) if has.images else {}
    if has.embeddings is not None:
        found[EMBED] = OpenAIEmbedTranslator(wire, has.embeddings)
    if has.transcription is not None:
        found[TRANSCRIBE] = OpenAITranscribeTranslator(wire, has.transcription)
    if has.speech is not None:
        found[SPEAK] = OpenAISpeakTranslator(wire, has.speech)
    if has.moderation:
        found[CLASSIFY_IMAGE] = OpenAIModerationTranslator(wire)
    return found


def _images(media: MediaWire, endpoint: ImageEndpoint) -> Iterator[tuple[AnyOperation, Translator]]:
    wire = ImageWire(media, endpoint)
    yield GENERATE_IMAGES, OpenAIGenerateTranslator(wire)
    if endpoint.edits:
        yield EDIT_IMAGES, OpenAIEditTranslator(wire)
    if endpoint.streams:
        yield STREAM_GENERATE_IMAGES, OpenAIStreamGenerateTranslator(wire)
        yield STREAM_EDIT_IMAGES, OpenAIStreamEditTranslator(wire)


def streams_images(candidate: Candidate) -> bool:
    """Whether a model streams the images that it draws, as gpt-image does and DALL·E does not."""
    known = candidate.limits.image
    return known.max_previews > 0 if known is not None else not candidate.knobs.asks_for_bytes
