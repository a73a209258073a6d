"""Tests, fakes: scripts of Google's wire by model name, so that one process can serve every behaviour.

`fault-*` are those of the gateway's own sandbox where gRPC has them; `fault-<status>` are statuses.
`shape-*` are answers that are fine. `tokens-N` and `paced-N-MS` count.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from tests.fakes import vertex_statuses as statuses
from tests.fakes.vertex_script import HELLO, Answer, Fault, Flap, Pace, Script, answer, broken, message, text

OSLO = {"functionCall": {"name": "get_weather", "args": {"city": "Oslo", "days": 3}}}
ROME = {"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}}
SIGNATURE = "c2lnbmF0dXJl"

_FAULTS: Mapping[str, Script] = {
    "fault-400": statuses.BAD_REQUEST,
    "fault-401": statuses.UNAUTHENTICATED,
    "fault-403": statuses.PERMISSION,
    "fault-404": statuses.NOT_FOUND,
    "fault-429": statuses.RATE_LIMITED,
    "fault-429-retry-after": statuses.RATE_LIMITED_SECONDS,
    "fault-quota": statuses.QUOTA,
    "fault-500": statuses.INTERNAL,
    "fault-500-once": Flap(failure=statuses.INTERNAL, success=HELLO, first=1),
    "fault-503": statuses.UNAVAILABLE,
    "fault-504": statuses.TIMEOUT,
    "fault-context": statuses.CONTEXT,
    "fault-filter": Answer(messages=(message({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),)),
    "fault-filter-finish": text("Well", finish="SAFETY"),
    "fault-flap": Flap(failure=statuses.UNAVAILABLE, success=HELLO),
    "fault-slow-first-token": replace(HELLO, pace=Pace(first=30.0)),
    "fault-slow-headers": replace(HELLO, pace=Pace(headers=30.0)),
}
_SHAPES: Mapping[str, Script] = {
    "shape-tools": answer({**OSLO, "thoughtSignature": SIGNATURE}, ROME),
    "shape-text-and-tools": answer({"text": "Let me look."}, OSLO),
    "shape-reasoning": answer(
        {"text": "Let me", "thought": True},
        {"text": " think.", "thought": True},
        {"text": "Done."},
        {"text": "", "thoughtSignature": SIGNATURE},
        usage={"promptTokenCount": 7, "candidatesTokenCount": 1, "thoughtsTokenCount": 5},
    ),
    "shape-search": answer(
        {"text": "Die Höhe ist "},
        {"text": "8849 m."},
        groundingMetadata={
            "webSearchQueries": ["everest"],
            "searchEntryPoint": {"renderedContent": "<div>everest</div>"},
            "groundingChunks": [{"web": {"uri": "https://a.test/", "title": "a.test"}}],
            "groundingSupports": [
                {
                    "segment": {"startIndex": 4, "endIndex": 23, "text": "Höhe ist 8849 m."},
                    "groundingChunkIndices": [0],
                }
            ],
        },
    ),
    "shape-code": answer(
        {"executableCode": {"language": "PYTHON", "code": "1 / 0"}, "thoughtSignature": SIGNATURE},
        {"text": "Running."},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError"}},
        {"inlineData": {"mimeType": "image/png", "data": "eA=="}, "thoughtSignature": SIGNATURE},
        {"text": "No."},
    ),
    "shape-sound": answer(
        *({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": data}} for data in ("AAA=", "AQE=")),
    ),
    "shape-logprobs": answer(
        {"text": "Yes"},
        logprobsResult={
            "chosenCandidates": [{"token": "Yes", "logProbability": -0.5}],
            "topCandidates": [{"candidates": [{"token": "Yes", "logProbability": -0.5}]}],
        },
    ),
    "shape-length": text("Half", finish="MAX_TOKENS"),
    "shape-no-usage": text("Hello", usage={}),
}

BEHAVIOURS: Mapping[str, Script] = {
    **{f"fault-{fault}": broken(fault) for fault in Fault},
    **_FAULTS,
    **_SHAPES,
}
"""Every behaviour with a name."""

_COUNTED = re.compile(r"tokens-(?P<tokens>\d+)|paced-(?P<paced>\d+)-(?P<ms>\d+)")


def behaviour(model: str) -> Script | None:
    """The behaviour of this name, or None if it has none."""
    counted = _COUNTED.fullmatch(model)
    if counted is None:
        return BEHAVIOURS.get(model)
    count = int(counted["tokens"] or counted["paced"])
    seconds = int(counted["ms"] or 0) / 1000
    return replace(text(*(f" t{index}" for index in range(count))), pace=Pace(first=seconds, each=seconds))
