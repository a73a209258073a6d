"""Where answers are made."""

from typing import Any

import pytest
from ringmain_sandbox.endpoints import CHAT_PATH, ENDPOINTS, Work
from ringmain_sandbox.received import Received


@pytest.mark.parametrize(
    ("fields", "work"),
    [
        ({}, Work.LOOP),
        ({"tools": []}, Work.LOOP),
        ({"tools": [{"type": "function"}]}, Work.THREAD),
        ({"response_format": {"type": "json_schema"}}, Work.THREAD),
    ],
)
def test_a_chat_with_schemas_leaves_the_loop(fields: dict[str, Any], work: Work) -> None:
    """A chat is answered at once, unless a schema may have to be satisfied."""
    assert ENDPOINTS[CHAT_PATH].work(Received(CHAT_PATH, {"model": "chat", **fields})) is work
