"""ghz loads the gateway without an error."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.tools.conftest import Addresses
from tests.tools.tools import run, tool

CALLS = 500
QUESTION = {
    "model": "sandbox/echo",
    "messages": [{"role": "ROLE_USER", "parts": [{"text": "one two three"}]}],
}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["Chat", "StreamChat"])
def test_load(gateway: Addresses, method: str) -> None:
    """Hundreds of calls over several connections all end OK."""
    written = run(
        *(tool("ghz"), "--insecure", "--call", f"ringmain.v1.ChatService/{method}"),
        *("--data", json.dumps(QUESTION), "--total", str(CALLS), "--concurrency", "20"),
        *("--connections", "4", "--format", "json", gateway.api),
    )
    report: Mapping[str, Any] = json.loads(written)
    assert report["count"] == CALLS
    assert report["statusCodeDistribution"] == {"OK": CALLS}
    assert not report.get("errorDistribution")
