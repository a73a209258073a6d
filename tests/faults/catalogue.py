"""Tests, faults: the catalogue. One row for each fault, by sections 1 and 3 of the laws.

`refused_attempt` and `broken_stream` give the trials that most rows have: with a healthy fallback behind the
primary, and alone; whole and streamed; with each way of stream recovery where content was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import grpc

from tests.fakes import rejections
from tests.fakes.script import FaultKind, Flap
from tests.faults.answers import (
    CUT_TOO,
    FALLBACK,
    OTHER,
    OTHER_TEXT,
    PREFILL_REJECTED,
    PRIMARY,
    TEXT,
    broken,
    continue_text,
    flapping,
    late,
    rate_limited_until,
    with_prefill,
)
from tests.faults.rows import (
    LONG,
    NEVER,
    ONCE,
    SCALE,
    TWICE,
    Bounds,
    ClosesAfter,
    Expect,
    Method,
    Place,
    Recovery,
    Row,
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
RATE_LIMITED = Expect(code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="RATE_LIMITED")
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


def short_deadline(method: Method) -> Trial:
    """The caller's deadline ends long before the timeouts do, and still leaves time for the fallback."""
    timeouts: Mapping[str, object] = {"connect": 9.0, "attempt": 9.0, "first_content": 9.0, "idle": 9.0}
    return Trial(
        method=method,
        fallback=FALLBACK,
        expect=replace(BY_FALLBACK, within=1.0, abandoned=True),
        deadline=1.0,
        label="short-deadline",
        settings={"timeouts": timeouts},
    )


def limited(*headers: tuple[str, str]) -> Flap:
    """429 to the first request, afterwards the answer."""
    return Flap(failure=rejections.rate_limited(headers=headers), success=PRIMARY, first=1)


def waited(seconds: float, method: Method) -> Trial:
    """Alone and with time left: the call waits as long as the primary asks, and is answered."""
    expect = replace(BY_PRIMARY, primary=TWICE, spacing=seconds, within=seconds + 1.5)
    return Trial(method=method, expect=expect, label="waits")


_RATE_LIMITS = (
    Row(
        name="429-seconds",
        title="429 with Retry-After in seconds",
        primary=rejections.RATE_LIMITED_SECONDS,
        trials=refused_attempt(alone=replace(RATE_LIMITED, retry_delay=Bounds(17, 20)), calls=2),
    ),
    Row(
        name="429-date",
        title="429 with Retry-After as a date",
        primary=rate_limited_until(60),
        trials=refused_attempt(alone=replace(RATE_LIMITED, retry_delay=Bounds(50, 61)), calls=2),
    ),
    Row(
        name="429-short",
        title="429 with a wait that fits the deadline",
        primary=limited(("retry-after-ms", "300")),
        trials=(
            Trial(method=Method.UNARY, fallback=FALLBACK, expect=BY_FALLBACK),
            waited(0.3, Method.UNARY),
            waited(0.3, Method.STREAM),
        ),
    ),
    Row(
        name="429-near-date",
        title="429 with a date that fits the deadline",
        primary=rate_limited_until(2),
        trials=(waited(0.9, Method.STREAM),),
    ),
    Row(
        name="429-bare",
        title="429 without Retry-After",
        primary=rejections.RATE_LIMITED,
        trials=(
            *(
                Trial(
                    method=method,
                    fallback=FALLBACK,
                    expect=replace(BY_FALLBACK, fallback=TWICE),
                    calls=2,
                )
                for method in BOTH
            ),
            *(
                Trial(method=method, expect=replace(RATE_LIMITED, primary=SEEN, within=3.5))
                for method in BOTH
            ),
        ),
    ),
    Row(
        name="quota",
        title="quota spent",
        primary=rejections.INSUFFICIENT_QUOTA,
        trials=refused_attempt(calls=2),
    ),
)

_STATUSES = (
    Row(
        name="500-once",
        title="500 once",
        primary=Flap(failure=rejections.SERVER_ERROR, success=PRIMARY, first=1),
        trials=answered(attempts=TWICE),
    ),
    Row(
        name="503",
        title="503 for ever",
        primary=rejections.UNAVAILABLE,
        trials=refused_attempt(TWICE),
    ),
    Row(name="529", title="529 for ever", primary=rejections.OVERLOADED, trials=refused_attempt(TWICE)),
    Row(
        name="401",
        title="401, the gateway's own key",
        primary=rejections.UNAUTHORIZED,
        trials=refused_attempt(calls=2),
    ),
    Row(
        name="404",
        title="unknown model",
        primary=rejections.MODEL_NOT_FOUND,
        trials=refused_attempt(
            alone=Expect(code=grpc.StatusCode.NOT_FOUND, reason="MODEL_NOT_FOUND"), calls=2
        ),
    ),
    Row(
        name="400",
        title="request rejected",
        primary=rejections.BAD_REQUEST,
        trials=ended(Expect(code=INVALID, reason="PROVIDER_REJECTED", names=("temperature",))),
    ),
    Row(
        name="context",
        title="context too long",
        primary=rejections.CONTEXT_LENGTH_EXCEEDED,
        trials=(
            *(
                replace(trial, label="larger", context_tokens=(1000, 8000))
                for trial in refused_attempt(alone=Expect(code=INVALID, reason="CONTEXT_TOO_LONG"))
            ),
            *(
                Trial(method=method, fallback=FALLBACK, expect=BY_FALLBACK, label="unknown")
                for method in BOTH
            ),
            *(
                replace(trial, label="smaller")
                for trial in ended(
                    Expect(code=INVALID, reason="CONTEXT_TOO_LONG"), context_tokens=(8000, 1000)
                )
                if trial.fallback is not None
            ),
        ),
    ),
    Row(
        name="filter",
        title="content filter",
        primary=rejections.AZURE_CONTENT_FILTER,
        trials=(
            *ended(
                Expect(
                    code=grpc.StatusCode.FAILED_PRECONDITION, reason="CONTENT_FILTERED", names=("violence",)
                )
            ),
            *(
                Trial(
                    method=method,
                    fallback=FALLBACK,
                    expect=BY_FALLBACK,
                    label="by-policy",
                    settings={"failover_on": ["content_filtered"]},
                )
                for method in BOTH
            ),
        ),
    ),
    Row(
        name="flap",
        title="primary flaps for 60 s",
        primary=flapping(),
        trials=(
            *(
                Trial(
                    method=method,
                    fallback=FALLBACK,
                    calls=20,
                    pause=3 * SCALE,
                    expect=replace(
                        BY_FALLBACK,
                        answered_by=(Side.PRIMARY, Side.FALLBACK),
                        primary=times(1, 40),
                        fallback=times(1, 20),
                    ),
                )
                for method in BOTH
            ),
            Trial(
                method=Method.STREAM,
                calls=20,
                pause=3 * SCALE,
                expect=replace(
                    UNAVAILABLE,
                    answered_by=(Side.PRIMARY,),
                    or_error=True,
                    text=TEXT,
                    primary=times(1, 40),
                ),
            ),
        ),
    ),
)

_CONNECTIONS = (
    Row(
        name="refused",
        title="connection refused",
        primary=PRIMARY,
        place=Place.REFUSED,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="unreachable",
        title="no connection in time",
        primary=PRIMARY,
        place=Place.FULL,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="dns",
        title="DNS failure",
        primary=PRIMARY,
        place=Place.UNRESOLVED,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="tls-handshake",
        title="TLS failure: no TLS there",
        primary=PRIMARY,
        place=Place.PLAIN_AS_TLS,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="tls-certificate",
        title="TLS failure: unknown authority",
        primary=PRIMARY,
        place=Place.UNTRUSTED,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="reset",
        title="reset before headers",
        primary=broken(FaultKind.RESET_BEFORE_HEADERS),
        trials=refused_attempt(TWICE),
    ),
    Row(
        name="closed",
        title="closed before headers",
        primary=broken(FaultKind.CLOSE_BEFORE_HEADERS),
        trials=refused_attempt(TWICE),
    ),
    Row(
        name="half-closed",
        title="half-closed before headers",
        primary=broken(FaultKind.HALF_CLOSE_BEFORE_HEADERS),
        trials=refused_attempt(TWICE, abandoned=True),
    ),
    Row(
        name="half-closed-mid",
        title="half-closed after 40 of 60 tokens",
        primary=broken(FaultKind.HALF_CLOSE),
        trials=broken_stream(abandoned=True),
    ),
    Row(
        name="pooled",
        title="kept connections are closed",
        primary=ClosesAfter(script=PRIMARY),
        trials=tuple(
            Trial(
                method=method,
                fallback=FALLBACK,
                calls=3,
                pause=SCALE,
                expect=replace(BY_PRIMARY, primary=times(3, 4)),
            )
            for method in BOTH
        ),
    ),
)

_SILENCES = (
    Row(
        name="no-response",
        title="no response",
        primary=broken(FaultKind.HANG),
        trials=(*refused_attempt(abandoned=True), *(short_deadline(method) for method in BOTH)),
    ),
    Row(
        name="slow-headers",
        title="headers after 20 s",
        primary=late(headers=LONG),
        trials=refused_attempt(abandoned=True),
    ),
    Row(
        name="slow-enough",
        title="headers after 4 s, in time",
        primary=late(headers=4 * SCALE),
        trials=answered(),
    ),
    Row(
        name="first-token",
        title="first token after 20 s",
        primary=late(first_token=LONG),
        trials=refused_attempt(abandoned=True),
    ),
    Row(
        name="first-token-pings",
        title="first token after 20 s of comments",
        primary=late(first_token=LONG, pings=8),
        trials=refused_attempt(methods=STREAM, abandoned=True),
    ),
    Row(
        name="stall",
        title="stream silent for 30 s",
        primary=broken(FaultKind.STALL),
        trials=(*refused_attempt(methods=(Method.UNARY,), abandoned=True), *broken_stream(abandoned=True)),
    ),
)

_BROKEN_ANSWERS = (
    Row(
        name="cut",
        title="stream cut after 40 of 60 tokens",
        primary=broken(FaultKind.CUT),
        trials=(
            *refused_attempt(SEEN, methods=(Method.UNARY,)),
            *broken_stream(),
            recovering(
                Recovery.RESTART,
                OTHER,
                replace(BY_FALLBACK, text=OTHER_TEXT, discarded=True),
                "other-text",
            ),
            recovering(
                Recovery.CONTINUE,
                OTHER,
                replace(BY_FALLBACK, text=OTHER_TEXT, discarded=True),
                "other-text",
            ),
            recovering(
                Recovery.CONTINUE,
                with_prefill(continue_text),
                replace(BY_FALLBACK, discarded=False),
                "takes-prefill",
                prefill=True,
            ),
        ),
    ),
    Row(
        name="reset-mid",
        title="stream reset after 40 of 60 tokens",
        primary=broken(FaultKind.RESET),
        trials=(*refused_attempt(SEEN, methods=(Method.UNARY,)), *broken_stream()),
    ),
    Row(
        name="prefill",
        title="fallback rejects prefill",
        primary=broken(FaultKind.CUT),
        trials=(
            recovering(
                Recovery.CONTINUE,
                with_prefill(lambda _: PREFILL_REJECTED),
                replace(BY_FALLBACK, fallback=TWICE, discarded=False),
                "to-regenerate",
                prefill=True,
            ),
            recovering(
                Recovery.CONTINUE,
                PREFILL_REJECTED,
                replace(INTERRUPTED, fallback=TWICE, names=("primary", "fallback")),
                "for-good",
                prefill=True,
            ),
        ),
    ),
    Row(
        name="both-cut",
        title="the fallback's stream breaks too",
        primary=broken(FaultKind.CUT),
        trials=tuple(
            recovering(
                recovery,
                CUT_TOO,
                replace(INTERRUPTED, fallback=ONCE, names=("primary", "fallback")),
                "",
            )
            for recovery in (Recovery.RESTART, Recovery.CONTINUE)
        ),
    ),
    Row(
        name="malformed",
        title="malformed event",
        primary=broken(FaultKind.MALFORMED),
        trials=(*refused_attempt(methods=(Method.UNARY,)), *broken_stream()),
    ),
    Row(
        name="malformed-first",
        title="malformed first event",
        primary=broken(FaultKind.MALFORMED, after=0),
        trials=refused_attempt(methods=STREAM),
    ),
    Row(
        name="error-event",
        title="error event under status 200",
        primary=broken(FaultKind.ERROR_EVENT),
        trials=(*refused_attempt(SEEN, methods=(Method.UNARY,)), *broken_stream()),
    ),
    Row(name="no-end", title="no end marker", primary=broken(FaultKind.NO_END), trials=broken_stream()),
    Row(
        name="no-done",
        title="finish reason, no end marker",
        primary=broken(FaultKind.NO_DONE),
        trials=answered(STREAM),
    ),
    Row(
        name="duplicate-finish",
        title="duplicate finish",
        primary=broken(FaultKind.DUPLICATE_FINISH),
        trials=answered(STREAM),
    ),
    Row(
        name="content-type",
        title="wrong content type",
        primary=broken(FaultKind.WRONG_CONTENT_TYPE),
        trials=answered(),
    ),
    Row(
        name="whole-for-stream",
        title="a document instead of a stream",
        primary=broken(FaultKind.WHOLE_FOR_STREAM),
        trials=refused_attempt(methods=STREAM),
    ),
    Row(
        name="empty-choices",
        title="empty answer: no choice",
        primary=broken(FaultKind.EMPTY_CHOICES),
        trials=refused_attempt(),
    ),
    Row(
        name="empty-body",
        title="empty answer: no byte",
        primary=broken(FaultKind.EMPTY_BODY),
        trials=refused_attempt(SEEN),
    ),
    Row(
        name="html-200",
        title="HTML page under status 200",
        primary=rejections.HTML_PAGE,
        trials=refused_attempt(),
    ),
    Row(
        name="html-502",
        title="HTML page under status 502",
        primary=rejections.BAD_GATEWAY,
        trials=refused_attempt(TWICE),
    ),
    Row(
        name="truncated",
        title="truncated JSON",
        primary=broken(FaultKind.TRUNCATED),
        trials=(*refused_attempt(methods=(Method.UNARY,)), *broken_stream()),
    ),
    Row(
        name="truncated-first",
        title="truncated JSON as the first event",
        primary=broken(FaultKind.TRUNCATED, after=0),
        trials=refused_attempt(methods=STREAM),
    ),
    Row(
        name="giant",
        title="giant event (5 MiB)",
        # The buffers on the way may take it whole, so that the upstream is done before it is left.
        primary=broken(FaultKind.GIANT),
        trials=broken_stream(),
    ),
    Row(
        name="giant-first",
        title="giant first event (5 MiB)",
        primary=broken(FaultKind.GIANT, after=0),
        trials=refused_attempt(methods=STREAM),
    ),
    Row(
        name="utf8",
        title="invalid UTF-8",
        primary=broken(FaultKind.INVALID_UTF8),
        trials=(*refused_attempt(methods=(Method.UNARY,)), *broken_stream()),
    ),
)

CATALOGUE: tuple[Row, ...] = (*_RATE_LIMITS, *_STATUSES, *_CONNECTIONS, *_SILENCES, *_BROKEN_ANSWERS)
"""Every row, in the order of the scorecard."""


def cases() -> tuple[tuple[Row, Trial], ...]:
    """Every trial of every row; their names are unique."""
    found = tuple((row, trial) for row in CATALOGUE for trial in row.trials)
    names = [case_name(row, trial) for row, trial in found]
    assert len(names) == len(set(names)), "two trials of a row have the same name"
    return found


def case_name(row: Row, trial: Trial) -> str:
    """A trial's name: the model at the gateway, and the provider's model at both upstreams."""
    return f"{row.name}.{trial.name}"
