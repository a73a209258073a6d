"""Room 4, pure: explains why an answer ended or was withheld.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#finishreason.
Both enums are open: the later names are those of the Gemini developer API, which have no numbers on this
wire.
"""

from collections.abc import Iterable, Mapping

from ringmain.v1.generation_pb2 import FinishReason

from ringmain_server.errors import ContentFiltered, ProviderError
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.faults import Ending, said_nothing
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.faults import ENDINGS
from ringmain_server.providers.vertex.ratings import category_of

FINISH_REASONS: Mapping[str, int] = {
    "FINISH_REASON_UNSPECIFIED": 0,
    "STOP": 1,
    "MAX_TOKENS": 2,
    "SAFETY": 3,
    "RECITATION": 4,
    "OTHER": 5,
    "BLOCKLIST": 6,
    "PROHIBITED_CONTENT": 7,
    "SPII": 8,
    "MALFORMED_FUNCTION_CALL": 9,
    "MODEL_ARMOR": 10,
    "IMAGE_SAFETY": 11,
    "IMAGE_PROHIBITED_CONTENT": 12,
    "IMAGE_RECITATION": 13,
    "IMAGE_OTHER": 14,
    "UNEXPECTED_TOOL_CALL": 15,
    "NO_IMAGE": 16,
    # Names of the developer API alone; the numbers are our own.
    "LANGUAGE": 1001,
    "TOO_MANY_TOOL_CALLS": 1002,
    "MISSING_THOUGHT_SIGNATURE": 1003,
    "MALFORMED_RESPONSE": 1004,
    "CONTINUATION": 1005,
}
BLOCK_REASONS: Mapping[str, int] = {
    "BLOCK_REASON_UNSPECIFIED": 0,
    "SAFETY": 1,
    "OTHER": 2,
    "BLOCKLIST": 3,
    "PROHIBITED_CONTENT": 4,
    "MODEL_ARMOR": 5,
    "JAILBREAK": 6,
    "IMAGE_SAFETY": 1001,
}
UNKNOWN = 9999
"""Stands for a name that is in none of these tables."""

_FINISH_NAMES = {number: name for name, number in FINISH_REASONS.items()}
_BLOCK_NAMES = {number: name for name, number in BLOCK_REASONS.items()}


def finish_reason(
    provider_id: str, number: int, ratings: Iterable[wire.SafetyRating], assembler: ChatAssembler
) -> FinishReason.ValueType:
    """Returns the reason why an answer ended.

    Args:
        provider_id: The provider that answered.
        number: The wire's reason.
        ratings: The answer's safety ratings.
        assembler: Holds the answer.

    Raises:
        ContentFiltered: A safety system left nothing of the answer.
        ModelOutputInvalid: The model stopped early, and left nothing or a call that cannot be made.
        Rejected: The conversation lacks something that the model requires in it.
    """
    name = _FINISH_NAMES.get(number, "")
    ending = ENDINGS.get(name, Ending.UNKNOWN)
    if ending is Ending.WITHHELD and not assembler.parts:
        raise _filtered(provider_id, "withheld the answer", ratings, name)
    failure = ending.failure(provider_id)
    if failure is not None:
        raise failure
    if ending in _AS_SAID:
        return ending.reason
    if assembler.tool_calls:
        return Ending.TOOL_CALLS.reason
    if ending is Ending.UNKNOWN and not assembler.parts:
        raise said_nothing(provider_id)
    return ending.reason


_AS_SAID = (Ending.WITHHELD, Ending.MAX_TOKENS)
"""Endings that tool calls do not change."""
_UNDRAWN = frozenset({"IMAGE_OTHER", "NO_IMAGE"})
"""Reasons why a model drew nothing, in addition to those for withholding an image."""


def failed(provider_id: str, candidate: wire.Candidate, *, drawn: bool = False) -> ProviderError | None:
    """Returns the failure that an answer's finish reason means; None if it means none.

    Args:
        provider_id: The provider that answered.
        candidate: The answer, with its finish reason.
        drawn: Whether an image was requested, which a model may also decline to draw.
    """
    name = _FINISH_NAMES.get(candidate.finish_reason, "")
    ending = ENDINGS.get(name, Ending.UNKNOWN)
    if ending is Ending.WITHHELD or (drawn and name in _UNDRAWN):
        return _filtered(provider_id, "withheld the answer", candidate.safety_ratings, name)
    return ending.failure(provider_id)


def is_complete(candidate: wire.Candidate) -> bool:
    """Whether an answer ended by itself, and not at a limit or for an unknown reason."""
    return candidate.finish_reason == FINISH_REASONS["STOP"]


def blocked(provider_id: str, feedback: wire.PromptFeedback) -> ProviderError:
    """Returns the failure of a prompt that was blocked."""
    name = _BLOCK_NAMES.get(feedback.block_reason, "other")
    return _filtered(provider_id, "refused the request", feedback.safety_ratings, name)


def _filtered(
    provider_id: str, did: str, ratings: Iterable[wire.SafetyRating], reason: str
) -> ContentFiltered:
    hit = sorted({category_of(rating) for rating in ratings if rating.blocked})
    category = ",".join(hit) or reason.lower()
    return ContentFiltered(
        provider_id, f"the provider's safety system {did}", metadata={"category": category}
    )
