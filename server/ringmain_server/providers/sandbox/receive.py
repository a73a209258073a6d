"""Room 4: hands a request to the sandbox's upstream as a server would read it, form and files included."""

from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import orjson
from ringmain_sandbox.prompt import PACING
from ringmain_sandbox.received import File, Received

from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.transport import FormField, HttpRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_TYPED = frozenset({*PACING, "n", "seed", "stream", "partial_images", "factor"})
"""Fields that are numbers or truth values."""


async def receive(request: HttpRequest) -> Received:
    """Reads a request to its end.

    Raises:
        RingmainError: The error that ended an upload early.
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
    """Returns the value of a form's field, which a form can only say as text."""
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
    # The iterator comes from a generator function wherever bytes are still being uploaded.
    given = one.value()
    if isinstance(given, bytes):
        return given
    upload = cast("AsyncGenerator[bytes, None]", given)
    async with aclosing(upload) as chunks:
        return b"".join([chunk async for chunk in chunks])
