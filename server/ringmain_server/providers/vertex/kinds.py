"""Room 4, pure: tells by their names what Google's models are for; each kind has its own wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/models. A name that says nothing, such as a tuned
model's endpoint or another publisher's model, may be anything.
"""

import enum
from functools import lru_cache

from ringmain_server.providers.vertex.traits import version_of

VERTEX = "vertex"
"""The kind of providers that take the messages themselves. Others take JSON, which has more fields."""


class ModelKind(enum.Enum):
    """The purpose of a model."""

    CHAT = "chat"
    """Answers in text and transcribes recordings."""
    DRAW = "draw"
    """Gemini that draws and changes images, and chats about them."""
    SPEAK = "speak"
    """Gemini that speaks."""
    IMAGEN = "imagen"
    """Draws images, by `predict`."""
    IMAGEN_EDIT = "imagen_edit"
    """Changes images, by `predict`."""
    IMAGEN_UPSCALE = "imagen_upscale"
    """Enlarges images, by `predict`."""
    IMAGEN_OLD = "imagen_old"
    """Draws and enlarges images, by `predict`."""
    EMBED = "embed"
    """Embeds texts, by `predict`."""
    EMBED_CONTENT = "embed_content"
    """Embeds texts and media, one per request, by a method of its own."""
    EMBED_MEDIA = "embed_media"
    """Embeds texts and images, by `predict`."""
    UNKNOWN = "unknown"


@lru_cache(maxsize=256)
def kind_of(model: str) -> ModelKind:
    """Returns the purpose of a model.

    Args:
        model: The model's name, with or without a path.
    """
    name = model.rpartition("/")[2].lower()
    if name.startswith("imagegeneration"):
        return ModelKind.IMAGEN_OLD
    if name.startswith("imagen"):
        return _imagen(name)
    if name.startswith("multimodalembedding"):
        return ModelKind.EMBED_MEDIA
    if "embedding" in name:
        # The first embedding Gemini uses `predict`, like all embedding models before it.
        later = name.startswith("gemini-embedding") and not name.startswith("gemini-embedding-001")
        return ModelKind.EMBED_CONTENT if later else ModelKind.EMBED
    if not name.startswith("gemini"):
        return ModelKind.UNKNOWN
    words = name.split("-")
    if "tts" in words:
        return ModelKind.SPEAK
    return ModelKind.DRAW if "image" in words else ModelKind.CHAT


def _imagen(name: str) -> ModelKind:
    if "upscale" in name:
        return ModelKind.IMAGEN_UPSCALE
    return ModelKind.IMAGEN_EDIT if "capability" in name else ModelKind.IMAGEN


def version(model: str) -> tuple[int, int]:
    """Returns the version of a Gemini or an Imagen; zeros if its name states none."""
    name = model.rpartition("/")[2].lower()
    return version_of(name.replace("imagen-", "gemini-")) or (0, 0)
