"""`ringmain health` against a scripted gateway."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway
from tests.fakes.ports import closed_port

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize(
    ("status", "code", "name"), [(SERVING, 0, "SERVING"), (NOT_SERVING, 1, "NOT_SERVING")]
)
def test_status(
    gateway: Gateway,
    ringmain: CommandLine,
    status: int,
    code: int,
    name: str,
) -> None:
    """The exit code is 0 only when the gateway is SERVING."""
    gateway.health.set("readiness", status)
    result = ringmain("health", "--service", "readiness")
    assert (result.exit_code, result.stdout) == (code, f"{name}\n")


def test_unknown_service(ringmain: CommandLine) -> None:
    """A service that the gateway does not have is an error."""
    result = ringmain("health", "--service", "nope")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: NOT_FOUND: ")


def test_admin_address(ringmain: CommandLine) -> None:
    """`--admin` leaves RINGMAIN_TARGET aside and asks a target that is given."""
    result = ringmain("health", "--admin", "--target", ringmain.target, RINGMAIN_TARGET="nobody:1")
    assert result.stdout == "SERVING\n"


def test_wait_for_a_gateway_that_starts(process_of: Callable[[str], CommandLine], tmp_path: Path) -> None:
    """`--wait` is patient with a gateway that is not there yet, nor SERVING at once."""
    target = f"unix:{tmp_path}/socket"
    with ExitStack() as stack:

        def start() -> None:
            gateway = Gateway(lambda server: server.add_insecure_port(target))
            gateway.health.set("", NOT_SERVING)
            stack.enter_context(gateway.serving())
            threading.Timer(0.2, gateway.health.set, ("", SERVING)).start()

        threading.Timer(0.2, start).start()
        result = process_of(target)("health", "--wait", "10")
    assert (result.exit_code, result.stdout) == (0, "SERVING\n")


def test_wait_ends(gateway: Gateway, ringmain: CommandLine) -> None:
    """When the time is over, the last status counts."""
    gateway.health.set("", NOT_SERVING)
    result = ringmain("health", "--wait", "0.15")
    assert (result.exit_code, result.stdout) == (1, "NOT_SERVING\n")
    result = ringmain("health", "--wait", "0.15", "--service", "nope")
    assert (result.exit_code, result.stdout) == (1, "SERVICE_UNKNOWN\n")


def test_wait_for_nobody(process_of: Callable[[str], CommandLine]) -> None:
    """Nobody there in time is one line that names the target."""
    with closed_port() as port:
        result = process_of(f"127.0.0.1:{port}")("health", "--wait", "0.2")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"error: no gateway answers at 127.0.0.1:{port} within 0.2 s: start one with"
    )
