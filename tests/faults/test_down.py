"""What a primary that is down costs once its breaker is open."""

import time
from statistics import median

import pytest

from tests.fakes.ports import closed_port
from tests.faults.processes import Gateway, gateway
from tests.faults.streams import question

CALLS = 400
MOST = 0.001
"""Seconds that an open breaker may add to a call."""


@pytest.mark.alone
@pytest.mark.slow
async def test_a_primary_that_is_down_adds_at_most_a_millisecond() -> None:
    """With its breaker open, the median call is as fast as without that primary, to 1 ms."""
    with closed_port() as port:
        async with gateway(_config(port)) as served:
            for _ in range(8):
                await _timed(served, "guarded")
            times: dict[str, list[float]] = {"plain": [], "guarded": []}
            for index in range(CALLS):
                model = ("plain", "guarded")[index % 2]
                times[model].append(await _timed(served, model))
            answer = await served.stub.Chat(question("guarded", "Hello"))
            assert [attempt.provider_id for attempt in answer.route.attempts] == ["sandbox"]
            assert median(times["guarded"]) - median(times["plain"]) <= MOST


def _config(port: int) -> dict[str, object]:
    return {
        "providers": {
            "sandbox": {"kind": "sandbox"},
            "down": {
                "kind": "openai",
                "base_url": f"http://127.0.0.1:{port}/v1",
                "api_key": "sk-catalogue-secret",
            },
        },
        "breaker": {"consecutive_failures": 3, "open_for": 60},
        "backoff": {"initial": 0.01, "maximum": 0.01},
        "models": {
            "plain": {"candidates": ["sandbox/echo"]},
            "guarded": {"candidates": ["down/gone", "sandbox/echo"]},
        },
    }


async def _timed(served: Gateway, model: str) -> float:
    start = time.perf_counter()
    await served.stub.Chat(question(model, "Hello"))
    return time.perf_counter() - start
