"""Tests, faults: what most rows of the catalogue try, and what they expect of it.

`refused_attempt` and `broken_stream` give the trials that most rows have: with a healthy fallback behind the
primary, and alone; whole and streamed; with each way of stream recovery where content was sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import grpc

from tests.fakes import rejections
from tests.fakes.script import Flap
from tests.faults.answers import (
    FALLBACK,
    PRIMARY,
    TEXT,
)
from tests.faults.rows import (
    ONCE,
    PATIENT,
    SOON,
    TWICE,
    Bounds,
    Expect,
    Method,
    Recovery,
    Scripted,
    Side,
    Trial,
    times,
)

BOTH = (Method.UNARY, Method.STREAM)
STREAM = (Method.STREAM,)
BY_PRIMARY = Expect(answered_by=(Side.PRIMARY,), text=TEXT)
BY_FALLBACK = Expect(answered_by=(Side.FALLBACK,), text=TEXT, fallback=ONCE)
UNAVAILABLE = Expect(code=grpc.StatusCode.UNAVAILABLE, reason="PROVIDERS_UNAVAILABLE")
RATE_LIMITED = Expect(code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="PROVIDERS_RATE_LIMITED")
INTERRUPTED = Expect(code=grpc.StatusCode.ABORTED, reason="STREAM_INTERRUPTED", text=TEXT, names=("primary",))
INVALID = grpc.StatusCode.INVALID_ARGUMENT
SEEN = times(1, 2)
"""Attempts where the laws leave it open whether the same candidate is asked again."""


def refused_attempt(
    attempts: Bounds = ONCE,
    *,
    methods: Sequence[Method] = BOTH,
    alone: Expect = UNAVAILABLE,
    abandoned: bool = False,
    calls: int = 1,
) -> tuple[Trial, ...]:
    """Nothing of the primary was seen: the fallback answers; alone, an error.

    Args:
        attempts: At the primary, over all calls.
        methods: How it is asked.
        alone: The error without a fallback.
        abandoned: Whether the gateway must close the connection.
        calls: How many calls with a fallback; the primary is held after the first if it is asked once.
    """
    rescued = replace(BY_FALLBACK, primary=attempts, fallback=times(calls), abandoned=abandoned)
    bounded = replace(alone, primary=attempts, abandoned=abandoned)
    return tuple(
        trial
        for method in methods
        for trial in (
            Trial(method=method, fallback=FALLBACK, expect=rescued, calls=calls),
            Trial(method=method, expect=bounded),
        )
    )


def broken_stream(*, abandoned: bool = False) -> tuple[Trial, ...]:
    """Content was sent: an error, or the fallback goes on without a seam, as the request says."""
    interrupted = replace(INTERRUPTED, abandoned=abandoned)
    recovered = replace(BY_FALLBACK, abandoned=abandoned, discarded=False)
    return tuple(
        trial
        for recovery in Recovery
        for trial in (
            Trial(
                method=Method.STREAM,
                recovery=recovery,
                fallback=FALLBACK,
                expect=interrupted if recovery is Recovery.FAIL else recovered,
            ),
            Trial(method=Method.STREAM, recovery=recovery, expect=interrupted),
        )
    )


def answered(methods: Sequence[Method] = BOTH, attempts: Bounds = ONCE, **more: float) -> tuple[Trial, ...]:
    """The primary answers after all, with a fallback and without."""
    expect = replace(BY_PRIMARY, primary=attempts, spacing=more.get("spacing", 0.0))
    return tuple(
        Trial(method=method, fallback=fallback, expect=expect)
        for method in methods
        for fallback in (FALLBACK, None)
    )


def ended(expect: Expect, **more: tuple[int, int]) -> tuple[Trial, ...]:
    """The caller's own mistake: the same error with a fallback and without, and no second try."""
    context_tokens = more.get("context_tokens", (0, 0))
    return tuple(
        Trial(method=method, fallback=fallback, expect=expect, context_tokens=context_tokens)
        for method in BOTH
        for fallback in (FALLBACK, None)
    )


def recovering(
    recovery: Recovery, fallback: Scripted, expect: Expect, label: str, *, prefill: bool = False
) -> Trial:
    """A broken stream with a fallback of its own."""
    return Trial(
        method=Method.STREAM,
        recovery=recovery,
        fallback=fallback,
        expect=expect,
        label=label,
        prefill=prefill,
    )


def hurried(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """The same of callers that cannot wait for as long as the primary asks."""
    return tuple(replace(trial, deadline=SOON) for trial in trials)


def short_deadline(method: Method) -> Trial:
    """The caller's deadline ends long before the timeouts do, and still leaves time for the fallback."""
    return Trial(
        method=method,
        fallback=FALLBACK,
        expect=replace(BY_FALLBACK, abandoned=True),
        deadline=8.0,
        label="short-deadline",
        settings={"timeouts": PATIENT},
    )


def limited(*headers: tuple[str, str]) -> Flap:
    """429 to the first request, afterwards the answer."""
    return Flap(failure=rejections.rate_limited(headers=headers), success=PRIMARY, first=1)


def waited(seconds: float, method: Method) -> Trial:
    """Alone and with time left: the call waits as long as the primary asks, and is answered."""
    expect = replace(BY_PRIMARY, primary=TWICE, spacing=seconds)
    return Trial(method=method, expect=expect, label="waits")
