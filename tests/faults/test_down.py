"""What a primary that is down costs once its breaker is open; `make bench` says what that is in time."""

from tests.fakes.ports import closed_port
from tests.faults.processes import gateway
from tests.faults.streams import question


async def test_a_primary_that_is_down_is_not_asked() -> None:
    """With its breaker open, a call makes no attempt at that primary and waits for nothing."""
    with closed_port() as port:
        async with gateway(config(port)) as served:
            for _ in range(8):
                await served.stub.Chat(question("guarded", "Hello"))
            answer = await served.stub.Chat(question("guarded", "Hello"))
            assert [attempt.provider_id for attempt in answer.route.attempts] == ["sandbox"]


def config(port: int) -> dict[str, object]:
    """The sandbox behind a primary at this port, and the sandbox alone."""
    return {
        "providers": {
            "sandbox": {"kind": "sandbox"},
            "down": {
                "kind": "openai",
                "base_url": f"http://127.0.0.1:{port}/v1",
                "api_key": "sk-catalogue-secret",
            },
        },
        "breaker": {"consecutive_failures": 3, "open_for": 600},
        "backoff": {"initial": 0.01, "maximum": 0.01},
        "models": {
            "plain": {"candidates": ["sandbox/echo"]},
            "guarded": {"candidates": ["down/gone", "sandbox/echo"]},
        },
    }
