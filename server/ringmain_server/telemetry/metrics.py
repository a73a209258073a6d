"""Prometheus metrics: every name in one place. Children are bound once, at the first use of their labels."""

import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from ringmain_server.backend import Call
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.gauges import MULTIPROCESS, CandidateGauge

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_STATES = {"closed": 0, "half_open": 1, "open": 2}

TOGETHER = 64
"""Ended calls that are counted together."""


class _Ended(NamedTuple):
    """What is counted of an ended call. Without its messages, which may be large."""

    method: str
    code: str
    seconds: float
    outcomes: list[tuple[str, str]]
    tokens: tuple[tuple[tuple[str, str], int], ...]


_Counts: TypeAlias = dict[tuple[Counter, tuple[str, ...]], int]
"""A counter and its labels to how much is added."""


class Metrics:
    """The service's metrics. No method raises.

    Ended calls are counted in batches, at the latest when somebody looks, which costs a fraction of counting
    each at its end. One of several workers counts each at once, into the files that they share.

    Args:
        registry: Where they are collected.
        faults: Where their own faults are told.
    """

    def __init__(self, registry: CollectorRegistry, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        registry.register(_PassOn(self))  # the first to be collected
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
        self._refusals = Counter(
            "ringmain_refusals", "Calls refused as OVERLOADED, by the limit.", ["limit"], registry=registry
        )
        self._breakers = CandidateGauge(
            "ringmain_breaker_state",
            "Breakers of the configured candidates: 0 closed, 1 half-open, 2 open.",
            registry,
            "livemax",
        )
        self._lost_lines = Counter(
            "ringmain_log_lines_lost", "Lines of the log that could not be written.", registry=registry
        )
        self._limit = Gauge(
            "ringmain_calls_limit",
            "Calls that the gateway runs at once, at most.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._candidate_calls = CandidateGauge(
            "ringmain_candidate_calls_in_flight",
            "Attempts at the configured candidates that run now.",
            registry,
            "livesum",
        )
        self._candidate_limits = CandidateGauge(
            "ringmain_candidate_calls_limit",
            "Attempts at the configured candidates that run at once, at most.",
            registry,
            "livesum",
        )
        self._tasks = Gauge(
            "ringmain_tasks", "Tasks of the event loop.", registry=registry, multiprocess_mode="livesum"
        )
        self._running: dict[str, int] = {}
        self._ended: deque[_Ended] = deque()
        self._passing_on = threading.Lock()
        # What another process reads is not collected here, so that nothing may wait.
        self._together = 1 if os.environ.get(MULTIPROCESS) else TOGETHER
        self._children: dict[tuple[MetricWrapperBase, tuple[str, ...]], Any] = {}

    @harmless
    def tasks(self, count: int) -> None:
        """So many tasks there are now."""
        self._tasks.set(count)

    def began(self, method: str) -> None:
        """A call began. Called by the observer, which guards it."""
        self._running[method] = self._running.get(method, 0) + 1

    def ended(self, call: Call, code: str, seconds: float) -> None:
        """A call ended, with the name of its status code."""
        try:
            self._running[call.method] -= 1
            self._ended.append(_Ended(call.method, code, seconds, _outcomes(call, code), _tokens(call)))
            for part in call.parts:
                self._ended.append(_Ended("", code, 0.0, _outcomes(part, code), _tokens(part)))
            if len(self._ended) >= self._together:
                self.pass_on()
        except Exception as exc:  # noqa: BLE001 - the line in the log is written all the same
            self.faults.happened("Metrics.ended", exc)

    @harmless
    def pass_on(self) -> None:
        """Counts what ended since the last time. May be called from any thread."""
        with self._passing_on:
            counts: _Counts = defaultdict(int)
            while self._ended:
                self._add(self._ended.popleft(), counts)
            for key, count in counts.items():
                self._increase(key, count)
            for method, running in list(self._running.items()):
                self._child(self._in_flight, (method,)).set(running)

    @harmless
    def _add(self, one: _Ended, counts: _Counts) -> None:
        """Adds an ended call to the counts; one that cannot be counted takes no other with it."""
        if one.method:
            counts[self._calls, (one.method, one.code)] += 1
            self._child(self._duration, (one.method,)).observe(one.seconds)
        for outcome in one.outcomes:
            counts[self._attempts, outcome] += 1
        for key, count in one.tokens:
            counts[self._tokens, key] += count

    @harmless
    def _increase(self, key: tuple[Counter, tuple[str, ...]], count: int) -> None:
        counter, labels = key
        self._child(counter, labels).inc(count)

    @harmless
    def happened(self, kind: str) -> None:
        """An event was published."""
        self._events.labels(kind).inc()

    @harmless
    def refused(self, limit: str) -> None:
        """A call was refused because it passed a limit of the gateway's own."""
        self._child(self._refusals, (limit,)).inc()

    @harmless
    def lost_lines(self, count: int) -> None:
        """So many lines of the log more could not be written."""
        self._lost_lines.inc(count)

    @harmless
    def follow_breakers(self, states: Mapping[tuple[str, str], str]) -> None:
        """These breakers are worth a number.

        Args:
            states: Provider and its model to the breaker's state.
        """
        self._breakers.follow({key: _STATES[state] for key, state in states.items()})

    @harmless
    def breaker_changed(self, provider_id: str, provider_model: str, state: str) -> None:
        """A breaker has changed; one that is not followed is left out."""
        self._breakers.changed((provider_id, provider_model), _STATES[state])

    @harmless
    def occupied(self, limit: int, candidates: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        """How far the limits of concurrent calls are used up.

        Args:
            limit: Of the gateway; what it has in flight is counted by method.
            candidates: Provider and its model to the calls in flight and their limit.
        """
        self._limit.set(limit)
        self._candidate_calls.follow({key: running for key, (running, _) in candidates.items()})
        self._candidate_limits.follow({key: most for key, (_, most) in candidates.items()})

    def _child(self, metric: MetricWrapperBase, labels: tuple[str, ...]) -> Any:
        child = self._children.get((metric, labels))
        if child is None:
            child = self._children[metric, labels] = metric.labels(*labels)
        return child


class _PassOn(Collector):
    """Has no metrics of its own: what was not passed on yet is, before the others are collected."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        self._metrics.pass_on()
        return ()


def _outcomes(call: Call, code: str) -> list[tuple[str, str]]:
    """Provider and outcome of each attempt."""
    ended = "succeeded" if code == "OK" else "cancelled"
    return [
        (attempt.candidate.provider_id, ended if attempt.error is None else type(attempt.error).__name__)
        for attempt in call.attempts
    ]


def _tokens(call: Call) -> tuple[tuple[tuple[str, str], int], ...]:
    """Provider, direction and count of what was used."""
    if call.usage is None or not call.attempts:
        return ()
    provider_id = call.attempts[-1].candidate.provider_id
    # A counter takes no negative number, and one of a batch would take the others with it.
    read, written = max(call.usage.input_token_count, 0), max(call.usage.output_token_count, 0)
    return ((provider_id, "input"), read), ((provider_id, "output"), written)
