"""Room 4, pure: the JSON of the Gemini developer API, which is that of Vertex AI's messages but for details.

https://ai.google.dev/api/generate-content. Both are the JSON form of protobuf messages, and of nearly the
same ones: the developer API has names for reasons that Vertex AI has not, ids of calls, and one count that
is called otherwise.
"""

from collections.abc import Mapping

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.finish import BLOCK_REASONS, FINISH_REASONS, UNKNOWN

Object = dict[str, object]

_COUNTS = {
    "promptTokenCount": "prompt_token_count",
    "candidatesTokenCount": "candidates_token_count",
    "thoughtsTokenCount": "thoughts_token_count",
    "totalTokenCount": "total_token_count",
    "cachedContentTokenCount": "cached_content_token_count",
}
_DETAILS = frozenset({"promptTokensDetails", "candidatesTokensDetails", "cacheTokensDetails"})
"""What a count is made of, which nobody reads."""


def from_message(message: wire.GenerateContentRequest) -> Object:
    """A request as JSON, without the model, which the path names."""
    return {name: _whole(value) for name, value in MessageToDict(message).items() if name != "model"}


def merged(found: Object, given: Mapping[str, object]) -> Object:
    """JSON with the caller's own fields over it: objects are merged, lists and values are replaced."""
    result = dict(found)
    for name, value in given.items():
        before = result.get(name)
        if isinstance(before, dict) and isinstance(value, Mapping):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def to_message(document: Object, provider_id: str) -> wire.GenerateContentResponse:
    """An answer, or one event of a stream, as a message. What Vertex AI does not know is left out.

    Args:
        document: The JSON; it is changed.
        provider_id: Who answered.

    Raises:
        MalformedAnswer: It is of another shape.
    """
    if (plain := _plain(document)) is not None:
        return plain
    message = wire.GenerateContentResponse()
    try:
        for candidate in _objects(document.get("candidates")):
            _number(candidate, "finishReason", FINISH_REASONS)
        for feedback in _objects([document.get("promptFeedback")]):
            _number(feedback, "blockReason", BLOCK_REASONS)
        for usage in _objects([document.get("usageMetadata")]):
            if count := usage.pop("toolUsePromptTokenCount", 0):
                usage["toolUsePromptTokensDetails"] = [{"tokenCount": count}]
        ParseDict(document, message, ignore_unknown_fields=True)
    except (ParseError, AttributeError, TypeError, ValueError) as exc:
        raise MalformedAnswer(provider_id, "answered JSON of no known shape") from exc
    return message


def _whole(value: object) -> object:
    """The same with whole numbers as integers: a Value knows none, and schemas count in them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {name: _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def _plain(document: Object) -> wire.GenerateContentResponse | None:
    """A message that holds one text and counts, which nearly every event of a stream is; None for any other.

    Several times as fast as the general way, and the same for what it takes.
    """
    match document:
        case {"candidates": [{"content": {"parts": [{"text": str(text), **more}], **_content}, **others}]}:
            if more or others not in ({}, {"index": 0}):
                return None
        case _:
            return None
    message = wire.GenerateContentResponse()
    message.candidates.add().content.parts.add(text=text)
    if isinstance(counts := document.get("usageMetadata"), dict):
        message.usage_metadata.SetInParent()
        if not _count(message.usage_metadata, counts):
            return None
    return message


def _count(target: wire.UsageMetadata, counts: Object) -> bool:
    """Copies counts; whether they are all of those that are plain numbers."""
    for name, value in counts.items():
        field = _COUNTS.get(name)
        if field is not None and type(value) is int and 0 <= value < 2**31:
            setattr(target, field, value)
        elif name not in _DETAILS:
            return False
    return True


def _objects(found: object) -> list[Object]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _number(found: Object, name: str, numbers: Mapping[str, int]) -> None:
    value = found.get(name)
    if isinstance(value, str):
        found[name] = numbers.get(value, UNKNOWN)
