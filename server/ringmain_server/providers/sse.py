"""Room 4, pure: reads server-sent events from bytes.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream as far as model
providers use it: only the data of an event is returned, because every provider repeats the event's type in
it. Comments, ids, retry times and unknown fields are skipped. Data stays bytes, so that a character that the
network cut is complete again before it is decoded: the JSON parser checks the UTF-8.
"""

EVENT_LIMIT = 64 << 20
"""Most bytes of one event's data, as many as of a whole answer, because an image comes in one event.

An event must not grow without bound in memory.
"""

_DOCUMENT = 64 << 10
"""Most bytes kept of a document that comes in place of events, such as an error."""
_BOM = b"\xef\xbb\xbf"
_FIELD = b"data: "
_ERROR = b"error:"
"""A field of old llama.cpp servers, with the error that ends the stream."""
_NAME = b"event: "
_BETWEEN = b"\n\n"


class EventTooLarge(ValueError):
    """An event exceeds the limit."""


class SseDecoder:
    """Splits a stream of bytes into events, wherever the network cut it.

    Every byte is examined once, however small the reads are that bring a large event.

    Args:
        limit: Most bytes of one event's data.
    """

    __slots__ = ("_after_return", "_data", "_limit", "_open", "_started", "_stray")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._open = bytearray()
        """The line whose end has not arrived."""
        self._data: bytes | bytearray | None = None
        """The data lines of the event whose end has not arrived."""
        self._limit = limit
        self._stray = bytearray()
        self._started = False
        self._after_return = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Returns the data of every event that these bytes complete, in order.

        Raises:
            EventTooLarge: An event exceeds the limit.
        """
        if not self._started:
            chunk = self._begin(chunk)
        if not chunk:
            return []
        # A line feed that begins this read may belong to the carriage return that ended the last one.
        if self._after_return:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
        if self._data is not None or not chunk.endswith(_BETWEEN) or b"\r" in chunk:
            return self._lines(chunk)
        # The common case: nothing but complete events of one data line each, and perhaps a name.
        return self._whole(self._closed(chunk) if self._open else chunk)

    @property
    def document(self) -> bytes:
        """A possible JSON document that came in place of events; empty if there was none."""
        open_line = self._open if len(self._open) <= _DOCUMENT else b""
        found = bytes(self._stray + open_line).strip()
        return found if found.startswith((b"{", b"[")) else b""

    def _begin(self, chunk: bytes) -> bytes:
        """Drops the byte order mark that may begin a stream."""
        chunk = self._closed(chunk) if self._open else chunk
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._open += chunk
            return b""
        self._started = True
        return chunk.removeprefix(_BOM)

    def _whole(self, buffer: bytes) -> list[bytes]:
        """Returns the data of complete events."""
        large = len(buffer) > self._limit
        if not large and buffer.startswith(_FIELD):
            found = buffer[len(_FIELD) : -len(_BETWEEN)].split(_BETWEEN + _FIELD)
            # Nothing but one data line each, if there are no other line ends than those between events.
            if buffer.count(b"\n") == len(_BETWEEN) * len(found):
                return found
        found = []
        for block in buffer.split(_BETWEEN):
            if block.startswith(_NAME):
                block = block.partition(b"\n")[2]  # noqa: PLW2901 - the data repeats the event's name
            if block.startswith(_FIELD) and b"\n" not in block:
                if large:
                    self._bound(len(block) - len(_FIELD))
                found.append(block[len(_FIELD) :])
            elif block:
                found += self._lines(block + _BETWEEN)
        return found

    def _lines(self, chunk: bytes) -> list[bytes]:
        found: list[bytes] = []
        start = 0
        while (cut := _line_end(chunk, start)) is not None:
            end, following = cut
            line = chunk[start:end]
            self._line(self._closed(line) if self._open else line, found)
            start = following
        # A carriage return completes a line; a line feed at the beginning of the next read belongs to it.
        self._after_return = 0 < start == len(chunk) and chunk.endswith(b"\r")
        self._open += memoryview(chunk)[start:]
        self._bound(len(self._open) + len(self._data or b"") - len(_FIELD))
        return found

    def _line(self, line: bytes, found: list[bytes]) -> None:
        if not line:
            if self._data is not None:
                self._bound(len(self._data))
                found.append(bytes(self._data))
                self._data = None
        elif line.startswith(b"data:"):
            self._collect(line[5:].removeprefix(b" "))
        elif line == b"data":
            self._collect(b"")
        elif line.startswith(_ERROR) and not self._stray and len(line) < _DOCUMENT:
            self._stray += b'{"error":' + line[len(_ERROR) :] + b"}"
        elif (self._stray or line.startswith((b"{", b"["))) and len(self._stray) + len(line) < _DOCUMENT:
            self._stray += line + b"\n"

    def _collect(self, data: bytes) -> None:
        if self._data is None:
            self._data = data  # nearly every event has one data line, which is not copied
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        self._data += b"\n"
        self._data += data

    def _closed(self, more: bytes) -> bytes:
        """Returns the open line, extended by the bytes that arrived now."""
        line = b"".join((self._open, more))
        self._open = bytearray()
        return line

    def _bound(self, size: int) -> None:
        if size > self._limit:
            raise EventTooLarge(f"an event exceeds {self._limit} bytes")


def _line_end(buffer: bytes, start: int) -> tuple[int, int] | None:
    """Returns where the line at `start` ends and where the next begins; None until its end has arrived."""
    feed = buffer.find(b"\n", start)
    back = buffer.find(b"\r", start, feed if feed >= 0 else len(buffer))
    if back < 0:
        return None if feed < 0 else (feed, feed + 1)
    return back, back + (2 if feed == back + 1 else 1)
