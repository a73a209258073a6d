"""Tests, fakes: scripts of the Messages wire by model name, with the names of `behaviours.py`."""

from collections.abc import Mapping
from typing import Any

from tests.fakes import anthropic_rejections as rejections
from tests.fakes.anthropic_script import Claude
from tests.fakes.behaviours import counted
from tests.fakes.script import Answer, FaultKind, Flap, Framing, Pace, Script, ToolCall, Usage, broken

WEATHER_CALLS = (
    ToolCall(name="get_weather", arguments=('{"city"', ': "Oslo"', "}"), id="toolu_oslo"),
    ToolCall(name="get_weather", arguments=('{"city": ', '"Rome"}'), id="toolu_rome"),
)

SEARCHED: tuple[Mapping[str, Any], ...] = (
    {"type": "text", "text": "I look it up."},
    {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "weather in Oslo"},
        "caller": {"type": "direct"},
    },
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "url": "https://example.com/oslo",
                "title": "Weather in Oslo",
                "encrypted_content": "Erk=",
                "page_age": "1 day ago",
            }
        ],
        "caller": {"type": "direct"},
    },
    {
        "type": "text",
        "text": "It rains in Oslo",
        "citations": [
            {
                "type": "web_search_result_location",
                "url": "https://example.com/oslo",
                "title": "Weather in Oslo",
                "cited_text": "Rain all day.",
                "encrypted_index": "Eio=",
            }
        ],
    },
)
"""A search of the web, and what is said of it."""
RAN: tuple[Mapping[str, Any], ...] = (
    {
        "type": "server_tool_use",
        "id": "srvtoolu_2",
        "name": "bash_code_execution",
        "input": {"command": "echo 4"},
    },
    {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "srvtoolu_2",
        "content": {
            "type": "bash_code_execution_result",
            "stdout": "4\n",
            "stderr": "",
            "return_code": 0,
            "content": [{"type": "bash_code_execution_output", "file_id": "file_1"}],
        },
    },
)
"""Code that the provider ran."""

_FAULTS: Mapping[str, Script] = {
    "fault-400": rejections.BAD_REQUEST,
    "fault-401": rejections.UNAUTHORIZED,
    "fault-402": rejections.BILLING,
    "fault-403": rejections.FORBIDDEN,
    "fault-404": rejections.MODEL_NOT_FOUND,
    "fault-413": rejections.TOO_LARGE,
    "fault-429": rejections.RATE_LIMITED,
    "fault-429-retry-after": rejections.RATE_LIMITED_SECONDS,
    "fault-429-reset": rejections.RATE_LIMITED_RESET,
    "fault-quota": rejections.CREDIT_TOO_LOW,
    "fault-500": rejections.SERVER_ERROR,
    "fault-500-once": Flap(failure=rejections.SERVER_ERROR, success=Answer(), first=1),
    "fault-502": rejections.BAD_GATEWAY,
    "fault-503": rejections.UNAVAILABLE,
    "fault-504": rejections.TIMEOUT,
    "fault-529": rejections.OVERLOADED,
    "fault-context": rejections.PROMPT_TOO_LONG,
    "fault-filter": Claude(tokens=(), category="bio"),
    "fault-flap": Flap(failure=rejections.OVERLOADED, success=Answer()),
    "fault-empty": broken(FaultKind.EMPTY_CHOICES),
    "fault-slow-first-token": Answer(pace=Pace(first_token=30.0)),
    "fault-slow-headers": Answer(pace=Pace(headers=30.0)),
}

_SHAPES: Mapping[str, Script] = {
    "shape-tools": Claude(tokens=(), tool_calls=WEATHER_CALLS),
    "shape-text-and-tools": Claude(tool_calls=WEATHER_CALLS[:1]),
    "shape-tool-empty": Claude(tokens=(), tool_calls=(ToolCall(name="now", arguments=(), id="toolu_now"),)),
    "shape-reasoning": Claude(reasoning=("Let me", " think."), usage=Usage(cached=4, reasoning=3)),
    "shape-reasoning-hidden": Claude(hidden_reasoning=True, redacted=("cipher==",)),
    "shape-refusal": Claude(tokens=(), refusal="I cannot help with that.", category="cyber"),
    "shape-length": Claude(stopped="max_tokens"),
    "shape-stop-sequence": Claude(stopped="stop_sequence", stop_sequence="END"),
    "shape-context-window": Claude(stopped="model_context_window_exceeded"),
    "shape-pause": Claude(tokens=(), blocks=SEARCHED[:2], stopped="pause_turn"),
    "shape-web-search": Claude(blocks=SEARCHED, searches=1),
    "shape-code-execution": Claude(blocks=RAN),
    "shape-cache": Claude(usage=Usage(prompt=100, cached=60), cache_written=30),
    "shape-no-usage": Claude(usage=None),
    "shape-crlf": Answer(framing=Framing(line_end="\r\n")),
    "shape-cr": Answer(framing=Framing(line_end="\r")),
    "shape-no-space": Answer(framing=Framing(space_after_colon=False)),
    "shape-pings": Answer(framing=Framing(ping=True)),
    "shape-split": Answer(tokens=("Grüße", " aus", " 東京", " 🚀"), framing=Framing(write_size=7)),
    "shape-burst": Answer(framing=Framing(burst=True)),
    "shape-unknown-fields": Answer(framing=Framing(unknown_fields=True)),
}

BEHAVIOURS: Mapping[str, Script] = {
    **{f"fault-{kind}": broken(kind, after_tokens=2) for kind in FaultKind},
    **_FAULTS,
    **_SHAPES,
}
"""Every behaviour with a name."""


def behaviour(model: str) -> Script | None:
    """The behaviour of this name, or None if it has none."""
    return BEHAVIOURS.get(model) or counted(model)
