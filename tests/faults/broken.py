"""Tests, faults: rows of the catalogue whose primary does not answer, or answers wrongly."""

from dataclasses import replace

from tests.fakes import rejections
from tests.fakes.script import FaultKind
from tests.faults.answers import (
    CUT_TOO,
    FALLBACK,
    OTHER,
    OTHER_TEXT,
    PREFILL_REJECTED,
    PRIMARY,
    broken,
    continue_text,
    late,
    with_prefill,
)
from tests.faults.rows import (
    HURRIED,
    LONG,
    NEVER,
    ONCE,
    PAUSE,
    TWICE,
    UNREACHED,
    ClosesAfter,
    Method,
    Place,
    Recovery,
    Row,
    Trial,
    times,
)
from tests.faults.trials import (
    BOTH,
    BY_FALLBACK,
    BY_PRIMARY,
    INTERRUPTED,
    SEEN,
    STREAM,
    answered,
    broken_stream,
    recovering,
    refused_attempt,
    short_deadline,
)

CONNECTIONS = (
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
        timeouts=UNREACHED,
        trials=refused_attempt(NEVER),
    ),
    Row(
        name="dns",
        title="DNS failure",
        primary=PRIMARY,
        place=Place.UNRESOLVED,
        timeouts=UNREACHED,
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
    # Two rows, since a call that finds a connection of each trial in the pool may fail twice.
    *(
        Row(
            name=f"pooled-{method}",
            title=f"kept connections are closed, {method}",
            primary=ClosesAfter(script=PRIMARY),
            trials=(
                Trial(
                    method=method,
                    fallback=FALLBACK,
                    calls=3,
                    pause=PAUSE,
                    expect=replace(BY_PRIMARY, primary=times(3, 4)),
                ),
            ),
        )
        for method in BOTH
    ),
)

SILENCES = (
    Row(
        name="no-response",
        title="no response",
        primary=broken(FaultKind.HANG),
        timeouts=HURRIED,
        trials=(*refused_attempt(abandoned=True), *(short_deadline(method) for method in BOTH)),
    ),
    Row(
        name="slow-headers",
        title="no headers for a long time",
        primary=late(headers=LONG),
        timeouts=HURRIED,
        trials=refused_attempt(abandoned=True),
    ),
    Row(
        name="slow-enough",
        title="slow headers, in time",
        primary=late(headers=0.5),
        trials=answered(),
    ),
    Row(
        name="first-token",
        title="no first token for a long time",
        primary=late(first_token=LONG),
        timeouts=HURRIED,
        trials=refused_attempt(abandoned=True),
    ),
    Row(
        name="first-token-pings",
        title="comments instead of a first token",
        primary=late(first_token=LONG, pings=600),
        timeouts=HURRIED,
        trials=refused_attempt(methods=STREAM, abandoned=True),
    ),
    Row(
        name="stall",
        title="stream falls silent",
        primary=broken(FaultKind.STALL),
        timeouts={**HURRIED, "first_content": 60},
        trials=(*refused_attempt(methods=(Method.UNARY,), abandoned=True), *broken_stream(abandoned=True)),
    ),
)

BROKEN_ANSWERS = (
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
)
