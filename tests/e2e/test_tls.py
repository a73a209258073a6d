"""TLS of a gateway that runs as its own process, and callers that are known by their certificates."""

import asyncio
import signal
import ssl
import urllib.request
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from ringmain import CapabilityMissing, Client, PermissionDenied, Unauthenticated, Unavailable
from ringmain.admin.v1.admin_service_pb2 import ListProvidersRequest, ListProvidersResponse
from ringmain.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from ringmain.errors import translated

from tests.e2e.processes import ANY, OWN, Process, port_of, serving, shared
from tests.fakes.authority import Authority, Files, Pair
from tests.fakes.handshake import handshake
from tests.fakes.waiting import LIMIT, until

pytestmark = pytest.mark.slow

AUTHORITY = Authority()
NAMES = ("127.0.0.1", "localhost")


def flags(files: Files, client_ca: Path | None = None) -> list[str]:
    """The arguments that name the files of TLS."""
    given = {"cert": files.cert, "key": files.key, "client_ca": client_ca}
    return [part for name, path in given.items() if path for part in ("--set", f"server.tls.{name}={path}")]


def client(port: int, pair: Pair | None = None) -> Client:
    """A client of the gateway, with a certificate or without."""
    certificate = None if pair is None else (pair.cert, pair.key)
    options = [("grpc.use_local_subchannel_pool", 1)]
    return Client(
        f"127.0.0.1:{port}",
        tls=AUTHORITY.root,
        client_certificate=certificate,
        max_attempts=1,
        options=options,
    )


def asked(port: int, pair: Pair | None = None) -> str:
    """The answer to a question over a connection of its own."""
    with client(port, pair) as one:
        return one.chat("Hello", model="sandbox/echo", timeout=LIMIT).text


def providers(port: int, pair: Pair | None = None) -> ListProvidersResponse:
    """What an operator sees over a connection of its own."""
    key, cert = (pair.key, pair.cert) if pair else (None, None)
    with (
        grpc.secure_channel(
            f"127.0.0.1:{port}", grpc.ssl_channel_credentials(AUTHORITY.root, key, cert)
        ) as channel,
        translated(),
    ):
        return AdminServiceStub(channel).ListProviders(ListProvidersRequest(), timeout=LIMIT)


def scraped(port: int) -> str:
    """The page of metrics, over TLS."""
    trusting = ssl.create_default_context(cadata=AUTHORITY.root.decode())
    with urllib.request.urlopen(
        f"https://127.0.0.1:{port}/metrics", timeout=LIMIT, context=trusting
    ) as response:
        return str(response.read().decode())


def shown(port: int) -> bytes:
    """The certificate that a listener shows to new connections."""
    return handshake(port)[1]


def der(pair: Pair) -> bytes:
    """A pair's certificate as it is sent."""
    return ssl.PEM_cert_to_DER_cert(pair.cert.decode())


def test_every_port_has_tls_and_health_a_port_without(tmp_path: Path) -> None:
    """Callers, operators and Prometheus reach their ports by TLS; probes reach health alone, without it."""
    files = AUTHORITY.issue(*NAMES).write(tmp_path)
    more = ("--metrics-listen", ANY, "--set", f"server.health_listen={ANY}")
    with serving(*OWN, *flags(files), *more) as service:
        line = service.line("serving")
        assert line["tls"] == ["server.listen", "server.admin_listen", "server.metrics_listen"]
        port, admin, metrics, health = (
            port_of(line[name]) for name in ("listen", "admin_listen", "metrics_listen", "health_listen")
        )
        assert asked(port) == "Hello"
        assert providers(admin).providers
        assert 'ringmain_certificate_expire_time_seconds{setting="server.tls"}' in scraped(metrics)
        with Client(f"127.0.0.1:{health}", max_attempts=1) as probe:
            assert probe.health("readiness") == probe.health("liveness") == "SERVING"
            assert probe.health("ringmain.v1.ChatService") == "SERVING"
            with pytest.raises(CapabilityMissing, match=r"server\.listen"):
                probe.chat("Hello", model="sandbox/echo")
        for secured in (port, admin):
            with Client(f"127.0.0.1:{secured}", max_attempts=1) as plain, pytest.raises(Unavailable):
                plain.health()
        service.process.terminate()
        assert service.process.wait(timeout=LIMIT) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_files_that_cannot_be_used_are_said_in_one_line(tmp_path: Path, workers: str) -> None:
    """A key of another certificate ends the start with one line that says so."""
    files = AUTHORITY.issue(*NAMES).write(tmp_path)
    files.key.write_bytes(AUTHORITY.issue(*NAMES).key)
    arguments = OWN if workers == "1" else shared()
    with serving(*arguments, *flags(files)) as service:
        (line,) = service.rest().strip().splitlines()
        assert line == f"error: server.tls.key: {files.key} is not the key of the certificate in {files.cert}"
        assert service.process.returncode == 1


def test_an_expired_certificate_is_warned_of(tmp_path: Path) -> None:
    """The gateway starts, and says that callers refuse its certificate."""
    with serving(*OWN, *flags(AUTHORITY.expired(*NAMES).write(tmp_path))) as service:
        line = service.line("config")
        assert (line["level"], line["setting"]) == ("warning", "server.tls")
        assert line["problems"] == "it has expired, so that callers refuse it"
        assert service.process.poll() is None


async def test_a_secret_that_kubernetes_swaps_is_followed(tmp_path: Path) -> None:
    """The certificate behind a swapped link is shown within seconds, and calls go on meanwhile."""
    old, new = AUTHORITY.issue(*NAMES), AUTHORITY.issue(*NAMES)
    for name, pair in (("..1", old), ("..2", new)):
        pair.write(tmp_path / name)
    (tmp_path / "..data").symlink_to("..1")
    files = Files(tmp_path / "tls.crt", tmp_path / "tls.key")
    for file in (files.cert, files.key):
        file.symlink_to(Path("..data") / file.name)
    with serving(*OWN, *flags(files)) as service, client(port := service.serving().listen) as before:
        assert before.chat("Hello", model="sandbox/echo").text == "Hello"
        (tmp_path / "..data_tmp").symlink_to("..2")
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")
        await until(lambda: shown(port) == der(new))
        assert before.chat("Hello", model="sandbox/echo").text == "Hello"
        assert asked(port) == "Hello"
        assert "read again" in str(service.line("config")["message"])


async def test_sighup_makes_all_workers_read_the_files_at_once(tmp_path: Path) -> None:
    """After SIGHUP each worker, and the supervisor for the metrics, shows the new certificate."""
    files = AUTHORITY.issue(*NAMES).write(tmp_path)
    with serving(*shared("--metrics-listen", ANY), *flags(files)) as service:
        metrics = port_of(service.line("supervising")["metrics_listen"])
        port = port_of(service.line("serving")["listen"])
        service.line("serving")
        assert asked(port) == "Hello"
        assert "ringmain_certificate_expire_time_seconds" in scraped(metrics)
        new = AUTHORITY.issue(*NAMES)
        new.write(tmp_path)
        service.process.send_signal(signal.SIGHUP)
        seen: set[object] = set()
        while len(seen) < 3:
            line = service.line("config")
            if "read again" in str(line["message"]):
                seen.add(line.get("worker"))
        assert seen == {None, 0, 1}
        for _ in range(8):
            assert await asyncio.to_thread(shown, port) == der(new)
        await until(lambda: shown_by_http(metrics) == der(new))
        assert asked(port) == "Hello"


def shown_by_http(port: int) -> bytes:
    """The certificate that the port of metrics shows."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))


RULES = """\
auth:
  certificates:
    rules:
      - {match: "spiffe://corp/ns/*/sa/*", tenant: "{1}"}
      - {match: "operator", field: common_name, scopes: [admin]}
"""


def test_certificates_say_who_calls(tmp_path: Path) -> None:
    """The rule that matches a caller's certificate decides what it may do; without one nobody may call."""
    config = tmp_path / "ringmain.yaml"
    config.write_text(RULES)
    files = AUTHORITY.issue(*NAMES).write(tmp_path)
    web = AUTHORITY.caller(x509.UniformResourceIdentifier("spiffe://corp/ns/shop/sa/web"))
    operator = AUTHORITY.caller(common_names=["operator"])
    unknown = AUTHORITY.caller(common_names=["unknown"])
    arguments = (*OWN, "--config", str(config), *flags(files, AUTHORITY.write(tmp_path / "ca.pem")))
    with serving(*arguments) as service:
        ports = service.serving()
        assert asked(ports.listen, web) == "Hello"
        line = called(service)
        assert (line["tenant"], line["principal"]) == ("shop", "cert:spiffe://corp/ns/shop/sa/web")
        assert providers(ports.admin, operator).providers
        with pytest.raises(PermissionDenied):
            providers(ports.admin, web)
        with pytest.raises(PermissionDenied):
            asked(ports.listen, operator)
        for refused in (lambda: asked(ports.listen, unknown), lambda: providers(ports.admin, unknown)):
            with pytest.raises(Unauthenticated, match="not valid here"):
                refused()
        with pytest.raises(Unavailable):
            asked(ports.listen)
        with client(ports.listen, unknown) as anybody:
            assert anybody.health() == "SERVING"


def called(service: Process) -> dict[str, object]:
    """The log line of the next call."""
    return service.line("call")
