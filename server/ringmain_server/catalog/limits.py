"""Catalog, pure: the limits of models other than tokens, as `data/*.toml` states them.

    known.limits.vision      images that a chat model reads
    known.limits.image       images that an image model draws and edits
    known.limits.embedding   texts that an embedding model takes, and vectors that it returns

Each is None if nothing is known. Within one, zero or an empty value means that the limit is unknown. A
candidate has the same limits as `candidate.limits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from ringmain_server.catalog.values import read_values
from ringmain_server.media.limits import ModelLimits

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionLimits:
    """Limits on the images that a model reads in a chat.

    Attributes:
        image: Limits of each image, to which larger images are converted. A side above which the provider
            itself scales images down is a limit too, because sending more pixels has no effect.
        max_images: Most images of one request.
    """

    image: ModelLimits
    max_images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """Limits on the images that a model draws and edits.

    Attributes:
        sizes: Sizes that it draws, such as `1024x1536`, the default first.
        ratios: Aspect ratios that it draws, such as `16:9`, if it takes a ratio instead of a size.
        grades: Sizes that it takes beside a ratio, such as `2K`.
        factors: Factors by which it enlarges, such as `x2`.
        step: If not zero, it also draws any size whose sides are multiples of this number of pixels, within
            the limits of the next four fields.
        max_side: Longest side of such a size, in pixels.
        max_pixels: Most pixels of such a size, width times height.
        min_pixels: Fewest pixels of such a size, width times height.
        max_ratio: Largest ratio of the longer side of such a size to the shorter one.
        max_count: Most images of one request.
        mime_types: Media types that it can produce on request, the default first.
        qualities: Values of quality, in the provider's words, the best one last.
        max_previews: Most previews of each image; 0 if it cannot stream.
        max_inputs: Most images to edit in one request; 0 if it cannot edit.
        max_input_bytes: Most bytes of each image to edit.
        input_types: Media types of images to edit.
        square_input: Whether images to edit must be square.
        max_prompt: Most characters of the description. No check reads it yet.
        transparent: Whether it can draw a transparent background.
        styles: Values of style, in the provider's words.
    """

    sizes: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    step: int = 0
    max_side: int = 0
    max_pixels: int = 0
    min_pixels: int = 0
    max_ratio: float = 0.0
    max_count: int = 0
    mime_types: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    max_previews: int = 0
    max_inputs: int = 0
    max_input_bytes: int = 0
    input_types: tuple[str, ...] = ()
    square_input: bool = False
    max_prompt: int = 0
    transparent: bool = False
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingLimits:
    """Limits on the texts that a model takes and the vectors that it returns.

    Attributes:
        dimensions: Dimensions of a vector if a request does not say.
        adjustable: Whether a request may choose the number of dimensions.
        max_texts: Most texts of one request.
        max_predict_texts: Most texts of one request by Vertex AI's `predict`, if another number.
        max_text_tokens: Most tokens of each text. No check reads it yet.
        max_request_tokens: Most tokens of all texts of one request.
    """

    dimensions: int = 0
    adjustable: bool = False
    max_texts: int = 0
    max_predict_texts: int = 0
    max_text_tokens: int = 0
    max_request_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All limits of a model. The module's docstring explains them."""

    vision: VisionLimits | None = None
    image: ImageLimits | None = None
    embedding: EmbeddingLimits | None = None


NO_LIMITS = Limits()

TABLES = frozenset({"vision", "image", "embedding"})
"""The names of the tables of limits in a data file."""


def read_limits(entry: Mapping[str, object]) -> Limits:
    """Reads the limits of a model in a data file.

    Raises:
        ValueError: A key is unknown, or its value is of another type. The message names both.
    """
    tables = {name: _table(name, entry[name]) for name in TABLES & entry.keys()}
    vision = tables.get("vision")
    return Limits(
        vision=None if vision is None else _vision(vision),
        image=_made(ImageLimits, "image", tables["image"]) if "image" in tables else None,
        embedding=_made(EmbeddingLimits, "embedding", tables["embedding"]) if "embedding" in tables else None,
    )


def _table(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not a table")  # noqa: TRY004 - of the file, not of the code
    return value


def _vision(table: Mapping[str, object]) -> VisionLimits:
    rest = {key: value for key, value in table.items() if key != "max_images"}
    most = {key: value for key, value in table.items() if key == "max_images"}
    return VisionLimits(image=_made(ModelLimits, "vision", rest), **read_values(VisionLimits, most, "vision"))


def _made(kind: type[Made], name: str, table: Mapping[str, object]) -> Made:
    return kind(**read_values(kind, table, name))
