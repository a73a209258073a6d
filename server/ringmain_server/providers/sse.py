"""Room 4, pure: server-sent events from bytes.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream as far as model
providers use it: only the data of an event is returned, because every provider repeats the event's type
inside. Comments, ids, retry times and unknown fields are skipped. Data stays bytes: the JSON parser checks
the UTF-8.
"""

EVENT_LIMIT = 1 << 20
"""Most bytes of one event: an event does not grow without bound in memory (laws, section 3.6)."""

_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """An event exceeds the limit."""


class SseDecoder:
    """Cuts a stream of bytes into events, wherever the network cut it.

    Args:
        limit: Most bytes of one event.
    """

    __slots__ = ("_buffer", "_data", "_limit", "_started")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self._limit = limit
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that these bytes complete, in order.

        Raises:
            EventTooLarge: An event exceeds the limit.
        """
        if not self._started:
            chunk = self._begin(chunk)
        buffer = self._buffer + chunk if self._buffer else chunk
        if not self._data and buffer.endswith(b"\n\n") and b"\r" not in buffer:
            self._buffer = b""
            return self._whole(buffer)
        return self._lines(buffer)

    def _begin(self, chunk: bytes) -> bytes:
        """Drops the byte order mark that may open a stream."""
        chunk, self._buffer = self._buffer + chunk, b""
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._buffer = chunk
            return b""
        self._started = True
        return chunk.removeprefix(_BOM)

    def _whole(self, buffer: bytes) -> list[bytes]:
        """The common case: nothing but complete events of one data line each."""
        found = []
        for block in buffer.split(b"\n\n"):
            if block.startswith(b"data: ") and b"\n" not in block:
                self._bound(len(block))
                found.append(block[6:])
            elif block:
                found += self._lines(block + b"\n\n")
        return found

    def _lines(self, buffer: bytes) -> list[bytes]:
        found: list[bytes] = []
        start = 0
        while (cut := _line_end(buffer, start)) is not None:
            end, following = cut
            self._line(buffer[start:end], found)
            start = following
        self._buffer = buffer[start:]
        self._bound(len(self._buffer) + sum(map(len, self._data)))
        return found

    def _line(self, line: bytes, found: list[bytes]) -> None:
        if not line:
            if self._data:
                found.append(b"\n".join(self._data))
                self._data.clear()
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif line == b"data":
            self._data.append(b"")

    def _bound(self, size: int) -> None:
        if size > self._limit:
            raise EventTooLarge(f"an event exceeds {self._limit} bytes")


def _line_end(buffer: bytes, start: int) -> tuple[int, int] | None:
    """Where the line at `start` ends and where the next begins; None while its end has not come in."""
    feed = buffer.find(b"\n", start)
    back = buffer.find(b"\r", start, feed if feed >= 0 else len(buffer))
    if back < 0:
        return None if feed < 0 else (feed, feed + 1)
    if back + 1 == len(buffer):
        return None  # a line feed may follow in the next read
    return back, back + (2 if buffer[back + 1] == ord("\n") else 1)
