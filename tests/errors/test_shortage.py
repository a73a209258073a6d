"""What the machine lacks is told from what a provider does."""

import errno
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import grpc
import grpc.aio
import pytest
from aiohttp.client_reqrep import ConnectionKey
from ringmain_server.app import descriptors
from ringmain_server.errors import Overloaded
from ringmain_server.errors.shortage import lacking_descriptors, shortage, shortage_in_message
from ringmain_server.providers.http import connection_error
from ringmain_server.providers.sdk_transport import transport_error

from tests.e2e.gateway import ask, gateway, upstreams
from tests.edge.serving import details
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer
from tests.fakes.waiting import until

_KEY = ConnectionKey("api.example.com", 443, True, True, None, None, None)


def _chained(error: BaseException) -> BaseException:
    outer = ValueError("a library's own words")
    outer.__context__ = RuntimeError("another's")
    outer.__context__.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "descriptors"),
        (OSError(errno.ENFILE, "Too many open files in system"), "descriptors"),
        (OSError(errno.ENOBUFS, "No buffer space available"), "memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory"),
        (MemoryError(), "memory"),
        (RuntimeError("can't start new thread"), "threads"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
        (OSError(errno.EADDRNOTAVAIL, "Connect call failed ('10.1.2.3', 443)"), "ports"),
        (OSError(errno.EADDRNOTAVAIL, "Connect call failed ('::1', 443, 0, 0)"), None),
        (OSError("Multiple exceptions: [Errno 24] Too many, [Errno 24] open files"), "descriptors"),
        (OSError("Multiple exceptions: [Errno 111] refused, [Errno 99] ('::1', 443, 0, 0)"), None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), None),
        (TimeoutError(), None),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), None),
        (RuntimeError("something else"), None),
    ],
)
def test_a_lack_is_known_by_its_number_wherever_it_is_in_the_chain(
    error: BaseException, lack: str | None
) -> None:
    """The failure itself, wrapped by aiohttp, or the cause of what an SDK raises: it is the same lack."""
    wrapped: list[BaseException] = [error, _chained(error)]
    if isinstance(error, OSError):
        wrapped.append(aiohttp.ClientConnectorError(_KEY, error))
    for one in wrapped:
        found = shortage(one)
        assert (found and found.limit) == lack
        if isinstance(error, OSError):
            for mapped in (connection_error("p", one), transport_error("p", _chained(one))):
                assert isinstance(mapped, Overloaded) == (lack is not None)


def test_grpcs_words_are_understood() -> None:
    """gRPC's core tells of a lack in the system's words; other failures are none."""
    found = shortage_in_message("failed to connect to all addresses; last error: socket: Too many open files")
    assert (found and found.limit) == "descriptors"
    assert shortage_in_message("connect: Connection refused (111)") is None


@contextmanager
def _no_descriptors() -> Iterator[None]:
    """Nothing more can be opened in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[0]), before[1]))
    try:
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for one in taken:
            os.close(one)


async def test_without_descriptors_no_provider_is_blamed() -> None:
    """Calls that need a connection are refused, told and counted; no breaker opens, no other provider
    is asked, and the next call after that is answered."""
    async with (
        FakeOpenAI(Answer()) as one,
        FakeOpenAI(Answer()) as other,
        gateway(upstreams(a=one.base_url, b=other.base_url)) as running,
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await running.stub.Chat(ask("nobody"))
        await until(lambda: bool(running.events("loaded")))
        with _no_descriptors():
            assert lacking_descriptors() is not None
            for _ in range(20):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await running.stub.Chat(ask("m"))
                assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                found = details(caught.value)
                assert found["ErrorInfo"].reason == "OVERLOADED"  # type: ignore[attr-defined]
                assert found["ErrorInfo"].metadata["limit"] == "descriptors"  # type: ignore[attr-defined]
                assert "RetryInfo" in found
        assert lacking_descriptors() is None
        assert (await running.stub.Chat(ask("m"))).response_id
        assert (len(one.requests), len(other.requests)) == (1, 0)
        assert running.events("breaker") == []
        assert running.events("limit")[0]["limit"] == "descriptors"
        assert running.metric("ringmain_refusals_total", limit="descriptors") == 20


def test_half_of_the_descriptors_are_kept_for_providers() -> None:
    """Callers may not take them all, however many connections are allowed."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[0]), before[1]))
    try:
        assert descriptors.for_callers(10_000) == descriptors.limit() // 2
        assert descriptors.for_callers(100) == 100
        descriptors.raise_limit()
        assert descriptors.limit() == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
