"""What the command line does with TLS, and what people read when it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from ringmain.admin.v1.admin_service_pb2 import ListProvidersResponse
from ringmain_server.cli.diagnosis import Target, why
from ringmain_server.cli.tls import Tls

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway, answers
from tests.client.samples import response
from tests.fakes.authority import Authority, Pair
from tests.fakes.ports import closed_port, mute_port
from tests.fakes.waiting import LIMIT

AUTHORITY, STRANGER = Authority(), Authority()
SERVER = AUTHORITY.issue("127.0.0.1", "gateway.example")

ProcessOf = Callable[[str], CommandLine]


@contextmanager
def secured(pair: Pair = SERVER, *, client_ca: bytes | None = None) -> Iterator[Gateway]:
    """A scripted gateway with TLS."""
    credentials = grpc.ssl_server_credentials(
        [(pair.key, pair.cert)], client_ca, require_client_auth=client_ca is not None
    )
    with Gateway(lambda server: server.add_secure_port("127.0.0.1:0", credentials)).serving() as gateway:
        yield gateway


@pytest.fixture
def ca(tmp_path: Path) -> str:
    """A file with the authority of the gateway."""
    return str(AUTHORITY.write(tmp_path / "ca.pem"))


def wrong(line: CommandLine, *args: str, **env: str) -> str:
    """The one line of a command that fails."""
    result = line("models", *args, **env)
    assert (result.exit_code, result.stdout) == (1, "")
    (message,) = result.stderr.splitlines()
    return str(message)


def test_flags_and_variables_make_the_connection(process_of: ProcessOf, tmp_path: Path, ca: str) -> None:
    """Flags before and behind the command, and variables, name a certificate to show, trust and a name."""
    own = AUTHORITY.issue("me@example.com").write(tmp_path)
    cert, key = str(own.cert), str(own.key)
    with secured(AUTHORITY.issue("gateway.example"), client_ca=AUTHORITY.root) as gateway:
        line = process_of(gateway.target)
        name = ("--tls-name", "gateway.example")
        flags = ("--ca-file", ca, "--client-cert", cert, "--client-key", key)
        gateway.script(*[answers(response("private"))] * 3)
        chat = ("chat", "Hi", "-m", "m", "--no-stream")
        environment = {
            "RINGMAIN_CA_FILE": ca,
            "RINGMAIN_CLIENT_CERT": cert,
            "RINGMAIN_CLIENT_KEY": key,
            "RINGMAIN_TLS_NAME": "gateway.example",
        }
        for result in (line(*flags, *name, *chat), line(*name, *chat, *flags), line(*chat, **environment)):
            assert (result.exit_code, result.stdout) == (0, "private\n"), result.stderr


def test_operators_have_the_same_flags(process_of: ProcessOf, tmp_path: Path, ca: str) -> None:
    """The commands of the admin port show a certificate too, and explain failures with their own flag."""
    own = AUTHORITY.issue("me@example.com").write(tmp_path)
    with secured(client_ca=AUTHORITY.root) as gateway:
        line = process_of("nobody:1")
        gateway.script(answers(ListProvidersResponse()))
        flags = ("--admin-target", gateway.target, "--ca-file", ca)
        result = line("status", *flags, "--client-cert", str(own.cert), "--client-key", str(own.key))
        assert result.exit_code == 0, result.stderr
        result = line("status", *flags)
        assert result.stderr.startswith(f"error: the gateway at {gateway.target} demands a certificate")


def test_tls_with_a_gateway_without(gateway: Gateway, ringmain: CommandLine, ca: str) -> None:
    """A gateway that speaks no TLS is told apart from one that does not answer."""
    for flags, env in ((("--tls",), {}), (("--ca-file", ca), {}), ((), {"RINGMAIN_TLS": "on"})):
        assert wrong(ringmain, *flags, **env) == (
            f"error: the gateway at {gateway.target} does not speak TLS: leave out --tls and what implies "
            "it (--ca-file, --client-cert, --tls-name, RINGMAIN_TLS, RINGMAIN_CA_FILE …), or let its "
            "operator set server.tls"
        )


@pytest.mark.parametrize("client_ca", [None, AUTHORITY.root], ids=["open", "closed"])
def test_no_tls_with_a_gateway_that_has_it(process_of: ProcessOf, client_ca: bytes | None) -> None:
    """A gateway that speaks nothing but TLS is told apart from one that does not answer."""
    with secured(client_ca=client_ca) as gateway:
        assert wrong(process_of(gateway.target)) == (
            f"error: the gateway at {gateway.target} speaks TLS only: add --tls, or --ca-file FILE if you "
            "trust its certificate by an authority of your own (RINGMAIN_TLS and RINGMAIN_CA_FILE do the "
            "same)"
        )


def test_another_authority(process_of: ProcessOf, tmp_path: Path) -> None:
    """A certificate that is not trusted is told of with the flag that makes it so."""
    other = str(STRANGER.write(tmp_path / "other.pem"))
    with secured() as gateway:
        for flags in (("--ca-file", other), ("--tls",)):
            message = wrong(process_of(gateway.target), *flags)
            assert message.startswith(
                f"error: the certificate of the gateway at {gateway.target} is of an authority that is not "
                "trusted here ("
            )
            assert message.endswith(
                "): name a file with the certificate of that authority with --ca-file or RINGMAIN_CA_FILE"
            )


def test_grpc_adds_no_words_of_its_own(process_of: ProcessOf, tmp_path: Path) -> None:
    """In a process of its own, a failed handshake is one line on standard error too."""
    other = str(STRANGER.write(tmp_path / "other.pem"))
    with secured() as gateway:
        process = process_of(gateway.target).start("models", "--ca-file", other)
        _, errors = process.communicate(timeout=LIMIT)
    (line,) = errors.splitlines()
    assert "is not trusted here" in line


def test_another_name(process_of: ProcessOf, ca: str) -> None:
    """A certificate for another name is told of with the names that it has."""
    pair = AUTHORITY.issue("gateway.example", "gateway")
    with secured(pair) as gateway:
        assert wrong(process_of(gateway.target), "--ca-file", ca) == (
            f"error: the certificate of the gateway at {gateway.target} is for gateway.example, gateway, not "
            "for 127.0.0.1: use such a name as the address, or say with --tls-name or RINGMAIN_TLS_NAME "
            "which one you expect"
        )
        assert "not for other" in wrong(process_of(gateway.target), "--ca-file", ca, "--tls-name", "other")


def test_an_expired_certificate(process_of: ProcessOf, ca: str) -> None:
    """A certificate that has expired is its operator's affair."""
    with secured(AUTHORITY.expired("127.0.0.1")) as gateway:
        assert wrong(process_of(gateway.target), "--ca-file", ca) == (
            f"error: the certificate of the gateway at {gateway.target} does not hold now (certificate has "
            "expired): its operator must renew it"
        )


def test_a_certificate_of_ones_own_is_missing_or_refused(
    process_of: ProcessOf, tmp_path: Path, ca: str
) -> None:
    """A gateway that demands certificates is told of, and so is the certificate that it refuses."""
    with secured(client_ca=AUTHORITY.root) as gateway:
        line = process_of(gateway.target)
        assert wrong(line, "--ca-file", ca) == (
            f"error: the gateway at {gateway.target} demands a certificate of its callers: name yours with "
            "--client-cert and --client-key (RINGMAIN_CLIENT_CERT, RINGMAIN_CLIENT_KEY)"
        )
        for pair in (STRANGER.issue("me@example.com"), AUTHORITY.expired("me@example.com")):
            own = pair.write(tmp_path)
            flags = ("--ca-file", ca, "--client-cert", str(own.cert), "--client-key", str(own.key))
            assert wrong(line, *flags) == (
                f"error: the gateway at {gateway.target} refuses the certificate in {own.cert}: it has "
                "expired, or is of an authority that is not among those of the gateway's server.tls.client_ca"
            )


def test_a_probe_that_waits_is_told_too(gateway: Gateway, ringmain: CommandLine) -> None:
    """`health --wait` says the same when its time is over."""
    result = ringmain("health", "--wait", "0.5", "--tls")
    assert result.exit_code == 1
    assert "does not speak TLS" in result.stderr


@pytest.mark.parametrize(
    ("flags", "env", "message"),
    [
        (["--ca-file", "none"], {}, "--ca-file: cannot read none: No such file or directory"),
        ([], {"RINGMAIN_CA_FILE": "none"}, "RINGMAIN_CA_FILE: cannot read none: No such file or directory"),
        (["--ca-file", "text"], {}, "--ca-file: text holds no certificate (PEM)"),
        (["--client-cert", "cert"], {}, "--client-cert and --client-key belong together: give both"),
        ([], {"RINGMAIN_CLIENT_KEY": "key"}, "--client-cert and --client-key belong together: give both"),
        (
            ["--client-cert", "cert", "--client-key", "other"],
            {},
            "--client-key: other is no key (PEM, without a passphrase) of the certificate in cert",
        ),
        (
            ["--client-cert", "cert"],
            {"RINGMAIN_CLIENT_KEY": "text"},
            "RINGMAIN_CLIENT_KEY: text is no key (PEM, without a passphrase) of the certificate in cert",
        ),
        (
            ["--client-cert", "text", "--client-key", "key"],
            {},
            "--client-cert: text holds no certificate (PEM)",
        ),
        ([], {"RINGMAIN_TLS": "perhaps"}, "RINGMAIN_TLS must be true or false"),
    ],
)
def test_files_that_cannot_be_used(
    ringmain: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    env: dict[str, str],
    message: str,
) -> None:
    """A file that is missing or not what it should be is a mistake, named by its flag or variable."""
    monkeypatch.chdir(tmp_path)
    pair, other = AUTHORITY.issue("a@example.com"), AUTHORITY.issue("b@example.com")
    for name, content in (("cert", pair.cert), ("key", pair.key), ("other", other.key), ("text", b"hello")):
        (tmp_path / name).write_bytes(content)
    for command in ("models", "status"):
        result = ringmain(command, *flags, **env)
        assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")


@pytest.mark.parametrize("tls", [Tls(), Tls(used=True)])
def test_what_is_no_matter_of_tls_is_not_called_so(tls: Tls) -> None:
    """Ports that refuse, say nothing or do not exist are not explained by TLS, however they are written."""
    with closed_port() as closed:
        addresses = [f"127.0.0.1:{closed}", f"dns:///localhost:{closed}", f"ipv4:127.0.0.1:{closed}"]
        addresses += [
            f"[::1]:{closed}",
            f"ipv6:[::1]:{closed}",
            "unix:/no/such/socket",
            "nobody.invalid",
            "::1",
            "",
        ]
        assert {why(Target(address, tls)) for address in addresses} == {""}


def test_addresses_of_every_form_are_looked_at(gateway: Gateway) -> None:
    """What gRPC takes for an address is understood."""
    port = gateway.target.rpartition(":")[2]
    for form in (
        "127.0.0.1:{}",
        "localhost:{}",
        "dns:///127.0.0.1:{}",
        "dns:127.0.0.1:{}",
        "ipv4:127.0.0.1:{}",
    ):
        assert "does not speak TLS" in why(Target(form.format(port), Tls(used=True)))


def test_the_diagnosis_waits_for_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that takes connections and says nothing holds the command up for seconds only."""
    monkeypatch.setattr("ringmain_server.cli.diagnosis._PATIENCE", 0.2)
    with mute_port() as port:
        assert why(Target(f"127.0.0.1:{port}", Tls())) == ""
