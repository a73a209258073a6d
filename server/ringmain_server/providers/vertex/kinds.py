"""Room 4, pure: what Google's models are for, by their names; they differ in their wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/models. A name that does not tell, such as a tuned
model's endpoint or another publisher's model, may be anything.
"""

import enum
from functools import lru_cache

from ringmain_server.providers.vertex.traits import version_of


class Kind(enum.Enum):
    """What a model is for."""

    CHAT = "chat"
    """It answers in text, and hears recordings."""
    DRAW = "draw"
    """Gemini that draws and changes images, and chats about them."""
    SPEAK = "speak"
    """Gemini that speaks."""
    IMAGEN = "imagen"
    """It draws, by `predict`."""
    IMAGEN_EDIT = "imagen_edit"
    """It changes images, by `predict`."""
    IMAGEN_UPSCALE = "imagen_upscale"
    """It enlarges images, by `predict`."""
    IMAGEN_OLD = "imagen_old"
    """It draws and enlarges, by `predict`."""
    EMBED = "embed"
    """It embeds texts, by `predict`."""
    EMBED_CONTENT = "embed_content"
    """It embeds texts, one in a request, by a method of its own."""
    UNKNOWN = "unknown"


@lru_cache(maxsize=256)
def kind_of(model: str) -> Kind:
    """What a model is for.

    Args:
        model: Its name, with or without a path.
    """
    name = model.rpartition("/")[2].lower()
    if name.startswith("imagegeneration"):
        return Kind.IMAGEN_OLD
    if name.startswith("imagen"):
        return _imagen(name)
    if "embedding" in name:
        # The first Gemini that embeds does so by `predict`, as all before it.
        later = name.startswith("gemini-embedding") and not name.startswith("gemini-embedding-001")
        return Kind.EMBED_CONTENT if later else Kind.EMBED
    if not name.startswith("gemini"):
        return Kind.UNKNOWN
    words = name.split("-")
    if "tts" in words:
        return Kind.SPEAK
    return Kind.DRAW if "image" in words else Kind.CHAT


def _imagen(name: str) -> Kind:
    if "upscale" in name:
        return Kind.IMAGEN_UPSCALE
    return Kind.IMAGEN_EDIT if "capability" in name else Kind.IMAGEN


def version(model: str) -> tuple[int, int]:
    """The version of a Gemini or an Imagen, zeros where its name states none."""
    name = model.rpartition("/")[2].lower()
    return version_of(name.replace("imagen-", "gemini-")) or (0, 0)
