"""Sandbox: a request as a server has read it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form.

    Attributes:
        data: Its bytes.
        mime_type: The media type that the form states.
    """

    data: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Received:
    """A request.

    Attributes:
        path: The path of its address, such as `/embeddings`.
        body: Its fields: those of the JSON object, or the texts of a form.
        files: The files of a form by the name of their field, in order.
    """

    path: str
    body: Mapping[str, object]
    files: Mapping[str, tuple[File, ...]] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The requested model."""
        return str(self.body.get("model"))

    def digests(self) -> list[str]:
        """Returns the SHA-256 of each file, in hexadecimal."""
        listed = sorted(self.files.items())
        return [hashlib.sha256(file.data).hexdigest() for _, files in listed for file in files]
