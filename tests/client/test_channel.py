import json
from collections.abc import Callable

import grpc
import pytest
import ringmain
import trustme
from ringmain import AsyncClient, Client
from ringmain._channel import channel_options, service_config

from tests.client import samples
from tests.client.gateway import Gateway, answers, fails


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that lives as long as the tests."""
    return trustme.CA()


def root(authority: trustme.CA) -> bytes:
    """Return an authority's certificate as PEM."""
    return authority.cert_pem.bytes()


def pair(authority: trustme.CA, name: str) -> tuple[bytes, bytes]:
    """Return a certificate chain and its key as PEM."""
    leaf = authority.issue_cert(name)
    return b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes()


def secured(authority: trustme.CA, *, mutual: bool) -> Callable[[grpc.Server], int]:
    """Return what opens a TLS port."""
    chain, key = pair(authority, "127.0.0.1")
    credentials = grpc.ssl_server_credentials(
        [(key, chain)], root(authority) if mutual else None, require_client_auth=mutual
    )
    return lambda server: server.add_secure_port("127.0.0.1:0", credentials)


async def test_tls(authority: trustme.CA) -> None:
    """Both clients speak TLS with the authority they are given."""
    with Gateway(secured(authority, mutual=False)).serving() as gateway:
        gateway.script(*[answers(samples.response("private"))] * 3)
        with Client(gateway.target, tls=root(authority)) as client:
            assert client.chat("Hi").text == "private"
        async with AsyncClient(gateway.target, tls=root(authority)) as aclient:
            assert (await aclient.chat("Hi")).text == "private"
        credentials = grpc.ssl_channel_credentials(root(authority))
        with Client(gateway.target, credentials=credentials) as client:
            assert client.chat("Hi").text == "private"


@pytest.mark.parametrize("tls", [True, False])
def test_a_strangers_certificate_is_refused(authority: trustme.CA, tls: bool) -> None:
    """Without the right authority, or without TLS at all, no call gets through."""
    with (
        Gateway(secured(authority, mutual=False)).serving() as gateway,
        Client(gateway.target, tls=tls, max_attempts=1) as client,
        pytest.raises(ringmain.Unavailable),
    ):
        client.chat("Hi", timeout=5)


def test_mutual_tls(authority: trustme.CA) -> None:
    """A gateway that asks for the caller's certificate gets it."""
    with Gateway(secured(authority, mutual=True)).serving() as gateway:
        gateway.script(answers(samples.response("mutual")))
        with Client(
            gateway.target,
            tls=root(authority),
            client_certificate=pair(authority, "caller@example.org"),
        ) as client:
            assert client.chat("Hi").text == "mutual"


def test_contradictions_are_refused() -> None:
    """Credentials beside TLS, and a client certificate without TLS, are mistakes."""
    credentials = grpc.ssl_channel_credentials()
    with pytest.raises(ValueError, match="not both"):
        Client(credentials=credentials, tls=True)
    with pytest.raises(ValueError, match="needs tls"):
        Client(client_certificate=(b"", b""))


def test_channel_options() -> None:
    """The client balances, retries, keeps alive and limits; the caller's options win."""
    own = service_config(3, wait_for_ready=True)
    options = dict(channel_options([("grpc.keepalive_time_ms", 1000)], own))
    assert options["grpc.keepalive_time_ms"] == 1000
    assert options["grpc.keepalive_timeout_ms"] == options["grpc.http2.ping_timeout_ms"] == 20_000
    assert options["grpc.max_receive_message_length"] == 64 * 1024 * 1024
    assert options["grpc.http2.bdp_probe"] == 0
    config = json.loads(options["grpc.service_config"])
    assert config["loadBalancingConfig"] == [{"round_robin": {}}]
    assert config["methodConfig"][0]["retryPolicy"]["maxAttempts"] == 3
    assert config["methodConfig"][0]["waitForReady"] is True


def test_large_answers_fit() -> None:
    """An answer beyond gRPC's own limit of 4 MiB is received."""
    text = "x" * (5 * 1024 * 1024)
    with (
        Gateway(lambda server: server.add_insecure_port("127.0.0.1:0")).serving() as gateway,
        Client(gateway.target) as client,
    ):
        gateway.script(answers(samples.response(text)))
        assert client.chat("Hi").text == text


async def test_a_request_that_is_too_large_is_never_sent(gateway: Gateway) -> None:
    """A request over the client's limit is refused before any byte is sent, with its size and the limit."""
    limit = 1000
    fits, too_large = "x" * (limit - 100), "x" * (limit + 1)
    gateway.script(*[answers(samples.response("fits"))] * 2)
    with Client(gateway.target, max_message_bytes=limit) as client:
        with pytest.raises(
            ringmain.InvalidRequest, match=rf"larger than max \(10\d\d vs. {limit}\)"
        ) as caught:
            client.chat(too_large)
        with pytest.raises(ringmain.InvalidRequest):
            list(client.stream(too_large))
        assert (caught.value.reason, caught.value.retry_delay) == ("", None)
        assert client.chat(fits).text == "fits"
    async with AsyncClient(gateway.target, max_message_bytes=limit) as aclient:
        with pytest.raises(ringmain.InvalidRequest):
            await aclient.chat(too_large)
        assert (await aclient.chat(fits)).text == "fits"
    assert len(gateway.requests) == 2


def test_a_request_that_the_server_finds_too_large(gateway: Gateway, client: Client) -> None:
    """A server of gRPC refuses a message that is too large without details: the request is wrong."""
    gateway.script(fails(grpc.StatusCode.RESOURCE_EXHAUSTED))
    with pytest.raises(ringmain.InvalidRequest) as caught:
        client.chat("Hi")
    assert not isinstance(caught.value, ringmain.RateLimited)
