"""Room 4, pure: reads how a safety system rates a prompt and an answer, on OpenAI's wire.

Azure tells in every answer how severe something is, or whether it was detected, and whether it was filtered:
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter. OpenAI tells a score for each
category where a request asks for moderation: https://platform.openai.com/docs/api-reference/chat/object.
"""

from collections.abc import Iterator, Mapping

from ringmain.v1.chat_service_pb2 import (
    HARM_LEVEL_HIGH,
    HARM_LEVEL_LOW,
    HARM_LEVEL_MEDIUM,
    HARM_LEVEL_NEGLIGIBLE,
    HARM_LEVEL_UNSPECIFIED,
    HarmLevel,
    HarmRating,
)

from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.numbers import share

Object = Mapping[str, object]

FIELDS = frozenset({"prompt_filter_results", "prompt_annotations", "moderation"})
"""Fields of a chat completion that rate the prompt or the answer."""

_SEVERITIES: Mapping[object, HarmLevel.ValueType] = {
    "safe": HARM_LEVEL_NEGLIGIBLE,
    "low": HARM_LEVEL_LOW,
    "medium": HARM_LEVEL_MEDIUM,
    "high": HARM_LEVEL_HIGH,
}
_TOLD = ("filtered", "severity", "detected")
_LONGEST = 256
"""Most characters of a category in the contract."""


def rate_completion(document: Object, assembler: ChatAssembler) -> None:
    """Reads the ratings of a chat completion that are not those of a choice."""
    for name in ("prompt_filter_results", "prompt_annotations"):
        for prompt in _objects(document.get(name)):
            rate(prompt.get("content_filter_results"), assembler, of_prompt=True)
    _rate_moderation(document.get("moderation"), assembler)


def rate_response(response: Object, assembler: ChatAssembler) -> None:
    """Reads the ratings of a response, as the responses wire has them."""
    for one in _objects(response.get("content_filters")):
        of_prompt = one.get("source_type") == "prompt"
        rate(one.get("content_filter_results"), assembler, of_prompt=of_prompt)
    _rate_moderation(response.get("moderation"), assembler)


def rate(results: object, assembler: ChatAssembler, *, of_prompt: bool = False) -> None:
    """Reads Azure's ratings by category.

    Args:
        results: The wire's `content_filter_results`.
        assembler: Takes the ratings.
        of_prompt: Whether the prompt is rated rather than the answer.
    """
    for category, found in results.items() if isinstance(results, Mapping) else ():
        if not isinstance(found, Mapping) or not any(name in found for name in _TOLD):
            continue
        rating = HarmRating(
            category=str(category)[:_LONGEST],
            of_prompt=of_prompt,
            severity=_severity(found.get("severity")),
            blocked=found.get("filtered") is True,
        )
        if isinstance(detected := found.get("detected"), bool):
            rating.detected = detected
        assembler.rate(rating)


def _rate_moderation(found: object, assembler: ChatAssembler) -> None:
    """Reads OpenAI's ratings of the prompt and of the answer."""
    if not isinstance(found, Mapping):
        return
    for name in ("input", "output"):
        rated = found.get(name)
        # Chat completions have a list of results, responses have one result.
        if not isinstance(rated, Mapping):
            continue
        for result in _objects(rated.get("results")) or [rated]:
            for rating in _moderated(result, of_prompt=name == "input"):
                assembler.rate(rating)


def _moderated(result: Object, *, of_prompt: bool) -> Iterator[HarmRating]:
    flags, scores = result.get("categories"), result.get("category_scores")
    for category, flag in flags.items() if isinstance(flags, Mapping) else ():
        rating = HarmRating(category=str(category)[:_LONGEST], of_prompt=of_prompt)
        if isinstance(flag, bool):
            rating.detected = flag
        score = share(scores.get(category)) if isinstance(scores, Mapping) else None
        if score is not None:
            rating.probability_score = score
        yield rating


def _severity(word: object) -> HarmLevel.ValueType:
    return _SEVERITIES.get(word, HARM_LEVEL_UNSPECIFIED) if isinstance(word, str) else HARM_LEVEL_UNSPECIFIED


def _objects(found: object) -> list[Object]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
