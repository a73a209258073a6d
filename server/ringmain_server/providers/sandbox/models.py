"""Room 4, the sandbox: its models by name, the one place that lists them."""

from collections.abc import Mapping
from types import MappingProxyType

CHAT = "chat"
ECHO = "echo"

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "fault-429": "Answers 429 without Retry-After.",
        "fault-429-retry-after": "Answers 429 with Retry-After: 2.",
        "fault-500": "Answers 500.",
        "fault-500-once": "Answers 500 to the first try of a request and serves the next try.",
        "fault-503": "Answers 503.",
        "fault-401": "Answers 401, as to a wrong key.",
        "fault-refuse-connection": "Refuses the connection.",
        "fault-reset": "Resets the connection before its answer.",
        "fault-hang": "Takes the request and never answers.",
        "fault-slow-first-token": "Is silent for 20 s, or fault_after_ms, before the first token.",
        "fault-cut": "Breaks the connection within the answer.",
        "fault-stall": "Falls silent within the answer and keeps the connection open.",
        "fault-malformed": "Sends something that is not JSON within the answer.",
        "fault-no-end": "Closes a stream after its text, without finish reason and end marker.",
        "fault-context": "Answers 400: the input is too long for the context.",
        "fault-filter": "Answers 400: a safety system refused the input for violence.",
        "fault-flap": "Answers 503 to three requests, serves the next three, and so on.",
        "fault-empty": "Answers 200 without any choice.",
    }
)
"""The models that fail: name to what they do."""

MODELS: Mapping[str, str] = MappingProxyType(
    {
        CHAT: "Answers from what it was given: counts, images, schemas, tools. No model runs.",
        ECHO: "Repeats the last text of the user exactly.",
        **FAULTS,
    }
)
"""Every model of the sandbox: name to description."""
