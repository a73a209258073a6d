"""Telemetry: Prometheus metrics, every name in one place.

A metric's children are bound at the first use of their labels.
"""

import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from ringmain_server.call import Call
from ringmain_server.errors import RingmainError
from ringmain_server.providers.unknown_fields import TALLY, Since, Tally
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.gauges import MULTIPROCESS, CandidateGauge

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_STATES = {"closed": 0, "half_open": 1, "open": 2}

TOGETHER = 64
"""Ended calls that are counted in one batch."""


class _Ended(NamedTuple):
    """The facts of an ended call that are counted. Its messages, which may be large, are not kept.

    Attributes:
        method: The method, empty for a part of a call.
        code: The name of the status code.
        seconds: How long the call took.
        attempts: The provider of each attempt, and its error or None.
        tokens: The numbers of input and output tokens, None when they are unknown.
    """

    method: str
    code: str
    seconds: float
    attempts: tuple[tuple[str, RingmainError | None], ...]
    tokens: tuple[int, int] | None


_provider_and_error = attrgetter("candidate.provider_id", "error")

_Counts: TypeAlias = dict[tuple[Counter, tuple[str, ...]], int]
"""Maps a counter and its labels to the amount to add."""


class Metrics:
    """The service's metrics. No method raises.

    Ended calls are counted in batches, at the latest when the metrics are collected, which costs a fraction
    of counting each at its end. One of several workers counts each call at once, into the files that they
    share.

    Args:
        registry: The registry that collects them.
        faults: Reports their own faults.
        unknown: Counts the fields of answers that no translator knows.

    Attributes:
        running: The number of calls of each method that run now. The observer adds those that begin.
    """

    def __init__(
        self, registry: CollectorRegistry, faults: Faults | None = None, unknown: Tally = TALLY
    ) -> None:
        self.faults = faults or Faults()
        self._unknown = Since(unknown)
        registry.register(_Flush(self))  # registered first, so that it is collected first
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
        self._denials = Counter(
            "ringmain_denials",
            "Calls refused as UNAUTHENTICATED or PERMISSION_DENIED, by cause.",
            ["cause"],
            registry=registry,
        )
        self._unknown_fields = Counter(
            "ringmain_unknown_answer_fields",
            "Answers of providers that have a field which no translator knows.",
            ["wire", "field"],
            registry=registry,
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
        self._certificates = Gauge(
            "ringmain_certificate_expire_time_seconds",
            "When the certificate of a section of TLS settings expires, in seconds since the epoch.",
            ["setting"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.running: defaultdict[str, int] = defaultdict(int)
        self._ended: deque[_Ended] = deque()
        self._flushing = threading.Lock()
        # Another process collects the shared files and cannot ask this one to count first.
        self._together = 1 if os.environ.get(MULTIPROCESS) else TOGETHER
        self._children: dict[tuple[MetricWrapperBase, tuple[str, ...]], Any] = {}

    @harmless
    def tasks(self, count: int) -> None:
        """Sets the number of tasks of the event loop."""
        self._tasks.set(count)

    @harmless
    def certificate(self, setting: str, expires: float) -> None:
        """Sets when the certificate of a section of TLS settings expires, in seconds since the epoch."""
        self._child(self._certificates, (setting,)).set(expires)

    def ended(self, call: Call, code: str, seconds: float) -> None:
        """Counts a call that ended, with the name of its status code."""
        try:
            self.running[call.method] -= 1
            for one in (call, *call.parts):
                attempts, usage = tuple(map(_provider_and_error, one.attempts)), one.usage
                tokens = None if usage is None else (usage.input_token_count, usage.output_token_count)
                method = call.method if one is call else ""
                self._ended.append(_Ended(method, code, seconds, attempts, tokens))
            if len(self._ended) >= self._together:
                self.flush()
        except Exception as exc:  # noqa: BLE001 - the call's log line must still be written
            self.faults.happened("Metrics.ended", exc)

    @harmless
    def flush(self) -> None:
        """Counts the calls that ended, and the unknown fields that came, since the last time.

        May be called from any thread.
        """
        with self._flushing:
            counts: _Counts = defaultdict(int)
            # The event loop may append meanwhile, which a deque allows from another thread.
            while self._ended:
                self._add(self._ended.popleft(), counts)
            for key, count in counts.items():
                self._increase(key, count)
            for method, running in list(self.running.items()):
                self._child(self._in_flight, (method,)).set(running)
            for one in self._unknown.news():
                self._increase((self._unknown_fields, (one.wire, one.field)), one.answers)

    @harmless
    def _add(self, one: _Ended, counts: _Counts) -> None:
        """Adds an ended call to the counts; if that fails, the others are still counted."""
        if one.method:
            counts[self._calls, (one.method, one.code)] += 1
            self._child(self._duration, (one.method,)).observe(one.seconds)
        ended = "succeeded" if one.code == "OK" else "cancelled"
        provider_id = ""
        for provider_id, error in one.attempts:
            counts[self._attempts, (provider_id, ended if error is None else type(error).__name__)] += 1
        if one.attempts and one.tokens is not None:
            # The last attempt used them. A counter refuses negative numbers, and one in a batch would lose
            # the rest of the batch.
            for direction, count in zip(("input", "output"), one.tokens, strict=True):
                counts[self._tokens, (provider_id, direction)] += max(count, 0)

    @harmless
    def _increase(self, key: tuple[Counter, tuple[str, ...]], count: int) -> None:
        counter, labels = key
        self._child(counter, labels).inc(count)

    @harmless
    def happened(self, kind: str) -> None:
        """Counts a published event."""
        self._events.labels(kind).inc()

    @harmless
    def refused(self, limit: str) -> None:
        """Counts a call that was refused because the gateway reached one of its own limits."""
        self._child(self._refusals, (limit,)).inc()

    @harmless
    def denied(self, cause: str) -> None:
        """Counts a call that was refused because of who calls."""
        self._child(self._denials, (cause,)).inc()

    @harmless
    def lost_lines(self, count: int) -> None:
        """Adds to the number of log lines that could not be written."""
        self._lost_lines.inc(count)

    @harmless
    def follow_breakers(self, states: Mapping[tuple[str, str], str]) -> None:
        """Sets the breakers that have a gauge, and their states.

        Args:
            states: Maps a provider and its model to the breaker's state.
        """
        self._breakers.follow({key: _STATES[state] for key, state in states.items()})

    @harmless
    def breaker_changed(self, provider_id: str, provider_model: str, state: str) -> None:
        """Sets the state of one breaker; ignores a breaker that is not followed."""
        self._breakers.changed((provider_id, provider_model), _STATES[state])

    @harmless
    def occupied(self, limit: int, candidates: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        """Sets how far the limits of concurrent calls are used up.

        Args:
            limit: The gateway's limit; its calls in flight are counted by method.
            candidates: Maps a provider and its model to the calls in flight and their limit.
        """
        self._limit.set(limit)
        self._candidate_calls.follow({key: running for key, (running, _) in candidates.items()})
        self._candidate_limits.follow({key: most for key, (_, most) in candidates.items()})

    def _child(self, metric: MetricWrapperBase, labels: tuple[str, ...]) -> Any:
        child = self._children.get((metric, labels))
        if child is None:
            child = self._children[metric, labels] = metric.labels(*labels)
        return child


class _Flush(Collector):
    """A collector without metrics of its own; it counts the waiting calls before the others are collected."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        self._metrics.flush()
        return ()
