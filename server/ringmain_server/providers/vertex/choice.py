"""Room 4: decides which translators serve which of Google's models.

A model whose name says what it is for gets the translators for that and no others, so operations that it
lacks are missing keys. A model whose name says nothing gets all translators of Gemini, and errors tell what
it cannot do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_IMAGE_OUTPUT,
)

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import PROVIDER_TOOLS
from ringmain_server.media.canvas import EditForm
from ringmain_server.operations import (
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    TRANSCRIBE,
    UPSCALE_IMAGE,
)
from ringmain_server.providers.translator import Translator, Translators
from ringmain_server.providers.vertex import draw, imagen
from ringmain_server.providers.vertex.embedding_media import VertexMediaEmbedTranslator
from ringmain_server.providers.vertex.kinds import ModelKind, kind_of
from ringmain_server.providers.vertex.port import Port
from ringmain_server.providers.vertex.speak import VertexSpeakTranslator
from ringmain_server.providers.vertex.transcribe import VertexTranscribeTranslator

CARRIES: frozenset[int] = PROVIDER_TOOLS | {
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_IMAGE_OUTPUT,
}
"""The wire carries these of `WIRE_FEATURES` at each of its hosts."""
GIVES = PROVIDER_TOOLS
"""Google runs both tools for every Gemini that calls functions."""


@dataclass(frozen=True, slots=True)
class TranslatorChoice:
    """Chooses the translators of each candidate once. See `Provider.translators_for`.

    Attributes:
        kinds: The translators of each kind of model.
    """

    kinds: Mapping[ModelKind, Translators]

    def __call__(self, candidate: Candidate) -> Translators:
        """Returns the translators of a candidate."""
        return self.kinds[kind_of(candidate.provider_model)]

    @property
    def everything(self) -> Translators:
        """The translators of everything that some model of the provider can do."""
        return {op: one for translators in self.kinds.values() for op, one in translators.items()}


def choice(port: Port, chat: Translators, embed: Translators, embed_content: Translators) -> TranslatorChoice:
    """Returns the choice for a port to Google's models.

    Args:
        port: The port.
        chat: The translators of chats.
        embed: The translators for embedding models that use `predict`.
        embed_content: The translators for embedding models that use a method of their own.
    """
    hearing: Translators = {TRANSCRIBE: VertexTranscribeTranslator(port)}
    speaking: Translators = {SPEAK: VertexSpeakTranslator(port)}
    drawing: Translators = {
        GENERATE_IMAGES: draw.VertexGenerateTranslator(port),
        EDIT_IMAGES: draw.VertexEditTranslator(port),
    }
    generating: Translators = {GENERATE_IMAGES: imagen.ImagenGenerateTranslator(port)}
    upscaling: Translators = {UPSCALE_IMAGE: imagen.ImagenUpscaleTranslator(port)}
    return TranslatorChoice(
        {
            ModelKind.CHAT: {**chat, **hearing},
            ModelKind.DRAW: {**chat, **drawing},
            ModelKind.SPEAK: speaking,
            ModelKind.IMAGEN: generating,
            ModelKind.IMAGEN_EDIT: {EDIT_IMAGES: imagen.ImagenEditTranslator(port)},
            ModelKind.IMAGEN_UPSCALE: upscaling,
            ModelKind.IMAGEN_OLD: {**generating, **upscaling},
            ModelKind.EMBED: embed,
            ModelKind.EMBED_CONTENT: embed_content,
            ModelKind.EMBED_MEDIA: embeds(VertexMediaEmbedTranslator(port)),
            ModelKind.UNKNOWN: {**chat, **hearing, **speaking, **drawing, **embed},
        }
    )


def embeds(translator: Translator) -> Translators:
    """Returns the translators of a model that only embeds."""
    return {EMBED: translator}


def edits(_: str) -> EditForm:
    """Returns the form in which these models expect edits: they redraw the white area of the mask."""
    return EditForm(mask="luminance")
