"""Room 4, pure: converts between the JSON of the Gemini developer API and the messages of Vertex AI.

https://ai.google.dev/api/generate-content. Both are the JSON form of protobuf messages, and of nearly the
same ones: the developer API has some reasons that Vertex AI lacks, parts for the tools that the provider
runs, ids of calls, and a different name for one count.
"""

from collections.abc import Callable, Mapping

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.gemini.sources import beside
from ringmain_server.providers.numbers import count, place, share
from ringmain_server.providers.structs import EXACT
from ringmain_server.providers.vertex import exact, ids, unknown_parts, wire
from ringmain_server.providers.vertex.finish import BLOCK_REASONS, FINISH_REASONS, UNKNOWN
from ringmain_server.providers.vertex.provider_tools import CARRIER, carried, uncarried
from ringmain_server.providers.vertex.provider_tools import PARTS as TOOL_PARTS
from ringmain_server.providers.vertex.ratings import CATEGORIES, PROBABILITIES, SEVERITIES

Object = dict[str, object]

_COUNTS = {
    "promptTokenCount": "prompt_token_count",
    "candidatesTokenCount": "candidates_token_count",
    "thoughtsTokenCount": "thoughts_token_count",
    "totalTokenCount": "total_token_count",
    "cachedContentTokenCount": "cached_content_token_count",
}
_DETAILS = frozenset({"promptTokensDetails", "candidatesTokensDetails", "cacheTokensDetails"})
"""Fields that split a count by modality."""
_FROM_TOOLS = "toolUsePromptTokensDetails"
_SCORES = ("probabilityScore", "severityScore")
_MOST = 2**31 - 1
"""The largest count that a message can hold."""
_CONTENTS = frozenset({"text", "functionCall", "inlineData", "fileData"})
"""The contents of a part that are read, besides those of the provider's own tools."""
_BESIDE = frozenset({"thought", "thoughtSignature"})
"""The fields of a part that are read beside its content."""
_READ = _CONTENTS | _BESIDE
_ABOUT = _READ | {"videoMetadata", "mediaResolution", "mediaProcessing", "speechMetadata", "partMetadata"}
"""Fields that are about the content of a part and hold none: https://ai.google.dev/api/caching#Part."""


def from_message(message: wire.GenerateContentRequest) -> Object:
    """Returns a request as JSON, without the model, which the path names."""
    found = {name: _whole(value) for name, value in MessageToDict(message).items() if name != "model"}
    carries = False
    for content, written in zip(message.contents, _objects(found.get("contents")), strict=False):
        for part, target in zip(content.parts, _objects(written.get("parts")), strict=False):
            carries = carries or part.function_response.name == CARRIER
            _write_call(part, target)
    if carries:
        return {**found, "contents": [_uncarried(one) for one in _objects(found.get("contents"))]}
    return found


def merged(found: Object, given: Mapping[str, object]) -> Object:
    """Returns JSON overridden by the caller's fields: objects are merged, lists and values are replaced."""
    result = dict(found)
    for name, value in given.items():
        before = result.get(name)
        if isinstance(before, dict) and isinstance(value, Mapping):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def to_message(document: Object, provider_id: str) -> wire.GenerateContentResponse:
    """Returns an answer, or one event of a stream, as a message with the fields that are read.

    Args:
        document: The JSON.
        provider_id: The provider that answered.

    Raises:
        MalformedAnswer: The document has another shape.
    """
    # The short way for nearly every event of a stream; any doubt leads to the general one below.
    if (plain := _plain(document)) is not None:
        return plain
    message = wire.GenerateContentResponse()
    try:
        # Only fields that are read are parsed: a new or odd value elsewhere must not fail the answer.
        ParseDict(_read(document), message, ignore_unknown_fields=True)
    except (ParseError, AttributeError, TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise MalformedAnswer(provider_id, "answered JSON of no known shape") from exc
    _read_calls(document, message)
    return message


def _whole(value: object) -> object:
    """Returns the value with integers for whole numbers, which schemas require and a Value cannot hold."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {name: _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def _plain(document: Object) -> wire.GenerateContentResponse | None:
    """Returns a message with one text and counts, as nearly every event of a stream is; None for others.

    For these documents it gives the same result as the general way, several times as fast.
    """
    match document:
        case {"candidates": [{"content": {"parts": [{"text": str(text), **more}], **_content}, **others}]}:
            # Any other field may matter, so only the plainest candidate takes this way.
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
    """Copies the counts; returns whether all of them are plain numbers."""
    for name, value in counts.items():
        field = _COUNTS.get(name)
        if field is not None and type(value) is int and 0 <= value <= _MOST:
            setattr(target, field, value)
        elif name not in _DETAILS:
            return False
    return True


def _read(document: Object) -> Object:
    """Returns the fields of an answer that are read, so that an odd number in another field does no harm."""
    found = _chosen(document, "responseId")
    found["candidates"] = _each(document.get("candidates"), _candidate)
    if isinstance(feedback := document.get("promptFeedback"), dict):
        found["promptFeedback"] = {
            **_ratings(feedback),
            **_number(feedback, "blockReason", BLOCK_REASONS),
        }
    if isinstance(counts := document.get("usageMetadata"), dict):
        found["usageMetadata"] = _counts(counts)
    return found


def _candidate(candidate: Object) -> Object:
    found = {**_ratings(candidate), **_number(candidate, "finishReason", FINISH_REASONS)}
    if place(candidate.get("index")) is not None:
        found["index"] = candidate["index"]
    found.update(beside(candidate))
    content = candidate.get("content")
    if isinstance(content, dict):
        found["content"] = {"parts": _each(content.get("parts"), _part)}
    elif content is not None:
        found["content"] = content  # has no known shape, and is an error later
    return found


def _part(part: Object) -> Object:
    if not any(map(part.get, _CONTENTS)) and (content := _uncommon(part)):
        return {**{name: part[name] for name in _BESIDE & part.keys()}, **content}
    return {name: value for name, value in part.items() if name in _READ}


def _uncommon(part: Object) -> Object:
    """Returns the content of a part that the messages lack, as one that they have; empty if it has none."""
    for name in TOOL_PARTS & part.keys():
        if isinstance(content := part[name], dict):
            return carried(name, content)
    others = {name: value for name, value in part.items() if value and name not in _ABOUT}
    return unknown_parts.carried(others) if others else {}


def _read_calls(document: Object, message: wire.GenerateContentResponse) -> None:
    """Copies what the messages have no field for: ids of calls, and arguments that a Struct would round."""
    for given, candidate in zip(_places(document, "candidates"), message.candidates, strict=False):
        content = given.get("content")
        parts = _places(content, "parts") if isinstance(content, dict) else []
        for raw, part in zip(parts, candidate.content.parts, strict=False):
            call = raw.get("functionCall")
            if not isinstance(call, dict):
                continue
            exact.keep(part.function_call, call.get("args"))
            if isinstance(call_id := call.get("id"), str):
                ids.give(part.function_call, call_id)


def _places(holder: Object, name: str) -> list[Object]:
    """Returns the objects of a list; anything else in it keeps its place, as it does among the messages."""
    found = holder.get(name)
    return [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []


def _write_call(part: wire.Part, target: Object) -> None:
    """Writes what the messages have no field for into the JSON of a call or of a result."""
    for name, message in (("functionCall", part.function_call), ("functionResponse", part.function_response)):
        found = target.get(name)
        if isinstance(found, dict) and (call_id := ids.id_of(message)):
            found["id"] = call_id
    if isinstance(found := target.get("functionCall"), dict):
        exact.restore(part.function_call, found)


def _uncarried(content: Object) -> Object:
    return {**content, "parts": [uncarried(part) for part in _objects(content.get("parts"))]}


def _objects(found: object) -> list[Object]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _ratings(found: Object) -> Object:
    """Returns the safety ratings, with the fields that are read."""
    ratings = found.get("safetyRatings")
    if not isinstance(ratings, list):
        return {}
    return {"safetyRatings": [_rating(one) for one in ratings if isinstance(one, dict)]}


def _rating(rating: Object) -> Object:
    scores = {name: score for name in _SCORES if (score := share(rating.get(name))) is not None}
    return {
        **_number(rating, "category", CATEGORIES),
        **_number(rating, "probability", PROBABILITIES, 0),
        **_number(rating, "severity", SEVERITIES, 0),
        **scores,
        "blocked": rating.get("blocked") is True,
    }


def _counts(counts: Object) -> Object:
    found: Object = {name: known for name in _COUNTS if (known := _known(counts.get(name))) is not None}
    for name in (*_DETAILS, _FROM_TOOLS):
        if isinstance(details := counts.get(name), list):
            found[name] = [
                {**_chosen(one, "modality"), "tokenCount": _known(one.get("tokenCount")) or 0}
                for one in details
                if isinstance(one, dict)
            ]
    if from_tools := _known(counts.get("toolUsePromptTokenCount")):
        found[_FROM_TOOLS] = [{"tokenCount": from_tools}]
    return found


def _known(value: object) -> int | None:
    found = count(value)
    return found if found is not None and found <= _MOST else None


def _chosen(found: Object, name: str) -> Object:
    """Returns a field if it holds a word."""
    value = found.get(name)
    return {name: value} if isinstance(value, str) and value else {}


def _each(found: object, read: Callable[[Object], Object]) -> object:
    """Reads every object of a list; anything else stays as it is, and is an error later."""
    if not isinstance(found, list):
        return found
    return [read(item) if isinstance(item, dict) else item for item in found]


def _number(found: Object, name: str, numbers: Mapping[str, int], unknown: int = UNKNOWN) -> Object:
    """Returns a word of an enum by its number; other values than words and numbers are left out."""
    value = found.get(name)
    if place(value):
        return {name: value}
    return {name: numbers.get(value, unknown)} if isinstance(value, str) and value else {}
