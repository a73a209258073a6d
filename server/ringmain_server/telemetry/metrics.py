"""Prometheus metrics: every name in one place. Children are bound once, at the first use of their labels."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ringmain_server.backend import Call

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_STATES = {"closed": 0, "half_open": 1, "open": 2}
_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class _Ended(NamedTuple):
    calls: Counter
    duration: Histogram


class Metrics:
    """The service's metrics.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "ringmain_calls", "Calls by method and status code.", ["method", "code"], registry=registry
        )
        self._duration = Histogram(
            "ringmain_call_duration_seconds",
            "Time from the request to the end of the answer.",
            ["method"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "ringmain_calls_in_flight",
            "Calls that run now.",
            ["method"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._attempts = Counter(
            "ringmain_attempts",
            "Attempts at providers by outcome.",
            ["provider", "outcome"],
            registry=registry,
        )
        self._tokens = Counter(
            "ringmain_tokens",
            "Tokens by provider and direction.",
            ["provider", "direction"],
            registry=registry,
        )
        self._events = Counter(
            "ringmain_events", "Events by kind: breakers, failovers, reloads.", ["kind"], registry=registry
        )
        self._breaker = Gauge(
            "ringmain_breaker_state",
            "Breakers of the configured candidates: 0 closed, 1 half-open, 2 open.",
            ["provider", "model"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._breakers: dict[tuple[str, str], Gauge] = {}
        self._tasks = Gauge(
            "ringmain_tasks", "Tasks of the event loop.", registry=registry, multiprocess_mode="livesum"
        )
        self._running: dict[str, Gauge] = {}
        self._ended: dict[tuple[str, str], _Ended] = {}
        self._tried: dict[tuple[str, str], Counter] = {}
        self._counted: dict[tuple[str, str], Counter] = {}

    def tasks(self, count: int) -> None:
        """So many tasks there are now."""
        self._tasks.set(count)

    def began(self, method: str) -> None:
        """A call began."""
        gauge = self._running.get(method)
        if gauge is None:
            gauge = self._running[method] = self._in_flight.labels(method)
        gauge.inc()

    def ended(self, call: Call, code: str, seconds: float) -> None:
        """A call ended, with the name of its status code."""
        self._running[call.method].dec()
        ended = self._ended.get((call.method, code))
        if ended is None:
            ended = _Ended(self._calls.labels(call.method, code), self._duration.labels(call.method))
            self._ended[call.method, code] = ended
        ended.calls.inc()
        ended.duration.observe(seconds)
        self._count_attempts(call, code)
        for part in call.parts:
            self._count_attempts(part, code)

    def happened(self, kind: str) -> None:
        """An event was published."""
        self._events.labels(kind).inc()

    def follow_breakers(self, states: Mapping[tuple[str, str], str]) -> None:
        """These breakers are worth a number; callers may name any model, so others are not.

        Args:
            states: Provider and its model to the breaker's state.
        """
        for gone in self._breakers.keys() - states.keys():
            self._breakers.pop(gone).set(0)
            if not os.environ.get(_MULTIPROCESS):  # files of several processes cannot be taken back
                self._breaker.remove(*gone)
        for key, state in states.items():
            if key not in self._breakers:
                self._breakers[key] = self._breaker.labels(*key)
            self._breakers[key].set(_STATES[state])

    def breaker_changed(self, provider_id: str, provider_model: str, state: str) -> None:
        """A breaker has changed; one that is not followed is left out."""
        gauge = self._breakers.get((provider_id, provider_model))
        if gauge is not None:
            gauge.set(_STATES[state])

    def _count_attempts(self, call: Call, code: str) -> None:
        for attempt in call.attempts:
            if attempt.error is not None:
                outcome = type(attempt.error).__name__
            else:
                outcome = "succeeded" if code == "OK" else "cancelled"
            key = (attempt.candidate.provider_id, outcome)
            child = self._tried.get(key)
            if child is None:
                child = self._tried[key] = self._attempts.labels(*key)
            child.inc()
        if call.usage is not None and call.attempts:
            provider_id = call.attempts[-1].candidate.provider_id
            self._count_tokens(provider_id, "input", call.usage.input_token_count)
            self._count_tokens(provider_id, "output", call.usage.output_token_count)

    def _count_tokens(self, provider_id: str, direction: str, count: int) -> None:
        child = self._counted.get((provider_id, direction))
        if child is None:
            child = self._counted[provider_id, direction] = self._tokens.labels(provider_id, direction)
        child.inc(count)
