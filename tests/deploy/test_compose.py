"""The compose file."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from ringmain_server.config import load
from ringmain_server.config.units import seconds

from tests.deploy.files import DEPLOY, ROOT, started

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ALL: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVICES = {name: service for name, service in ALL.items() if "build" in service}
"""Those that are built here."""
GATEWAYS = {name: service for name, service in SERVICES.items() if service["command"][0] == "serve"}

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
each_gateway = pytest.mark.parametrize("service", GATEWAYS.values(), ids=list(GATEWAYS))


@each_service
def test_it_is_built_by_the_dockerfile(service: dict[str, Any]) -> None:
    """The context is the root of the repository, and the Dockerfile is there."""
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).is_file()


@each_service
def test_it_has_no_rights(service: dict[str, Any]) -> None:
    """The root is read-only, /tmp is all there is to write to, and no capability is left."""
    assert service["read_only"] is True
    assert [entry.partition(":")[0] for entry in service["tmpfs"]] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


@each_gateway
def test_it_is_published_on_loopback_alone(service: dict[str, Any]) -> None:
    """Callers need no credentials, or speak without TLS, so other machines must not reach the port."""
    assert "--allow-unauthenticated" in service["command"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@each_service
def test_it_is_given_the_time_to_drain(service: dict[str, Any]) -> None:
    """The engine kills later than the service ends its last stream."""
    server = load(environ={}).server
    assert seconds(service["stop_grace_period"]) > server.drain_delay + server.stream_grace


@each_gateway
def test_it_starts(service: dict[str, Any]) -> None:
    """The service accepts what it is started with."""
    environ = service.get("environment", {})
    named = environ.items() if isinstance(environ, dict) else ()
    given: dict[str, str] = {name: value or "x" for name, value in named}
    assert started(service["command"], None, **given).auth_required == ("RINGMAIN_STORAGE__URL" in given)


def test_keys_are_kept_in_a_database_that_only_gateways_reach() -> None:
    """It is migrated before the gateway starts, has a volume, no port, and no password stands in the file."""
    assert ALL["keys"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert ALL["migrate"]["command"] == ["db", "migrate"]
    assert ALL["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "ports" not in ALL["database"]
    assert ALL["database"]["volumes"][0].partition(":")[0] in COMPOSE["volumes"]
    assert ALL["database"]["environment"]["POSTGRES_PASSWORD"] is None
    url = ALL["keys"]["environment"]["RINGMAIN_STORAGE__URL"]
    assert url == ALL["migrate"]["environment"]["RINGMAIN_STORAGE__URL"]
    assert urlsplit(url).password == "${POSTGRES_PASSWORD:-}"


@each_gateway
def test_health_is_asked_by_the_services_own_command(service: dict[str, Any]) -> None:
    """No other program is needed in the image."""
    assert service["healthcheck"]["test"][:3] == ["CMD", "ringmain", "health"]


def test_services_do_not_share_ports() -> None:
    """All may run at once."""
    ports = [port.rpartition(":")[0] for service in GATEWAYS.values() for port in service["ports"]]
    assert len(ports) == len(set(ports))


def test_a_key_comes_from_the_environment_on_request() -> None:
    """Without a profile nothing but the sandbox starts, and that needs no key; no key stands in the file."""
    usual = [name for name, service in ALL.items() if "profiles" not in service]
    assert usual == ["sandbox"]
    assert SERVICES["openai"]["environment"] == ["OPENAI_API_KEY"]
