"""The overlay with TLS, as it is written and as it serves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ringmain import Client, Unauthenticated, Unavailable
from ringmain_server.config import Settings

from tests.cli.conftest import CommandLine
from tests.deploy.files import KEYS, OVERLAYS, container, manifests, one, started
from tests.e2e.processes import ANY, OWN, Ports, port_of, serving
from tests.fakes.authority import Authority
from tests.fakes.waiting import LIMIT

FOLDER = OVERLAYS / "tls"
PATCH = manifests((FOLDER / "deployment.yaml").read_text())
(CERTIFICATE,) = manifests((FOLDER / "certificate.yaml").read_text())
MOUNT = "/etc/ringmain-tls"
AUTHORITY = Authority()


def _settings() -> Settings:
    """What the overlay starts the gateway with: its arguments over its configuration."""
    return started(container(PATCH)["args"], FOLDER / "ringmain.yaml")


def test_every_port_demands_certificates_but_that_of_the_probes() -> None:
    """The gateway starts without `--allow-unauthenticated`, and probes ask the port that needs none."""
    server = _settings().server
    assert not server.allow_unauthenticated
    assert server.tls is not None
    assert server.tls.client_ca == f"{MOUNT}/ca.crt"
    assert server.tls == server.admin_tls == server.metrics_tls
    (health,) = [port["containerPort"] for port in container(PATCH)["ports"]]
    assert server.health_listen == f"0.0.0.0:{health}"
    assert {
        container(PATCH)[f"{probe}Probe"]["grpc"]["port"] for probe in ("startup", "readiness", "liveness")
    } == {health}


def test_the_secret_is_mounted_whole_and_has_what_is_read() -> None:
    """Each file that the configuration and the variables name is in the mounted folder, by its usual name."""
    (mount,) = container(PATCH)["volumeMounts"]
    (volume,) = one(PATCH, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], MOUNT)
    assert "subPath" not in mount
    assert volume["secret"]["secretName"] == CERTIFICATE["spec"]["secretName"]
    tls = _settings().server.tls
    assert tls is not None
    named = {tls.cert, tls.key, tls.client_ca}
    named |= {each["value"] for each in container(PATCH)["env"] if each["value"].startswith("/")}
    assert named == {f"{MOUNT}/{name}" for name in ("tls.crt", "tls.key", "ca.crt")}


@contextmanager
def _pod(folder: Path) -> Iterator[tuple[Ports, int, dict[str, str]]]:
    """The gateway of the overlay, with certificates in a folder: its ports, that of probes, its variables."""
    AUTHORITY.issue(*CERTIFICATE["spec"]["dnsNames"]).write(folder)
    AUTHORITY.write(folder / "ca.crt")
    config = folder / "ringmain.yaml"
    config.write_text((FOLDER / "ringmain.yaml").read_text().replace(MOUNT, str(folder)))
    arguments = ("--config", str(config), "--metrics-listen", ANY, "--health-listen", ANY)
    variables = {each["name"]: each["value"].replace(MOUNT, str(folder)) for each in container(PATCH)["env"]}
    with serving(*OWN, *arguments, environ={**KEYS, **variables}) as service:
        line = service.line("serving")
        ports = Ports(*(port_of(line[name]) for name in ("listen", "admin_listen", "metrics_listen")))
        yield ports, port_of(line["health_listen"]), variables


@pytest.mark.slow
def test_the_overlay_serves_and_its_pod_is_an_operator(tmp_path: Path) -> None:
    """Probes are answered, `ringmain` within the pod may do everything, and strangers nothing."""
    with _pod(tmp_path) as (ports, health, variables):
        with Client(f"127.0.0.1:{health}") as probe:
            assert probe.health("readiness") == probe.health("liveness") == "SERVING"
        ringmain = CommandLine(f"127.0.0.1:{ports.listen}")
        admin = {"RINGMAIN_ADMIN_TARGET": f"127.0.0.1:{ports.admin}"}
        for command in (("health",), ("chat", "Hi", "-m", "sandbox/echo"), ("status",)):
            result = ringmain(*command, **variables, **admin)
            assert result.exit_code == 0, result.stderr
        name = [("grpc.ssl_target_name_override", variables["RINGMAIN_TLS_NAME"])]
        stranger = AUTHORITY.issue("stranger.example")
        for certificate, refusal in ((None, Unavailable), ((stranger.cert, stranger.key), Unauthenticated)):
            with (
                Client(
                    ringmain.target,
                    tls=AUTHORITY.root,
                    client_certificate=certificate,
                    options=name,
                    max_attempts=1,
                ) as caller,
                pytest.raises(refusal),
            ):
                caller.chat("Hi", model="sandbox/echo", timeout=LIMIT)
