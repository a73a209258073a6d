"""Tests, fuzz: how the bytes of an HTTP answer travel: as they should, or not.

What is certainly no whole answer is known by construction, and said of each delivery.
"""

import gzip
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tests.fuzz import values

LONGEST_DRIP = 600
"""Bytes that may travel one by one."""


@dataclass(frozen=True, slots=True)
class Good:
    """A good answer.

    Attributes:
        body: Its bytes.
        content_type: What it is.
        enough: With fewer bytes than these it is certainly cut.
        status: Of the response.
        opaque: Whether any bytes are an answer, so that only HTTP can tell of a cut.
    """

    body: bytes
    content_type: str = "application/json"
    enough: int = 0
    status: int = 200
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes over a connection.

    Attributes:
        head: Status line and headers, with the empty line.
        writes: The body in pieces; a number is a pause in seconds.
        ends: What comes then: the connection is `kept`, `closed` or `reset`, or nothing happens: `hangs`.
        truncated: Whether this is certainly no whole answer.
        fails: Whether a status or body says that the provider refused or failed.
        told: What was done.
    """

    head: bytes
    writes: tuple[bytes | float, ...]
    ends: str = "kept"
    truncated: bool = False
    fails: bool = False
    told: tuple[str, ...] = field(default=())


def straight(good: Good, *told: str) -> Delivery:
    """An answer as it should be."""
    head = _head(good.status, [("content-type", good.content_type), ("content-length", str(len(good.body)))])
    return Delivery(head, (good.body,), told=told)


def odd(rng: random.Random, good: Good) -> Delivery:
    """An answer on a way of its own."""
    return rng.choice(_WAYS)(rng, good)


def _head(status: int, headers: list[tuple[str, str]], version: str = "1.1") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/{version} {status} Whatever\r\n{lines}\r\n".encode("utf-8", "replace")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def _typed(good: Good, *more: tuple[str, str]) -> bytes:
    return _head(good.status, [("content-type", good.content_type), *more])


def _pieces(rng: random.Random, data: bytes, count: int) -> list[bytes]:
    edges = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(count))})
    return [data[start:end] for start, end in pairwise(edges)]


def _split(rng: random.Random, good: Good) -> Delivery:
    """Whole, in pieces at any place, chunked or with its length."""
    pieces = _pieces(rng, good.body, rng.choice((1, 3, 20)))
    if rng.random() < 0.5:
        head = _typed(good, ("transfer-encoding", "chunked"))
        writes = [*map(_chunk, pieces), b"0\r\n\r\n"]
    else:
        head, writes = _typed(good, ("content-length", str(len(good.body)))), pieces
    return Delivery(head, tuple(one for piece in writes for one in (piece, 0.0)), told=("split",))


def _drip(rng: random.Random, good: Good) -> Delivery:
    """Byte by byte, at least in part."""
    start = rng.randrange(max(len(good.body) - LONGEST_DRIP, 0) + 1)
    middle = good.body[start : start + LONGEST_DRIP]
    drops = tuple(one for byte in middle for one in (bytes([byte]), 0.0))
    head = _typed(good, ("content-length", str(len(good.body))))
    return Delivery(head, (good.body[:start], *drops, good.body[start + LONGEST_DRIP :]), told=("drip",))


def _cut(rng: random.Random, good: Good) -> Delivery:
    """Only a part arrives, and HTTP tells of that, or not."""
    at = rng.randrange(len(good.body) + 1)
    part, length = good.body[:at], ("content-length", str(len(good.body)))
    short = at < good.enough
    how = rng.randrange(6)
    writes: list[bytes | float]
    match how:
        case 0:
            head, writes, ends = _typed(good, length), [part], "closed"
            short = short or (good.opaque and at < len(good.body))
        case 1:
            head, writes, ends = _typed(good, length), [part, 0.02], "reset"
            short = short or (good.opaque and at < len(good.body))
        case 2:
            head, writes, ends = _typed(good, ("content-length", str(at))), [part], "kept"
        case 3:
            head, writes, ends = _typed(good, ("connection", "close")), [part], "closed"
        case 4:
            head = _typed(good, ("transfer-encoding", "chunked"))
            writes, ends = [*map(_chunk, _pieces(rng, part, 2)), b"0\r\n\r\n"], "kept"
        case _:
            head = _typed(good, ("transfer-encoding", "chunked"))
            writes, ends = [*map(_chunk, _pieces(rng, part, 2))], rng.choice(("closed", "reset", "hangs"))
            short = short or good.opaque
    return Delivery(
        head, tuple(writes), ends, truncated=short, told=(f"cut at {at} of {len(good.body)}, way {how}",)
    )


def _nothing(rng: random.Random, _: Good) -> Delivery:
    """No answer, or half a head."""
    head = rng.choice(
        (b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-ty", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n")
    )
    ends = rng.choice(("closed", "reset", "closed", "reset", "hangs"))
    return Delivery(head, (), ends, truncated=True, told=(f"head {head!r}",))


def _garbage(rng: random.Random, good: Good) -> Delivery:
    """The bytes of the body with something done to them."""
    body = values.broken(rng, good.body)
    made = straight(replace(good, body=body))
    return replace(made, told=("broken bytes",))


def _decorated(rng: random.Random, good: Good) -> Delivery:
    """Something before or after the body, or other ends of lines."""
    change = rng.choice(("bom", "blank", "junk after", "crlf", "cr", "nul", "twice", "latin"))
    body = {
        "bom": b"\xef\xbb\xbf" + good.body,
        "blank": b"\n \t" + good.body + b"\n\n \n",
        "junk after": good.body + b"\n}garbage",
        "crlf": good.body.replace(b"\n", b"\r\n"),
        "cr": good.body.replace(b"\n", b"\r"),
        "nul": good.body + b"\0\0",
        "twice": good.body + good.body,
        "latin": good.body.replace(b"e", b"\xe9", 1),
    }[change]
    return replace(straight(replace(good, body=body)), told=(change,))


def _framing(rng: random.Random, good: Good) -> Delivery:
    """Lengths and chunks that are not true."""
    size = len(good.body)
    plain, sized = [good.body], ("content-length", str(size))
    options: tuple[tuple[str, list[tuple[str, str]], list[bytes]], ...] = (
        ("length negative", [("content-length", "-5")], plain),
        ("length no number", [("content-length", "many")], plain),
        ("length twice", [sized, ("content-length", str(size + 1))], plain),
        ("length same twice", [sized, sized], plain),
        ("length huge", [("content-length", "9" * 30)], plain),
        ("length and chunks", [sized, ("transfer-encoding", "chunked")], [_chunk(good.body), b"0\r\n\r\n"]),
        ("bad chunk size", [("transfer-encoding", "chunked")], [b"zz\r\n", good.body]),
        ("huge chunk size", [("transfer-encoding", "chunked")], [b"f" * 20 + b"\r\n", good.body]),
        ("long chunk", [("transfer-encoding", "chunked")], [b"%x\r\n" % (size + 9), good.body]),
        (
            "chunk extension",
            [("transfer-encoding", "chunked")],
            [b"%x;a=b\r\n%s\r\n0\r\nx: y\r\n\r\n" % (size, good.body)],
        ),
        ("odd coding", [("transfer-encoding", "gzip, chunked")], [_chunk(good.body), b"0\r\n\r\n"]),
    )
    told, headers, writes = rng.choice(options)
    return Delivery(_typed(good, *headers), tuple(writes), "closed", told=(told,))


def _compressed(rng: random.Random, good: Good) -> Delivery:
    """Compressed, or said to be."""
    packed = gzip.compress(good.body)
    options: tuple[tuple[str, str, bytes, bool], ...] = (
        ("gzip", "gzip", packed, False),
        ("gzip cut", "gzip", packed[: len(packed) // 2], True),
        ("gzip no end", "gzip", packed[:-8], False),
        ("gzip lie", "gzip", good.body, False),
        ("gzip broken", "gzip", values.broken(rng, packed), False),
        ("deflate", "deflate", zlib.compress(good.body), False),
        ("deflate lie", "deflate", good.body, False),
        ("br lie", "br", good.body, False),
        ("zstd lie", "zstd", good.body, False),
        ("odd coding", "x-none, identity", good.body, False),
        ("gzip twice", "gzip, gzip", gzip.compress(packed), False),
        ("gzip bomb", "gzip", _bomb(), True),
    )
    told, coding, body, short = rng.choice(options)
    head = _typed(good, ("content-encoding", coding), ("content-length", str(len(body))))
    return Delivery(head, (body,), truncated=short and bool(good.enough), told=(told,))


def _bomb() -> bytes:
    if not _BOMBS:
        _BOMBS.append(gzip.compress(b" " * (20 << 20), 9))
    return _BOMBS[0]


_BOMBS: list[bytes] = []


def _headers(rng: random.Random, good: Good) -> Delivery:
    """Odd headers beside a good answer."""
    name = rng.choice(
        (
            "content-type",
            "x-request-id",
            "request-id",
            "retry-after",
            "set-cookie",
            "date",
            "x" * 3000,
            "link",
        )
    )
    value = rng.choice(
        ("", "\x00", "a" * 7000, "a" * 100_000, "\u00e9", "-1", "NaN", "application/xml", "text/html", "x\ty")
    )
    others = [] if name == "content-type" else [("content-type", good.content_type)]
    status = rng.choice((good.status, good.status, 201, 202, 203, 206, 299))
    version = rng.choice(("1.1", "1.1", "1.0", "0.9", "2.0"))
    head = _head(status, [*others, (name, value), ("content-length", str(len(good.body)))], version)
    if rng.random() < 0.2:
        head = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + head
    told = (f"{name[:20]}: {value[:20]!r}, {status}, HTTP/{version}",)
    return Delivery(head, (good.body,), rng.choice(("kept", "closed")), told=told)


STATUSES = (
    *range(400, 432),
    451,
    499,
    *range(500, 512),
    520,
    529,
    599,
    600,
    999,
    99,
    0,
    301,
    302,
    303,
    307,
    308,
    304,
    204,
    205,
    300,
)
_RETRIES = (
    "1",
    "0",
    "-5",
    "0.5",
    "NaN",
    "Infinity",
    "1e9",
    "soon",
    "9" * 30,
    "Fri, 31 Dec 2099 23:59:59 GMT",
    "Fri, 31 Dec 1999",
    "\u0661",
    "",
)
_ERROR_TEXTS = (
    "The input is too long: maximum context length is 8 tokens",
    "Rate limit reached",
    "You exceeded your current quota",
    "Your request was rejected by our safety system",
    "Incorrect API key provided: {key}",
    "See http://{address}/internal of the service",
    "model not found",
    "x" * 20_000,
    "\u202e\0\x1b[31m",
    "",
)


def refusal(rng: random.Random, status: int, key: str, address: str) -> Delivery:
    """An error status with any body."""
    said = rng.choice(_ERROR_TEXTS).format(key=key, address=address)
    kind: object = rng.choice(
        ("invalid_request_error", "overloaded_error", "insufficient_quota", "content_filter", None, 3, [])
    )
    documents: tuple[object, ...] = (
        {
            "error": {
                "message": said,
                "type": kind,
                "code": kind,
                "param": None,
                "status": "RESOURCE_EXHAUSTED",
            }
        },
        {"type": "error", "error": {"type": kind, "message": said}},
        {"error": said},
        {"error": {"message": [said], "details": [{"@type": "x", "retryDelay": "9s"}, 3, None]}},
        {"detail": [{"msg": said, "type": kind}]},
        {"errors": [said], "name": kind},
        {"message": said},
        [{"error": {"code": status, "message": said, "status": "UNAVAILABLE"}}],
        {"error": None},
        {"error": {"message": {"a": said}}},
        said,
        None,
        3,
    )
    from tests.fuzz import shapes

    document = rng.choice(documents)
    if isinstance(document, dict | list) and document and rng.random() < 0.3:
        document, _ = shapes.changed(rng, document)
    body = shapes.encoded(rng, document)
    if rng.random() < 0.2:
        body = rng.choice(
            (b"", b"<html><body>502 nginx</body></html>", b"\xff\xfe\0", values.broken(rng, body))
        )
    headers = [
        ("content-type", rng.choice(("application/json", "text/html", "text/event-stream", ""))),
        ("content-length", str(len(body))),
    ]
    if rng.random() < 0.4:
        headers.append((rng.choice(("retry-after", "retry-after-ms")), rng.choice(_RETRIES)))
    if 300 <= status < 400:
        headers.append(
            ("location", rng.choice(("/", "http://169.254.169.254/x", f"http://{address}/x", "\0", "")))
        )
    head = _head(status, headers)
    return Delivery(
        head,
        (body,),
        rng.choice(("kept", "closed")),
        truncated=True,
        fails=True,
        told=(f"status {status}: {body[:60]!r}",),
    )


_WAYS: tuple[Callable[[random.Random, Good], Delivery], ...] = (
    _split,
    _drip,
    _cut,
    _cut,
    _cut,
    _nothing,
    _garbage,
    _garbage,
    _garbage,
    _decorated,
    _framing,
    _compressed,
    _headers,
)
