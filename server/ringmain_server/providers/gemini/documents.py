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


def _objects(found: object) -> list[Object]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _number(found: Object, name: str, numbers: Mapping[str, int]) -> None:
    value = found.get(name)
    if isinstance(value, str):
        found[name] = numbers.get(value, UNKNOWN)
