"""Room 4: which translators serve which of Google's models.

A model whose name tells what it is for gets the translators for that and no others: what it cannot do stays a
missing key. A model whose name does not tell gets all of Gemini's, and finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain_server.candidate import Candidate
from ringmain_server.media.canvas import EditForm
from ringmain_server.operations import (
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    TRANSCRIBE,
    UPSCALE_IMAGE,
)
from ringmain_server.providers.exchange import Translators
from ringmain_server.providers.vertex import draw, imagen
from ringmain_server.providers.vertex.kinds import Kind, kind_of
from ringmain_server.providers.vertex.port import Port
from ringmain_server.providers.vertex.speak import SpeakTranslator
from ringmain_server.providers.vertex.transcribe import TranscribeTranslator


@dataclass(frozen=True, slots=True)
class Choice:
    """Chooses once for each candidate. See `Provider.translators_for`.

    Attributes:
        kinds: What serves each kind of model.
    """

    kinds: Mapping[Kind, Translators]

    def __call__(self, candidate: Candidate) -> Translators:
        """What serves a candidate."""
        return self.kinds[kind_of(candidate.provider_model)]

    @property
    def everything(self) -> Translators:
        """What some model of the provider can do."""
        return {op: one for translators in self.kinds.values() for op, one in translators.items()}


def choice(port: Port, chat: Translators, embed: Translators, embed_content: Translators) -> Choice:
    """The choice for a way to Google's models.

    Args:
        port: The way.
        chat: What serves chats.
        embed: What embeds by the first models' method.
        embed_content: What embeds by the later ones'.
    """
    hearing: Translators = {TRANSCRIBE: TranscribeTranslator(port)}
    speaking: Translators = {SPEAK: SpeakTranslator(port)}
    drawing: Translators = {
        GENERATE_IMAGES: draw.GenerateTranslator(port),
        EDIT_IMAGES: draw.EditTranslator(port),
    }
    generating: Translators = {GENERATE_IMAGES: imagen.GenerateTranslator(port)}
    upscaling: Translators = {UPSCALE_IMAGE: imagen.UpscaleTranslator(port)}
    return Choice(
        {
            Kind.CHAT: {**chat, **hearing},
            Kind.DRAW: {**chat, **drawing},
            Kind.SPEAK: speaking,
            Kind.IMAGEN: generating,
            Kind.IMAGEN_EDIT: {EDIT_IMAGES: imagen.EditTranslator(port)},
            Kind.IMAGEN_UPSCALE: upscaling,
            Kind.IMAGEN_OLD: {**generating, **upscaling},
            Kind.EMBED: embed,
            Kind.EMBED_CONTENT: embed_content,
            Kind.UNKNOWN: {**chat, **hearing, **speaking, **drawing, **embed},
        }
    )


def embeds(translator: object) -> Translators:
    """What a translator of embeddings alone can do."""
    return {EMBED: translator}


def edits(_: str) -> EditForm:
    """How these models are told where to change an image: what is white in the mask is redrawn."""
    return EditForm(mask="luminance")
