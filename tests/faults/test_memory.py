"""Failed calls of many megabytes leave the gateway's memory as it was."""

import sys

import pytest

from tests.fakes.waiting import LIMIT
from tests.faults.memory import MIB, measure

CLASSES = ("chat invalid field", "chat 500", "stream cut", "inspect broken picture", "transcribe 500")
CALLS, SIZE = 6, 8 * MIB


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc")
async def test_memory_after_failures() -> None:
    """Of six failed calls, of any class, less stays than one of them carried."""
    kept = [
        one async for one in measure(CLASSES.__contains__, calls=CALLS, size=SIZE, settle=LIMIT, enough=SIZE)
    ]
    assert len(kept) == len(CLASSES)
    assert not [str(one) for one in kept if one.code == "OK" or one.grown > SIZE]
