"""Room 4, pure: server-sent events from bytes.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream as far as model
providers use it: only the data of an event is returned, because every provider repeats the event's type
inside. Comments, ids, retry times and unknown fields are skipped. Data stays bytes: the JSON parser checks
the UTF-8.
"""

EVENT_LIMIT = 1 << 20
"""Most bytes of one event's data: an event does not grow without bound in memory (laws, section 3.6)."""

_BOM = b"\xef\xbb\xbf"
_FIELD = b"data: "
_NAME = b"event: "


class EventTooLarge(ValueError):
    """An event exceeds the limit."""


class SseDecoder:
    """Cuts a stream of bytes into events, wherever the network cut it.

    Args:
        limit: Most bytes of one event's data.
    """

    __slots__ = ("_after_return", "_buffer", "_data", "_limit", "_started")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self._limit = limit
        self._started = False
        self._after_return = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that these bytes complete, in order.

        Raises:
            EventTooLarge: An event exceeds the limit.
        """
        if not self._started:
            chunk = self._begin(chunk)
        if not chunk:
            return []
        if self._after_return:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
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
        """The common case: nothing but complete events of one data line each, and perhaps a name."""
        found = []
        large = len(buffer) > self._limit
        for block in buffer.split(b"\n\n"):
            if block.startswith(_NAME):
                block = block.partition(b"\n")[2]  # noqa: PLW2901 - the data repeats the event's name
            if block.startswith(_FIELD) and b"\n" not in block:
                if large:
                    self._bound(len(block) - len(_FIELD))
                found.append(block[len(_FIELD) :])
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
        # What ends with a carriage return is complete; the line feed that may follow belongs to it.
        self._after_return = 0 < start == len(buffer) and buffer.endswith(b"\r")
        self._buffer = buffer[start:]
        self._bound(len(self._buffer) + self._collected() - len(_FIELD))
        return found

    def _line(self, line: bytes, found: list[bytes]) -> None:
        if not line:
            if self._data:
                self._bound(self._collected())
                found.append(b"\n".join(self._data))
                self._data.clear()
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif line == b"data":
            self._data.append(b"")

    def _collected(self) -> int:
        return sum(map(len, self._data))

    def _bound(self, size: int) -> None:
        if size > self._limit:
            raise EventTooLarge(f"an event exceeds {self._limit} bytes")


def _line_end(buffer: bytes, start: int) -> tuple[int, int] | None:
    """Where the line at `start` ends and where the next begins; None while its end has not come in."""
    feed = buffer.find(b"\n", start)
    back = buffer.find(b"\r", start, feed if feed >= 0 else len(buffer))
    if back < 0:
        return None if feed < 0 else (feed, feed + 1)
    return back, back + (2 if feed == back + 1 else 1)
