"""Tests, faults: what a row of the catalogue is, as values without behaviour.

A row is one fault of the primary. Its trials say how it is asked, whether a healthy fallback stands behind
it, and what is expected: of the caller's end and of what the upstreams saw. Sockets are real.

No trial is a race. Whoever answers has time without end (`PATIENT`); only a primary that falls silent for
good is given up soon (`HURRIED`), which shows in what follows, not in how long it took. On a busy machine it
may come before the primary has read the request: there the gateway's attempts count, not the requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import grpc

from tests.fakes.script import Answer, Canned, Script, Usage

DEADLINE = 60.0
"""Seconds after which a caller counts a call as hung."""
SOON = 15.0
"""The deadline, in seconds, of a caller that cannot wait for as long as a provider asks."""
PATIENT: Mapping[str, float] = {"connect": 60, "attempt": 60, "first_content": 60, "idle": 60}
"""Timeouts of providers, in seconds, that no trial reaches."""
HURRIED: Mapping[str, float] = {"connect": 60, "attempt": 0.5, "first_content": 0.5, "idle": 0.5}
"""Timeouts of a primary that takes a request and falls silent for good."""
UNREACHED: Mapping[str, float] = {**PATIENT, "connect": 0.3}
"""Timeouts of a primary that takes no connection, and never will."""
LONG = 60.0
"""Seconds of silence, longer than anybody waits."""
PAUSE = 0.03
"""Seconds between two calls of a trial."""


class Side(StrEnum):
    """One of the two upstreams."""

    PRIMARY = "primary"
    FALLBACK = "fallback"


class Method(StrEnum):
    """How an answer is asked for."""

    UNARY = "unary"
    STREAM = "stream"


class Recovery(StrEnum):
    """What the request says of a stream that breaks after content."""

    FAIL = "fail"
    RESTART = "restart"
    CONTINUE = "continue"


class Place(StrEnum):
    """Where the primary is."""

    HTTP = "http"
    """The scripted upstream."""
    REFUSED = "refused"
    """A port on which nobody listens."""
    FULL = "full"
    """A port whose queue of connections is full: a connection is neither made nor refused."""
    PLAIN_AS_TLS = "plain-as-tls"
    """https to a port that speaks plain HTTP."""
    UNTRUSTED = "untrusted"
    """https to a certificate that nobody vouches for."""
    UNRESOLVED = "unresolved"
    """A name that no resolver knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic:
    """A script that looks at the request.

    Attributes:
        choose: From the request's body and the number of requests for this model before it to a script.
    """

    choose: Callable[[Mapping[str, object], int], Answer | Canned]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosesAfter:
    """An upstream that closes every connection right behind its answer, without saying so before."""

    script: Script


Scripted = Script | Dynamic | ClosesAfter


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `least` to `most`, both included."""

    least: float
    most: float

    def holds(self, value: float) -> bool:
        """Whether a value lies within."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        """One number where both are equal."""
        return f"{self.least:g}" if self.least == self.most else f"{self.least:g} to {self.most:g}"


def times(least: int, most: int | None = None) -> Bounds:
    """A number of attempts."""
    return Bounds(least, least if most is None else most)


NEVER = times(0)
ONCE = times(1)
TWICE = times(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must come of a trial.

    Attributes:
        answered_by: Who may give the complete answer; empty for an error.
        text: The answer's whole text; of a stream that ends in an error, what its text is a beginning of.
        code: The status of an error.
        reason: The reason of an error.
        or_error: Whether this error may also come where an answer is expected, for a flapping primary.
        primary: How many requests the primary gets, over all calls of the trial.
        fallback: How many the fallback gets.
        retry_delay: What RetryInfo says, in seconds; None leaves it open.
        discarded: Whether the stream declares what it sent before as void; None leaves it open.
        spacing: Least seconds between two requests at the primary.
        abandoned: Whether the gateway must close the connection to the primary.
        names: Texts that the error must contain, in its message or metadata.
    """

    answered_by: tuple[Side, ...] = ()
    text: str = ""
    code: grpc.StatusCode = grpc.StatusCode.OK
    reason: str = ""
    or_error: bool = False
    primary: Bounds = ONCE
    fallback: Bounds = NEVER
    retry_delay: Bounds | None = None
    discarded: bool | None = None
    spacing: float = 0.0
    abandoned: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way to meet a fault.

    Attributes:
        method: How it is asked.
        expect: What must come of it.
        fallback: What stands behind the primary; None for nothing.
        recovery: What the request says of broken streams; None says nothing.
        calls: How many calls, one after the other.
        pause: Seconds between them.
        deadline: Seconds that the caller waits at most. Reaching it is a hang, unless it is expected.
        label: Tells trials apart that are the same otherwise.
        settings: What the model's configuration has beside the catalogue's own.
        context_tokens: Of the primary and of the fallback; 0 for unknown.
        prefill: Whether the fallback is configured as one that continues an assistant's text.
    """

    method: Method
    expect: Expect
    fallback: Scripted | None = None
    recovery: Recovery | None = None
    calls: int = 1
    pause: float = 0.0
    deadline: float = DEADLINE
    label: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    context_tokens: tuple[int, int] = (0, 0)
    prefill: bool = False

    @property
    def name(self) -> str:
        """Names it within its row."""
        alone = "" if self.fallback is not None else "alone"
        return "-".join(filter(None, (self.method, self.recovery, self.label, alone)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault.

    Attributes:
        name: Short, for test ids and model names.
        title: For people.
        primary: What the primary does.
        place: Where the primary is.
        trials: The ways to meet it.
        timeouts: Of the primary's provider.
    """

    name: str
    title: str
    primary: Scripted
    trials: tuple[Trial, ...]
    place: Place = Place.HTTP
    timeouts: Mapping[str, float] = field(default_factory=lambda: PATIENT)

    @property
    def may_give_up(self) -> bool:
        """Whether an attempt may end, on a busy machine, before its request is written or read."""
        return self.timeouts["attempt"] < PATIENT["attempt"]


USAGE: Mapping[Side, Usage] = {
    Side.PRIMARY: Usage(prompt=11, completion=60),
    Side.FALLBACK: Usage(prompt=17, completion=60),
}
"""The upstreams count differently, so that it shows whose counts were taken."""
PRICES: Mapping[Side, tuple[int, int]] = {Side.PRIMARY: (1, 2), Side.FALLBACK: (3, 5)}
"""Dollars for a million tokens of input and of output."""


def cost_nano_usd(side: Side) -> int:
    """What a complete answer of an upstream costs."""
    usage, (per_input, per_output) = USAGE[side], PRICES[side]
    return (usage.prompt * per_input + usage.completion * per_output) * 1000
