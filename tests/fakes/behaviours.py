"""Tests, fakes: scripts by model name, so that one process can serve every behaviour.

`fault-*` follows the names of the gateway's own sandbox; `fault-429`, `fault-500` … are statuses.
`shape-*` are answers that are fine and laid out unusually. `tokens-N` and `paced-N-MS` count.
"""

import re
from collections.abc import Mapping

from tests.fakes import rejections
from tests.fakes.script import (
    Answer,
    FaultKind,
    Flap,
    Framing,
    Pace,
    Script,
    ToolCall,
    Usage,
    broken,
)

WEATHER_CALLS = (
    ToolCall(name="get_weather", arguments=('{"city"', ': "Oslo"', "}"), id="call_oslo"),
    ToolCall(name="get_weather", arguments=('{"city": ', '"Rome"}'), id="call_rome"),
)

_FAULTS: Mapping[str, Script] = {
    "fault-400": rejections.BAD_REQUEST,
    "fault-401": rejections.UNAUTHORIZED,
    "fault-403": rejections.FORBIDDEN,
    "fault-404": rejections.MODEL_NOT_FOUND,
    "fault-408": rejections.REQUEST_TIMEOUT,
    "fault-413": rejections.TOO_LARGE,
    "fault-422": rejections.UNPROCESSABLE,
    "fault-429": rejections.RATE_LIMITED,
    "fault-429-retry-after": rejections.RATE_LIMITED_SECONDS,
    "fault-429-retry-after-ms": rejections.RATE_LIMITED_MS,
    "fault-429-retry-after-date": rejections.RATE_LIMITED_DATE,
    "fault-quota": rejections.INSUFFICIENT_QUOTA,
    "fault-500": rejections.SERVER_ERROR,
    "fault-500-once": Flap(failure=rejections.SERVER_ERROR, success=Answer(), first=1),
    "fault-502": rejections.BAD_GATEWAY,
    "fault-503": rejections.UNAVAILABLE,
    "fault-504": rejections.GATEWAY_TIMEOUT,
    "fault-529": rejections.OVERLOADED,
    "fault-context": rejections.CONTEXT_LENGTH_EXCEEDED,
    "fault-context-vllm": rejections.VLLM_CONTEXT,
    "fault-filter": rejections.AZURE_CONTENT_FILTER,
    "fault-filter-openai": rejections.INVALID_PROMPT,
    "fault-filter-finish": Answer(tokens=("Well",), finish_reason="content_filter"),
    "fault-html": rejections.HTML_PAGE,
    "fault-flap": Flap(failure=rejections.UNAVAILABLE, success=Answer()),
    "fault-empty": broken(FaultKind.EMPTY_CHOICES),
    "fault-slow-first-token": Answer(pace=Pace(first_token=30.0)),
    "fault-slow-headers": Answer(pace=Pace(headers=30.0)),
}

_SHAPES: Mapping[str, Script] = {
    "shape-tools": Answer(tokens=(), tool_calls=WEATHER_CALLS),
    "shape-tools-interleaved": Answer(tokens=(), tool_calls=WEATHER_CALLS, interleave_tool_calls=True),
    "shape-text-and-tools": Answer(tool_calls=WEATHER_CALLS[:1]),
    "shape-reasoning": Answer(reasoning=("Let me", " think."), usage=Usage(cached=4, reasoning=3)),
    "shape-refusal": Answer(tokens=(), refusal="I cannot help with that."),
    "shape-length": Answer(finish_reason="length"),
    "shape-no-usage": Answer(usage=None),
    "shape-crlf": Answer(framing=Framing(line_end="\r\n")),
    "shape-cr": Answer(framing=Framing(line_end="\r")),
    "shape-no-space": Answer(framing=Framing(space_after_colon=False)),
    "shape-pings": Answer(framing=Framing(ping=True)),
    "shape-split": Answer(tokens=("Grüße", " aus", " 東京", " 🚀"), framing=Framing(write_size=7)),
    "shape-burst": Answer(framing=Framing(burst=True)),
    "shape-unknown-fields": Answer(framing=Framing(unknown_fields=True, event_fields=True)),
}

BEHAVIOURS: Mapping[str, Script] = {
    **{f"fault-{kind}": broken(kind, after_tokens=2) for kind in FaultKind},
    **_FAULTS,
    **_SHAPES,
}
"""Every behaviour with a name."""

_COUNTED = re.compile(r"tokens-(?P<tokens>\d+)|paced-(?P<paced>\d+)-(?P<ms>\d+)")


def behaviour(model: str) -> Script | None:
    """The behaviour of this name, or None if it has none."""
    return BEHAVIOURS.get(model) or counted(model)


def counted(model: str) -> Answer | None:
    """The answer whose tokens this name counts, or None if it counts none."""
    found = _COUNTED.fullmatch(model)
    if found is None:
        return None
    count = int(found["tokens"] or found["paced"])
    seconds = int(found["ms"] or 0) / 1000
    tokens = tuple(f" t{index}" for index in range(count))
    pace = Pace(first_token=seconds, token=seconds)
    return Answer(tokens=tokens, usage=Usage(completion=count), pace=pace)
