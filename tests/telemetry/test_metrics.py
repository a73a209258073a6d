"""Metrics: ended calls are counted in batches, and nobody who looks can tell."""

from prometheus_client import CollectorRegistry
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import NoAnswer
from ringmain_server.providers.unknown_fields import Tally
from ringmain_server.telemetry.metrics import TOGETHER, Metrics

METHOD = "ringmain.v1.ChatService/Chat"


def _call(*attempts: Attempt, usage: Usage | None = None) -> Call:
    return Call("r", METHOD, 0.0, attempts=list(attempts), usage=usage)


def _attempt(error: NoAnswer | None = None) -> Attempt:
    return Attempt(Candidate("p", "openai", "m"), 0.0, error=error)


def test_whoever_looks_sees_every_call() -> None:
    """What is not passed on yet is passed on before the metrics are collected."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for _ in range(3):
        metrics.running[METHOD] += 1
    metrics.ended(_call(_attempt(), usage=Usage(input_token_count=3, output_token_count=4)), "OK", 0.02)
    metrics.ended(_call(_attempt(NoAnswer("p", "x")), _attempt()), "CANCELLED", 0.02)
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }
    assert found["ringmain_calls_in_flight", METHOD] == 1
    assert found["ringmain_calls_total", METHOD, "OK"] == 1
    assert found["ringmain_call_duration_seconds_count", METHOD] == 2
    assert found["ringmain_attempts_total", "p", "succeeded"] == 1
    assert found["ringmain_attempts_total", "p", "NoAnswer"] == 1
    assert found["ringmain_attempts_total", "p", "cancelled"] == 1
    assert found["ringmain_tokens_total", "p", "input"] == 3
    assert found["ringmain_tokens_total", "p", "output"] == 4


def test_a_batch_is_counted_without_anybody_looking() -> None:
    """Ended calls do not pile up: a full batch goes to the metrics, which other processes may read."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for _ in range(TOGETHER):
        metrics.running[METHOD] += 1
        metrics.ended(_call(), "OK", 0.01)
    # A look at this name alone collects nothing else.
    (family,) = registry.restricted_registry(["ringmain_calls_total"]).collect()
    assert family.samples[0].value == TOGETHER


def test_unknown_fields_are_counted_by_wire_and_name() -> None:
    """What answers have since the start is in the metrics whenever somebody looks, and is counted once."""
    registry, unknown = CollectorRegistry(), Tally()
    unknown.add("messages", "p", ["content.old"])
    Metrics(registry, unknown=unknown)
    unknown.add("messages", "p", ["content.new"])
    unknown.add("messages", "q", ["content.new", "usage.new"])
    for _ in range(2):
        found = {
            field: registry.get_sample_value(
                "ringmain_unknown_answer_fields_total", {"wire": "messages", "field": field}
            )
            for field in ("content.old", "content.new", "usage.new")
        }
        assert found == {"content.old": None, "content.new": 2, "usage.new": 1}
