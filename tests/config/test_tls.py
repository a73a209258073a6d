"""The settings of TLS, and the ports that take them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from ringmain_server.config import ConfigError, Settings, load, show
from ringmain_server.config.exposure import exposed
from ringmain_server.config.problems import dotted

OWN = {"cert": "own.crt", "key": "own.key"}
TLS = {"cert": "tls.crt", "key": "tls.key", "client_ca": "ca.crt"}
OPEN = {"listen": "0.0.0.0:9", "admin_listen": "0.0.0.0:8", "metrics_listen": "0.0.0.0:7"}


def loaded(server: Mapping[str, object], **environ: str) -> Settings:
    """The settings of a server section."""
    return load(environ=environ, overrides={"server": server})


def test_ports_follow_the_callers_port() -> None:
    """Without a section of their own, the admin port and that of metrics have the TLS of callers."""
    server = loaded({"tls": TLS}).server
    assert server.tls is not None
    assert server.tls == server.admin_tls == server.metrics_tls
    assert loaded({}).server.admin_tls is None


def test_ports_may_have_their_own_or_none() -> None:
    """A section of its own, and null, count; null may come from a variable."""
    server = loaded({"tls": TLS, "metrics_tls": OWN}, RINGMAIN_SERVER__ADMIN_TLS="null").server
    assert server.admin_tls is None
    assert server.metrics_tls is not None
    assert server.metrics_tls.cert == "own.crt"
    variables = {f"RINGMAIN_SERVER__TLS__{name.upper()}": path for name, path in TLS.items()}
    assert loaded({}, **variables).server == loaded({"tls": TLS}).server


@pytest.mark.parametrize(
    "server",
    [{}, {"tls": TLS}, {"tls": TLS, "admin_tls": None}, {"tls": TLS, "admin_tls": OWN}, {"admin_tls": OWN}],
)
def test_what_is_shown_can_be_loaded(server: Mapping[str, object], tmp_path: Path) -> None:
    """`config show` writes what gives the same TLS again, and nothing where there is none."""
    settings = loaded(server)
    path = tmp_path / "shown.yaml"
    path.write_text(show(settings))
    assert load(str(path), environ={}).server == settings.server
    assert ("tls" in path.read_text()) == bool(server)


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ({"tls": {"cert": "a"}}, "server.tls.key: is required"),
        ({"tls": {**OWN, "ca": "a"}}, "server.tls.ca: unknown key"),
        ({"tls": "a"}, "server.tls: must be a mapping"),
        (
            {"admin_listen": "unix:/a", "admin_tls": OWN},
            "server.admin_tls: is of no use: server.admin_listen is a Unix domain socket",
        ),
        (
            {"listen": "unix:/a", "admin_listen": None, "tls": TLS},
            "server: has tls that is of no use: listen is a Unix domain socket",
        ),
        ({"health_listen": "127.0.0.1:50051"}, "server.health_listen: is the same address as server.listen"),
    ],
)
def test_mistakes_are_named(server: Mapping[str, object], message: str) -> None:
    """Whatever cannot take effect is refused, and each mistake told once."""
    with pytest.raises(ConfigError) as caught:
        loaded(server)
    (problem,) = caught.value.problems
    assert message in str(problem)


def test_tls_of_other_ports_goes_with_a_socket_of_callers() -> None:
    """Callers on a Unix domain socket, and operators on a port with TLS, go together."""
    assert loaded({"listen": "unix:/a", "tls": TLS}).server.admin_tls is not None


@pytest.mark.parametrize(
    ("tls", "refused"),
    [
        ({}, ["server.listen", "server.admin_listen", "server.metrics_listen"]),
        ({"tls": OWN}, ["server.listen", "server.admin_listen", "server.metrics_listen"]),
        ({"tls": TLS}, ["server.admin_listen"]),
        ({"tls": TLS, "metrics_tls": None}, ["server.admin_listen", "server.metrics_listen"]),
        ({"metrics_tls": TLS}, ["server.listen", "server.admin_listen"]),
        ({"tls": TLS, "admin_tls": TLS}, ["server.admin_listen"]),
    ],
)
def test_certificates_of_callers_open_ports_but_for_operators(
    tls: Mapping[str, object], refused: list[str]
) -> None:
    """A port that demands certificates may be reached from elsewhere; a caller's makes nobody an operator."""
    assert [dotted(one.keys) for one in exposed({"server": {**OPEN, **tls}})] == refused


def test_health_may_be_reached_from_elsewhere() -> None:
    """The port of probes tells nothing that others may not know."""
    assert loaded({"health_listen": "0.0.0.0:50053"}).server.health_listen == "0.0.0.0:50053"
