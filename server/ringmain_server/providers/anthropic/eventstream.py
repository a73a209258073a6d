"""Room 4, the I/O side of `anthropic`: turns Bedrock's stream of frames into server-sent events.

Each frame is an event of the Messages wire in base64, or an exception of Bedrock
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html). The module is
imported only for Bedrock: botocore comes with the extra `bedrock`.
"""

import base64
import binascii

import orjson
from botocore.eventstream import EventStreamBuffer, ParserError

from ringmain_server.errors import MalformedAnswer, ProviderError
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.transport import Incoming

_LENGTH = 4
"""Bytes at the beginning of a frame that hold its length."""
_SMALLEST, _LARGEST = 16, 25 << 20
"""Bytes of a frame without headers and payload, and of the largest frame that botocore reads."""


class EventStream:
    """A streamed answer in frames. See `Incoming`.

    Args:
        provider_id: The provider that answers.
        incoming: The stream of frames.
    """

    __slots__ = ("_frames", "_held", "_incoming", "_provider_id")

    def __init__(self, provider_id: str, incoming: Incoming[bytes]) -> None:
        self._provider_id = provider_id
        self._incoming = incoming
        self._frames = EventStreamBuffer()
        self._held = bytearray()

    async def read(self) -> bytes | None:
        """Returns the events that have arrived since the last read. See `Incoming.read`."""
        events = b""
        while not events:
            chunk = await self._incoming.read()
            if chunk is None:
                return None
            events = self._events(chunk)
        return events

    def abort(self, error: ProviderError) -> None:
        """Wakes the reader with `error`."""
        self._incoming.abort(error)

    def close(self, *, complete: bool) -> None:
        """Ends the exchange at once."""
        self._incoming.close(complete=complete)

    def _events(self, chunk: bytes) -> bytes:
        self._frames.add_data(self._whole(chunk))
        # Botocore and the payload may fail in many ways; each means that the frame is malformed.
        try:
            return b"".join(_event(frame.headers, frame.payload) for frame in self._frames)
        except (ParserError, binascii.Error, NotJson, KeyError, TypeError, AttributeError, ValueError) as exc:
            raise MalformedAnswer(self._provider_id, "sent a frame that cannot be read") from exc

    def _whole(self, chunk: bytes) -> bytes:
        """Returns the complete frames and keeps the rest.

        Botocore copies its whole buffer with every piece that arrives, so it gets only complete frames.
        """
        self._held += chunk
        end = 0
        while len(self._held) >= end + _LENGTH:
            size = int.from_bytes(self._held[end : end + _LENGTH], "big")
            # Checked before the frame is complete, so that a wrong length cannot make this buffer grow.
            if not _SMALLEST <= size <= _LARGEST:
                raise MalformedAnswer(self._provider_id, "sent a frame of no possible size")
            if len(self._held) < end + size:
                break
            end += size
        whole = bytes(self._held[:end])
        del self._held[:end]
        return whole


def _event(headers: dict[str, object], payload: bytes) -> bytes:
    content = read(payload)
    if headers.get(":message-type") == "event":
        return b"data: " + base64.b64decode(content["bytes"]) + b"\n\n"
    kind = headers.get(":exception-type") or headers.get(":error-code")
    error = {**content, "type": kind, "message": content.get("message", "")}
    return b"data: " + orjson.dumps({"type": "error", "error": error}) + b"\n\n"
