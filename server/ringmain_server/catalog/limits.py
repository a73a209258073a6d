"""Catalog, outside the rooms, pure: what a model takes and makes besides tokens, as `data/*.toml` says it.

    known.limits.vision      images that a chat model reads
    known.limits.image       images that an image model draws and changes
    known.limits.embedding   texts that an embedding model takes, vectors that it gives

Each is None where nothing is known; zero or nothing within one means that no such limit is known. A candidate
has the same as `candidate.limits`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from ringmain_server.media.limits import ModelLimits

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionLimits:
    """Images that a model reads in a chat.

    Attributes:
        image: What each image must be, or is changed to be. A side beyond which the provider scales an image
            down itself is a limit here too: what is beyond is paid for in bytes and seen by nobody.
        max_images: Of one request.
    """

    image: ModelLimits
    max_images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """Images that a model draws.

    Attributes:
        sizes: Sizes that it has, such as `1024x1536`, its usual one first.
        ratios: Ratios that it has, such as `16:9`, where it is not told a size.
        step: Any size whose sides are multiples of this many pixels is taken as well, within the next three.
        max_side: Of any size, in pixels.
        max_pixels: Of any size, width times height.
        min_pixels: Of any size, width times height.
        max_ratio: Of any size, the longer side over the shorter.
        max_count: Images of one request.
        mime_types: What it can be told to make, its usual one first.
        qualities: What it can be told of quality, in its own words.
        max_previews: Of each image, while it draws; 0 where it cannot stream.
        max_inputs: Images to change, of one request; 0 where it changes none.
        max_input_bytes: Of each of them.
        input_types: Media types of each of them.
        square_input: Whether they must be square.
        max_prompt: Characters of the description.
        transparent: Whether it can leave the background transparent.
        styles: What it can be told of style.
    """

    sizes: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
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
    """Texts that a model takes, and vectors that it gives.

    Attributes:
        dimensions: Numbers of a vector where a request does not say.
        adjustable: Whether a request may say.
        max_texts: Of one request.
        max_text_tokens: Of each text.
        max_request_tokens: Of all texts of one request.
    """

    dimensions: int = 0
    adjustable: bool = False
    max_texts: int = 0
    max_text_tokens: int = 0
    max_request_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All of a model's. See the module."""

    vision: VisionLimits | None = None
    image: ImageLimits | None = None
    embedding: EmbeddingLimits | None = None


NO_LIMITS = Limits()

TABLES = frozenset({"vision", "image", "embedding"})
"""The tables of a model in a data file."""


def read_limits(entry: Mapping[str, object]) -> Limits:
    """The limits of a model in a data file.

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
    most = _like(0, table.get("max_images", 0), "vision.max_images")
    return VisionLimits(image=_made(ModelLimits, "vision", rest), max_images=most)


def _made(kind: type[Made], name: str, table: Mapping[str, object]) -> Made:
    known: dict[str, Any] = {
        one.name: one.default
        for one in fields(kind)  # type: ignore[arg-type] # a dataclass
        if one.default is not MISSING
    }
    unknown = table.keys() - known.keys()
    if unknown:
        raise ValueError(f"unknown {', '.join(f'{name}.{key}' for key in sorted(unknown))}")
    return kind(**{key: _like(known[key], value, f"{name}.{key}") for key, value in table.items()})


def _like(default: Any, value: object, where: str) -> Any:
    """A value of the data file, as the field with this default has it."""
    if isinstance(default, tuple | frozenset):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{where} is not a list of texts")
        return type(default)(value)
    if isinstance(default, float):
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if type(value) is not type(default):
        raise ValueError(f"{where} is not {_WORDS[type(default)]}")
    return value


_WORDS = {bool: "true or false", int: "a whole number", float: "a number"}
