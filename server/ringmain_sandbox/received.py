"""Room 4, the sandbox: a request as the server that it plays reads it, form and files included."""

import hashlib
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import orjson
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.transport import FormField, HttpRequest

from ringmain_sandbox.prompt import PACING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_TYPED = frozenset({*PACING, "n", "seed", "stream", "partial_images", "factor"})
"""Fields that are numbers or truth values."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form.

    Attributes:
        data: Its bytes.
        mime_type: As the form says.
    """

    data: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Received:
    """A request.

    Attributes:
        path: Where it was sent, such as `/embeddings`.
        body: Its fields: those of the JSON object, or the texts of a form.
        files: The files of a form by the name of their field, in order.
    """

    path: str
    body: Mapping[str, object]
    files: Mapping[str, tuple[File, ...]] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body.get("model"))

    def digests(self) -> list[str]:
        """What is one for the same files only."""
        listed = sorted(self.files.items())
        return [hashlib.sha256(file.data).hexdigest() for _, files in listed for file in files]


async def receive(request: HttpRequest) -> Received:
    """Reads a request to its end.

    Raises:
        RingmainError: What ended an upload before its time.
    """
    if not request.form:
        return Received(request.path, plain(request.body))
    body: dict[str, object] = {}
    files: dict[str, tuple[File, ...]] = {}
    for one in request.form:
        if isinstance(one.value, str) and not one.filename:
            body[one.name] = _typed(one.name, one.value)
        else:
            file = File(await _bytes(one), one.mime_type)
            files[one.name] = (*files.get(one.name, ()), file)
    return Received(request.path, body, files)


def _typed(name: str, text: str) -> object:
    """What a form can only say as text."""
    if name in _TYPED:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


async def _bytes(one: FormField) -> bytes:
    if isinstance(one.value, bytes):
        return one.value
    if isinstance(one.value, str):
        return one.value.encode()
    # What makes the iterator is a generator function wherever bytes still come in.
    given = one.value()
    if isinstance(given, bytes):
        return given
    upload = cast("AsyncGenerator[bytes, None]", given)
    async with aclosing(upload) as chunks:
        return b"".join([chunk async for chunk in chunks])
