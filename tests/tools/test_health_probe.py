"""grpc-health-probe understands every health name."""

import pytest

from tests.tools.conftest import Addresses
from tests.tools.tools import run, tool

NAMES = ("", "readiness", "liveness", "ringmain.v1.ChatService", "ringmain.v1.ModelService")
NOT_FOUND = 3
"""The probe's exit code when the call failed, an unknown service included."""


def probe(address: str, service: str, code: int = 0) -> str:
    """What the probe says."""
    return run(tool("grpc-health-probe"), f"-addr={address}", f"-service={service}", code=code)


@pytest.mark.parametrize("name", NAMES)
def test_serving(gateway: Addresses, name: str) -> None:
    """Each name is SERVING while the gateway serves."""
    assert "status: SERVING" in probe(gateway.api, name)


@pytest.mark.parametrize("name", ["", "readiness", "liveness", "ringmain.admin.v1.AdminService"])
def test_serving_at_the_admin_port(gateway: Addresses, name: str) -> None:
    """The admin port has the same names, and its own service."""
    assert "status: SERVING" in probe(gateway.admin, name)


def test_unknown(gateway: Addresses) -> None:
    """A name that is none fails the probe."""
    assert "NotFound" in probe(gateway.api, "nobody", code=NOT_FOUND)
