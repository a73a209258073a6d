"""Listeners with TLS, on real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme
from ringmain_server.config import ServerSettings
from ringmain_server.edge.tls.listeners import Listeners, server_credentials
from ringmain_server.edge.tls.watch import TlsFiles

from tests.fakes.authority import Authority, Pair
from tests.fakes.handshake import REFUSED, handshake

AUTHORITY, STRANGER = Authority(), Authority()
SERVER = AUTHORITY.issue("localhost", "127.0.0.1")
CALLER = AUTHORITY.issue("caller@example.com")


def listeners(folder: Path, pair: Pair = SERVER, *, client_ca: bytes = b"", **more: object) -> Listeners:
    """The listeners of settings that name files in a folder."""
    files = pair.write(folder)
    ca = folder / "ca.pem"
    ca.write_bytes(client_ca)
    tls = files.settings(ca if client_ca else None)
    return Listeners(ServerSettings.model_validate({"tls": tls, **more}))


def files_of(folder: Path, pair: Pair = SERVER, *, client_ca: bytes = b"") -> TlsFiles:
    """The files of a callers' port."""
    found = listeners(folder, pair, client_ca=client_ca).public
    assert found is not None
    return found


@asynccontextmanager
async def serving(files: TlsFiles) -> AsyncIterator[int]:
    """Serves one method, `/t/T`, which returns what it got, and yields the port."""

    async def echo(request: bytes, _: Any) -> bytes:
        return request

    server = grpc.aio.server()
    handlers: dict[str, Any] = {"T": grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", handlers),))
    port = server.add_secure_port("127.0.0.1:0", server_credentials(files))
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


async def called(port: int, pair: Pair | None = None, roots: bytes = AUTHORITY.root) -> bytes:
    """Calls the method over a connection of its own."""
    key, cert = (pair.key, pair.cert) if pair else (None, None)
    credentials = grpc.ssl_channel_credentials(roots, key, cert)
    options = (("grpc.use_local_subchannel_pool", 1),)
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        call: Any = channel.unary_unary("/t/T")
        return bytes(await call(b"hello", timeout=20))


@pytest.mark.parametrize(
    ("version", "spoken"),
    [
        (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_1, None),
        (ssl.TLSVersion.TLSv1, None),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_1_2_is_the_floor(tmp_path: Path, version: ssl.TLSVersion, spoken: str | None) -> None:
    """Callers that speak TLS 1.2 or 1.3 connect; older versions are refused in the handshake."""
    async with serving(files_of(tmp_path)) as port:
        if spoken is None:
            with pytest.raises(REFUSED):
                await asyncio.to_thread(handshake, port, version=version)
        else:
            assert (await asyncio.to_thread(handshake, port, version=version))[0] == spoken


@pytest.mark.parametrize(
    ("caller", "let_in"),
    [
        (CALLER, True),
        (None, False),
        (STRANGER.issue("caller@example.com"), False),
        (AUTHORITY.expired("caller@example.com"), False),
    ],
    ids=["right", "none", "another authority's", "expired"],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_every_caller_must_show_a_certificate(
    tmp_path: Path, caller: Pair | None, let_in: bool, version: ssl.TLSVersion
) -> None:
    """With `client_ca`, only a certificate of that authority that holds lets a caller in."""
    async with serving(files_of(tmp_path, client_ca=AUTHORITY.root)) as port:
        if let_in:
            assert await called(port, caller) == b"hello"
            await asyncio.to_thread(handshake, port, pair=caller, version=version)
        else:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await called(port, caller)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            with pytest.raises(REFUSED):
                await asyncio.to_thread(handshake, port, pair=caller, version=version)


async def test_an_authority_below_another_can_be_the_one(tmp_path: Path) -> None:
    """Callers of one department are let in by its own authority, and those of other departments are not."""
    company = trustme.CA()
    department, other = company.create_child_ca(), company.create_child_ca()
    pairs = []
    for authority in (department, other):
        leaf = authority.issue_cert("caller@example.com")
        pairs.append(
            Pair(b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes())
        )
    async with serving(files_of(tmp_path, client_ca=department.cert_pem.bytes())) as port:
        assert await called(port, pairs[0]) == b"hello"
        with pytest.raises(grpc.aio.AioRpcError):
            await called(port, pairs[1])


async def test_new_connections_get_new_files(tmp_path: Path) -> None:
    """A new certificate, and new authorities of callers, hold for connections made from then on."""
    files = files_of(tmp_path, client_ca=AUTHORITY.root)
    stranger = STRANGER.issue("caller@example.com")
    async with serving(files) as port:
        credentials = grpc.ssl_channel_credentials(AUTHORITY.root, CALLER.key, CALLER.cert)
        async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as old:
            call: Any = old.unary_unary("/t/T")
            await call(b"")
            STRANGER.issue("localhost", "127.0.0.1").write(tmp_path)
            STRANGER.write(tmp_path / "ca.pem")
            files.poll(at_once=True)
            assert await called(port, stranger, STRANGER.root) == b"hello"
            with pytest.raises(grpc.aio.AioRpcError):
                await called(port, CALLER, STRANGER.root)
            with pytest.raises(grpc.aio.AioRpcError):
                await called(port, stranger)
            assert await call(b"still here") == b"still here"


async def test_200_calls_and_open_streams_outlast_20_new_certificates(tmp_path: Path) -> None:
    """While certificates change again and again, no call is lost, and each new connection gets the newest."""
    files = files_of(tmp_path)
    going = asyncio.Event()

    async def wait(request: bytes, _: Any) -> bytes:
        await going.wait()
        return request

    async def count(request: bytes, context: Any) -> None:
        for _ in range(20):
            await context.write(request)
            await asyncio.sleep(0.05)
        await going.wait()
        await context.write(b"end")

    server = grpc.aio.server()
    handlers: dict[str, Any] = {
        "W": grpc.unary_unary_rpc_method_handler(wait),
        "C": grpc.unary_stream_rpc_method_handler(count),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", handlers),))
    port = server.add_secure_port("127.0.0.1:0", server_credentials(files))
    await server.start()

    async def read(channel: grpc.aio.Channel) -> list[bytes]:
        call: Any = channel.unary_stream("/t/C")
        return [message async for message in call(b"x")]

    async with asyncio.TaskGroup() as group:
        credentials = grpc.ssl_channel_credentials(AUTHORITY.root)
        options = (("grpc.use_local_subchannel_pool", 1),)
        target = f"127.0.0.1:{port}"
        channels = [grpc.aio.secure_channel(target, credentials, options) for _ in range(10)]
        calls: list[Any] = []
        for channel in channels:
            unary: Any = channel.unary_unary("/t/W")
            calls += [unary(f"{number}".encode()) for number in range(20)]
        waiting = [group.create_task(one_of(call)) for call in calls]
        streams = [group.create_task(read(channel)) for channel in channels for _ in range(2)]
        for _ in range(20):
            pair = AUTHORITY.issue("localhost", "127.0.0.1")
            pair.write(tmp_path)
            files.poll(at_once=True)
            _, shown = await asyncio.to_thread(handshake, port)
            assert shown == ssl.PEM_cert_to_DER_cert(pair.cert.decode())
        going.set()
    assert sorted(task.result() for task in waiting) == sorted(f"{n % 20}".encode() for n in range(200))
    assert all(task.result() == [b"x"] * 20 + [b"end"] for task in streams)
    for channel in channels:
        await channel.close()
    await server.stop(0)


async def one_of(call: Any) -> bytes:
    """Waits for an answer."""
    return bytes(await call)


def test_other_ports_have_the_tls_of_callers_unless_told_otherwise(tmp_path: Path) -> None:
    """The admin and the metrics port share the callers' files, have their own, or none."""
    shared = listeners(tmp_path / "a", metrics_listen="127.0.0.1:0")
    assert shared.public is shared.admin is shared.metrics is not None
    assert shared.secured == ["server.listen", "server.admin_listen", "server.metrics_listen"]
    own = AUTHORITY.issue("admin").write(tmp_path / "own").settings()
    told = listeners(tmp_path / "b", admin_tls=own, metrics_listen="127.0.0.1:0", metrics_tls=None)
    assert told.admin is not None
    assert told.admin is not told.public
    assert told.metrics is None
    assert [files.name for files in told] == ["server.tls", "server.admin_tls"]


def test_unix_sockets_have_no_tls(tmp_path: Path) -> None:
    """A Unix domain socket stays as it is, whatever the other ports have."""
    found = listeners(tmp_path, listen=f"unix:{tmp_path}/socket")
    assert found.public is None
    assert found.secured == ["server.admin_listen"]
