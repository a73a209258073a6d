"""Room 4, the I/O side: writes large request bodies piece by piece."""

from collections.abc import Sequence

from aiohttp import Payload
from aiohttp.abc import AbstractStreamWriter

from ringmain_server.providers.json_base64 import Base64, pieces, render, size
from ringmain_server.providers.transport import Json

_LARGE = 1 << 20
"""Bytes above which aiohttp warns of a body that it is given as bytes."""


def json_body(body: Json) -> bytes | Payload:
    """Returns a JSON body as bytes, or as a payload that writes it if there are large blobs in it."""
    rendered = render(body)
    whole = rendered[0]
    small = len(rendered) == 1 and isinstance(whole, bytes) and len(whole) <= _LARGE
    return whole if small and isinstance(whole, bytes) else JsonPayload(rendered)


class JsonPayload(Payload):
    """A rendered document whose blobs are encoded while they are written. See aiohttp's `Payload`.

    Args:
        rendered: The result of `json_base64.render`.
    """

    _value: Sequence[bytes | Base64]

    def __init__(self, rendered: Sequence[bytes | Base64]) -> None:
        super().__init__(rendered, content_type="application/json")
        self._size = size(rendered)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Returns the document as text."""
        return b"".join(pieces(self._value)).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Writes the document."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Writes the document, whose length is always the announced one."""
        for piece in pieces(self._value):
            await writer.write(piece)
