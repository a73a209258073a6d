"""Tests, faults: rows of the catalogue whose primary answers with a status that is no success."""

from dataclasses import replace

import grpc

from tests.fakes import rejections
from tests.fakes.script import Flap
from tests.faults.answers import (
    FALLBACK,
    PRIMARY,
    TEXT,
    flapping,
    rate_limited_until,
)
from tests.faults.rows import (
    PAUSE,
    TWICE,
    Bounds,
    Expect,
    Method,
    Row,
    Side,
    Trial,
    times,
)
from tests.faults.trials import (
    BOTH,
    BY_FALLBACK,
    INVALID,
    RATE_LIMITED,
    UNAVAILABLE,
    answered,
    ended,
    hurried,
    limited,
    refused_attempt,
    waited,
)

RATE_LIMITS = (
    Row(
        name="429-seconds",
        title="429 with Retry-After in seconds",
        primary=rejections.RATE_LIMITED_SECONDS,
        trials=hurried(refused_attempt(alone=replace(RATE_LIMITED, retry_delay=Bounds(5, 20)), calls=2)),
    ),
    Row(
        name="429-date",
        title="429 with Retry-After as a date",
        primary=rate_limited_until(60),
        trials=hurried(refused_attempt(alone=replace(RATE_LIMITED, retry_delay=Bounds(45, 61)), calls=2)),
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
        trials=hurried(refused_attempt(alone=RATE_LIMITED, calls=2)),
    ),
    Row(
        name="quota",
        title="quota spent",
        primary=rejections.INSUFFICIENT_QUOTA,
        trials=refused_attempt(calls=2),
    ),
)

STATUSES = (
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
        name="403",
        title="403, of this model",
        primary=rejections.FORBIDDEN,
        trials=refused_attempt(calls=2),
    ),
    Row(
        name="tool-use-failed",
        title="the model wrote a broken tool call",
        primary=rejections.TOOL_USE_FAILED,
        trials=refused_attempt(
            alone=Expect(code=grpc.StatusCode.ABORTED, reason="MODEL_OUTPUT_INVALID"),
        ),
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
        title="primary flaps",
        primary=flapping(),
        trials=(
            *(
                Trial(
                    method=method,
                    fallback=FALLBACK,
                    calls=20,
                    pause=PAUSE,
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
                pause=PAUSE,
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
