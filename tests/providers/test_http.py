"""Tests of HTTP through the shared session, against servers whose bytes are scripted."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import orjson
import pytest
import trustme
from ringmain_server.errors import (
    CandidateFull,
    ConnectionFailed,
    MalformedAnswer,
    MediaInvalid,
    ProviderError,
    RateLimited,
    Rejected,
    RingmainError,
    UploadCut,
)
from ringmain_server.providers.http import (
    _LINGERING,
    ANSWER_LIMIT,
    ERROR_LIMIT,
    HttpIncoming,
    HttpTransport,
    connection_error,
)
from ringmain_server.providers.http_body import JsonPayload, json_body
from ringmain_server.providers.http_errors import by_status
from ringmain_server.providers.json_base64 import SMALL, Base64, plain, render
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import FormField, HttpRequest

from tests.fakes.ports import closed_port
from tests.fakes.waiting import until

KEY = {"Authorization": "Bearer key", "Content-Type": "application/json"}
LARGE = bytes(range(256)) * (SMALL // 128)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def error_map(provider_id: str, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """What a status means, whatever stands in its body."""
    return by_status(provider_id, status, headers, body.decode(errors="replace"), 0.0)


@asynccontextmanager
async def served(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpTransport]:
    """A transport to a server that does this with each connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass  # the client has gone
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    scheme = "https" if tls else "http"
    made = transport(f"{scheme}://localhost:{port}")
    try:
        yield made
    finally:
        await made.close()
        server.close()


def transport(base_url: str) -> HttpTransport:
    """A transport with a session of its own."""
    return HttpTransport("p", HttpSessions(), base_url, KEY, error_map, owns_sessions=True)


async def request_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of a request whose length is announced."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    return head, await reader.readexactly(length)


def answering(*pieces: bytes) -> Handler:
    """A server that answers every connection's request with these bytes, and closes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return handle


async def test_a_body_with_large_leaves() -> None:
    """A body that is written piece by piece arrives as the same JSON, of the length that was announced."""
    body = {"image": Base64(LARGE, "data:image/png;base64,"), "prompt": "ä", "more": [Base64(b"small")]}
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await request_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with served(handle) as made:
        assert await made.send(HttpRequest("/x", body)) == b"{}"
    assert b"content-type: application/json\r\n" in seen[0].lower()
    assert orjson.loads(seen[1]) == plain(body)


async def test_what_came_before_a_break_is_read_first() -> None:
    """A connection that breaks right behind a piece of an answer: the piece is read, then the break told."""
    pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"
    async with served(answering(pieces)) as made:
        incoming = await made.open(HttpRequest("/x", {}))
        assert isinstance(incoming, HttpIncoming)
        await until(lambda: incoming._content.exception() is not None)
        assert await incoming.read() == b"Hello"
        with pytest.raises(ConnectionFailed, match="within the answer"):
            await incoming.read()
        incoming.close(complete=False)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes the connection in the middle of a request, without a word."""
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def _coming(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1 << 16):
        yield data[start : start + (1 << 16)]


@pytest.mark.parametrize(
    "large",
    [
        HttpRequest("/x", {"prompt": "x" * (8 << 20)}),
        HttpRequest("/x", {"image": Base64(bytes(8 << 20))}),
        HttpRequest("/x", form=(FormField("f", bytes(8 << 20), "f.wav", "audio/wav"),)),
        HttpRequest("/x", form=(FormField("f", lambda: _coming(bytes(8 << 20)), "f.wav", "audio/wav"),)),
    ],
    ids=("text", "leaf", "form", "upload"),
)
async def test_a_large_request_that_is_cut_off(large: HttpRequest) -> None:
    """A connection that is closed over a large request counts for nobody; over a small one it does."""
    async with served(_hang_up) as made:
        with pytest.raises(UploadCut, match="over a large request") as cut:
            await made.send(large)
        assert not cut.value.breaker_failure
        with pytest.raises(ConnectionFailed, match="before its answer") as lost:
            await made.send(HttpRequest("/x", {}))
        assert lost.value.breaker_failure


async def test_an_answer_to_half_a_request() -> None:
    """An answer that comes while a large request is still being sent is read, though the rest is not."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big")
        await writer.drain()

    async with served(handle) as made:
        with pytest.raises(Rejected, match="too big"):
            await made.send(HttpRequest("/x", {"prompt": "x" * (8 << 20)}))


def test_a_small_body_is_bytes() -> None:
    """What has no large leaves needs no writer."""
    assert json_body({"image": Base64(b"ab"), "n": 1}) == b'{"image":"YWI=","n":1}'


def test_a_body_as_text() -> None:
    """A body that is written piece by piece can be shown whole, as aiohttp wants of it."""
    body = {"image": Base64(LARGE)}
    made = json_body(body)
    assert isinstance(made, JsonPayload)
    assert made.decode() == orjson.dumps(plain(body)).decode()
    assert made.size == len(made.decode())
    assert JsonPayload(render(body)).content_type == "application/json"


async def test_a_body_may_be_part_of_another() -> None:
    """Within a form a body is written as well, and the form's length is known for it."""
    body = {"image": Base64(LARGE)}
    form = aiohttp.MultipartWriter("mixed")
    form.append_payload(JsonPayload(render(body)))
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await request_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with served(handle) as made:
        response = await made.sessions.start().post(made.base_url, data=form)
        response.release()
    assert seen[1].count(orjson.dumps(plain(body))) == 1


async def test_an_answer_that_is_too_large() -> None:
    """An answer beyond the limit is not collected."""
    piece = b"x" * (1 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (ANSWER_LIMIT + len(piece))
    async with served(answering(head, *[piece] * (ANSWER_LIMIT // len(piece) + 1))) as made:
        with pytest.raises(MalformedAnswer, match="exceeds"):
            await made.send(HttpRequest("/x"))


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: %d\r\n\r\n" % (ERROR_LIMIT * 2) + b"x" * ERROR_LIMIT * 2,
        b"Content-Length: 100\r\n\r\nbroken off",
    ],
)
async def test_a_status_says_enough(body: bytes) -> None:
    """An error whose body is too large or breaks off is the error that its status says."""
    async with served(answering(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n" + body)) as made:
        with pytest.raises(RateLimited) as caught:
            await made.send(HttpRequest("/x"))
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (b"", ConnectionFailed, "before its answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", ConnectionFailed, "within the answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", MalformedAnswer, "not HTTP"),
    ],
)
async def test_connections_that_break(answer: bytes, kind: type[ProviderError], why: str) -> None:
    """Where a connection broke is told, and no address of the upstream."""
    async with served(answering(answer)) as made:
        with pytest.raises(kind, match=why) as caught:
            await made.send(HttpRequest("/x"))
    assert "localhost" not in str(caught.value)


async def test_a_certificate_that_nobody_trusts() -> None:
    """A server that cannot prove who it is gets no request."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    async with served(answering(b""), tls) as made:
        with pytest.raises(ConnectionFailed, match="TLS"):
            await made.send(HttpRequest("/x"))


async def test_waiting_for_a_connection_is_not_the_providers_silence() -> None:
    """Where all connections that are allowed stay in use, a request is refused as beyond a limit of ours;
    when one becomes free in time, it is answered."""
    taken, free = asyncio.Event(), asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            taken.set()
            await free.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with served(handler) as made:
        limited = replace(made, sessions=HttpSessions(1), connect_timeout=1.0)
        request = HttpRequest("/", {}, method="GET")
        first = asyncio.ensure_future(limited.send(request))
        await taken.wait()
        with pytest.raises(CandidateFull, match="as many connections"):
            await limited.send(request)
        second = asyncio.ensure_future(limited.send(request))
        await asyncio.sleep(0)
        free.set()
        assert [await first, await second] == [b"{}", b"{}"]
        await limited.close()


async def test_a_port_that_refuses() -> None:
    """Nobody listens."""
    with closed_port() as port:
        made = transport(f"http://127.0.0.1:{port}")
        with pytest.raises(ConnectionFailed, match="refused"):
            await made.send(HttpRequest("/x"))
        await made.close()


async def test_a_name_that_does_not_resolve() -> None:
    """`.invalid` never resolves (RFC 2606)."""
    made = transport("http://nowhere.invalid")
    with pytest.raises(ConnectionFailed, match="does not resolve"):
        await made.send(HttpRequest("/x"))
    await made.close()


@pytest.mark.parametrize("exc", [TimeoutError(), aiohttp.ConnectionTimeoutError()])
def test_a_provider_that_cannot_be_reached_in_time(exc: Exception) -> None:
    """A connection that does not come about is told apart from one that was refused."""
    assert "in time" in str(connection_error("p", exc))


async def test_an_upload_that_fails() -> None:
    """What ends a recording while it goes up is the caller's failure, not the provider's."""

    async def recording() -> AsyncIterator[bytes]:
        yield b"RIFF"
        raise MediaInvalid.at("chunk", "is too large")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client leaves

    form = [FormField("model", "m"), FormField("file", recording, filename="a.wav", mime_type="audio/wav")]
    async with served(handle) as made:
        with pytest.raises(RingmainError) as caught:
            await made.send(HttpRequest("/x", form=form))
    assert isinstance(caught.value, MediaInvalid)


async def test_a_stream_that_breaks_after_its_end_marker() -> None:
    """An answer that was complete stays so, and the next request has a connection of its own."""
    connections = 0
    complete = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n")
        await writer.drain()
        await complete.wait()  # the last chunk never comes

    async with served(handle) as made:
        for _ in range(2):
            incoming = await made.open(HttpRequest("/x"))
            assert await incoming.read() == b"done"
            incoming.close(complete=True)
            complete.set()
            await until(lambda: not _LINGERING)
            complete.clear()
    assert connections == 2
