"""Room 4, pure: decodes many vectors of one answer quickly.

Vectors come as base64; 128 vectors of 1,536 dimensions take a mebibyte. Python's own decoder needs three
times as long for them as pydantic needs for the whole answer.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

_BASE64 = ConfigDict(val_json_bytes="base64", strict=False, extra="allow")
"""Further fields are kept, to tell which are not known."""


class PackedVector(BaseModel):
    """A vector whose numbers are little-endian 32-bit floats."""

    model_config = _BASE64

    embedding: bytes
    index: int | None = None


class PackedVectors(BaseModel):
    """An answer with packed vectors."""

    model_config = _BASE64

    data: list[PackedVector]
    usage: dict[str, Any] | None = None
    error: Any = None


def names(found: PackedVectors) -> Mapping[str, object]:
    """Returns the fields of an answer, and those of its vectors, without what they hold."""
    within: dict[str, None] = {}
    for one in found.data:
        within.update(dict.fromkeys(one.model_extra or ()))
    return {**dict.fromkeys(found.model_extra or ()), "data": within, "usage": found.usage}


def packed(raw: bytes) -> PackedVectors | None:
    """Returns the vectors of an answer; None if it has another shape, such as plain numbers or an error."""
    try:
        found = PackedVectors.model_validate_json(raw)
    except ValidationError:
        return None
    return found if found.error is None else None
