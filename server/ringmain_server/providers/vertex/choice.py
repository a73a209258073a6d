"""Room 4: decides which translators serve which of Google's models.

A model that the catalog knows to be for something (`Knobs.purpose`) gets the translators for that and no
others, so operations that it lacks are missing keys. Any other model gets all translators of Gemini, and
errors tell what it cannot do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_CHAT,
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
from ringmain_server.providers.vertex.port import Port
from ringmain_server.providers.vertex.speak import VertexSpeakTranslator
from ringmain_server.providers.vertex.transcribe import VertexTranscribeTranslator

CARRIES: frozenset[int] = PROVIDER_TOOLS | {
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_CHAT,
    CAPABILITY_IMAGE_OUTPUT,
}
"""The wire carries these of `WIRE_FEATURES` at each of its hosts."""
_CHAT, _ANY = "chat", "any"
GIVES = PROVIDER_TOOLS
"""Google runs both tools for every Gemini that calls functions."""


@dataclass(frozen=True, slots=True)
class TranslatorChoice:
    """Chooses the translators of each candidate once. See `Provider.translators_for`.

    Attributes:
        purposes: The translators of each purpose of models.
    """

    purposes: Mapping[str, Translators]

    def __call__(self, candidate: Candidate) -> Translators:
        """Returns the translators of a candidate."""
        return self.purposes[_purpose(candidate)]

    @property
    def everything(self) -> Translators:
        """The translators of everything that some model of the provider can do."""
        return {op: one for translators in self.purposes.values() for op, one in translators.items()}


def _purpose(candidate: Candidate) -> str:
    """Returns what a model is for. One that is known to chat, and for nothing else, chats."""
    found = candidate.knobs.purpose
    chats = candidate.capabilities is not None and CAPABILITY_CHAT in candidate.capabilities
    return _CHAT if found == _ANY and chats else found


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
            _CHAT: {**chat, **hearing},
            "draw": {**chat, **drawing},
            "speak": speaking,
            "predict_draw": generating,
            "predict_edit": {EDIT_IMAGES: imagen.ImagenEditTranslator(port)},
            "predict_upscale": upscaling,
            "predict_draw_upscale": {**generating, **upscaling},
            "embed": embed,
            "embed_content": embed_content,
            "embed_media": embeds(VertexMediaEmbedTranslator(port)),
            _ANY: {**chat, **hearing, **speaking, **drawing, **embed},
        }
    )


def embeds(translator: Translator) -> Translators:
    """Returns the translators of a model that only embeds."""
    return {EMBED: translator}


def edits(_: str) -> EditForm:
    """Returns the form in which these models expect edits: they redraw the white area of the mask."""
    return EditForm(mask="luminance")
