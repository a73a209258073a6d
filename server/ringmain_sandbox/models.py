"""Sandbox: the list of its models."""

from collections.abc import Mapping
from types import MappingProxyType

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_CHAT,
    CAPABILITY_EMBEDDING,
    CAPABILITY_IMAGE_CLASSIFICATION,
    CAPABILITY_IMAGE_EDITING,
    CAPABILITY_IMAGE_GENERATION,
    CAPABILITY_IMAGE_UPSCALING,
    CAPABILITY_SPEECH,
    CAPABILITY_TRANSCRIPTION,
)

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
        "fault-empty": "Answers 200 with nothing in it.",
    }
)
"""The models that fail, each with a description."""

_CHATS = frozenset({CAPABILITY_CHAT})
_ABLE: Mapping[str, tuple[str, frozenset[int]]] = MappingProxyType(
    {
        CHAT: ("Answers from what it was given: counts, images, schemas, tools. No model runs.", _CHATS),
        ECHO: ("Repeats the last text of the user exactly.", _CHATS),
        "image": (
            "Draws what the prompt names, and changes images. No model runs.",
            frozenset({CAPABILITY_IMAGE_GENERATION, CAPABILITY_IMAGE_EDITING}),
        ),
        "upscale": ("Enlarges an image.", frozenset({CAPABILITY_IMAGE_UPSCALING})),
        "classify": (
            "Rates and labels an image by its colors.",
            frozenset({CAPABILITY_IMAGE_CLASSIFICATION}),
        ),
        "embed": (
            (
                "Makes vectors of words and letters: texts that share many are near. "
                "An image gets the vector of the words that describe it."
            ),
            frozenset({CAPABILITY_EMBEDDING}),
        ),
        "speak": ("Speaks in tones that carry the text.", frozenset({CAPABILITY_SPEECH})),
        "transcribe": (
            "Hears what `speak` spoke, word for word, and nothing else. The speaker is always `A`.",
            frozenset({CAPABILITY_TRANSCRIPTION}),
        ),
    }
)

MODELS: Mapping[str, str] = MappingProxyType(
    {**{name: description for name, (description, _) in _ABLE.items()}, **FAULTS}
)
"""Every model of the sandbox, with its description."""

_EVERYTHING = frozenset[int]().union(*(able for _, able in _ABLE.values()))


def capabilities(model: str) -> frozenset[int] | None:
    """Returns the operations of a model, as values of `Capability`; None for a model that does not exist.

    A model that fails does so at every operation.
    """
    if model in FAULTS:
        return _EVERYTHING
    return _ABLE[model][1] if model in _ABLE else None
