"""Tests, laws: whole answers said as streams, with the fewest events that a wire allows, and with many.

A value that no stream could bring in pieces, such as a number in place of a text, comes as it is.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.laws.documents import Documents

DONE = "[DONE]"
_READ_FIRST = ("reasoning_details", "executed_tools", "reasoning_content", "reasoning", "content", "refusal")
_READ_LAST = ("function_call", "tool_calls", "audio", "annotations", "images")
"""Fields of a message in the order in which its contents follow each other."""
_THOUGHTS = ("reasoning_details", "reasoning_content", "reasoning")
"""Fields that say the same, so that a chunk which has one of them has all."""


def _cut(text: str) -> list[str]:
    """A text in pieces of no meaning."""
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def _pieces(value: Any) -> list[Any]:
    """A text in pieces; anything else as it is."""
    return _cut(value) if isinstance(value, str) and value else [value]


# --- chat completions ------------------------------------------------------------------------------------


def chat_at_once(whole: Any) -> Documents | None:
    """A chat completion as one chunk."""
    if not isinstance(whole, dict):
        return None
    if not isinstance(choices := whole.get("choices"), list):
        return [whole, DONE]
    return [{**whole, "choices": [_chunk(choice) for choice in choices]}, DONE]


def _chunk(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    match choice:
        case {"message": {"tool_calls": list(calls), **message}, **rest}:
            return {
                **rest,
                "delta": {**message, "tool_calls": [_numbered(*call) for call in enumerate(calls)]},
            }
    return {"delta" if name == "message" else name: value for name, value in choice.items()}


def _numbered(place: int, call: Any) -> Any:
    """A call with the index that a stream gives it."""
    return {**call, "index": place} if isinstance(call, dict) else call


def chat_in_pieces(whole: Any) -> Documents | None:
    """A chat completion as a chunk for each piece of each field, and one for its end."""
    match whole:
        case {"choices": [{"message": dict(message), **choice}, *_]}:
            index = {"index": choice["index"]} if "index" in choice else {}
        case _:
            return None
    frame = {name: value for name, value in whole.items() if name not in ("choices", "usage")}
    first = [name for name in (*_READ_FIRST, *_READ_LAST) if name in message]
    order = [*(name for name in message if name not in first), *first]
    deltas = [delta for name in order for delta in _deltas(name, message)]
    found: Documents = [{**frame, "choices": [{**index, "delta": delta}]} for delta in deltas]
    return [*found, {**whole, "choices": [{**choice, "delta": {}}]}, DONE]


def _deltas(name: str, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    thoughts = {one: message[one] for one in _THOUGHTS if one in message}
    if name not in thoughts or len(thoughts) == 1:
        yield from ({name: piece} for piece in _field_pieces(name, message[name]))
    elif name == next(iter(thoughts)):
        yield thoughts


def _field_pieces(name: str, value: Any) -> Iterator[Any]:
    if name == "tool_calls" and isinstance(value, list) and value:
        for place, call in enumerate(value):
            yield from _call_pieces(place, call)
    elif name in ("content", "reasoning", "reasoning_content"):
        yield from _pieces(value)
    else:
        yield value


def _call_pieces(place: int, call: Any) -> Iterator[Any]:
    match call:
        case {"function": {"arguments": str(arguments), **function}} if arguments:
            yield [{**_numbered(place, call), "function": {**function, "arguments": ""}}]
            yield from ([{"index": place, "function": {"arguments": one}}] for one in _cut(arguments))
        case _:
            yield [_numbered(place, call)]


# --- responses -------------------------------------------------------------------------------------------


def responses_at_once(whole: Any) -> Documents | None:
    """A response as its last event alone."""
    status = whole.get("status") if isinstance(whole, dict) else None
    if not isinstance(status, str) or not status:
        return None
    return [{"type": f"response.{status}", "response": whole}]


def responses_by_items(whole: Any) -> Documents | None:
    """A response as its items, each at once, and its last event."""
    end = responses_at_once(whole)
    if end is None or not isinstance(items := whole.get("output"), list) or _fails_late(whole, items):
        return None
    return [*(_done(index, item) for index, item in enumerate(items)), *end]


def _fails_late(whole: Any, items: list[Any]) -> bool:
    """Whether an item that is none would come before the error that a whole answer is read for first."""
    return whole.get("error") is not None and not all(isinstance(item, dict) for item in items)


def _done(index: int, item: Any) -> Any:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def responses_in_pieces(whole: Any) -> Documents | None:
    """A response as the beginnings, pieces and ends of its items, and its last event."""
    end = responses_at_once(whole)
    if end is None or not isinstance(items := whole.get("output"), list) or _fails_late(whole, items):
        return None
    found: Documents = []
    for index, item in enumerate(items):
        found += _item_pieces(index, item) if isinstance(item, dict) else ()
        found.append(_done(index, item))
    return _numbered_anew([*found, *end])


def responses_unnumbered(whole: Any) -> Documents | None:
    """A response in pieces that do not say which item they belong to."""
    found = responses_in_pieces(whole)
    return None if found is None else [_unnumbered(event) for event in found]


def _unnumbered(event: Any) -> Any:
    numbers = ("output_index", "content_index", "summary_index", "item_id")
    return {name: value for name, value in event.items() if name not in numbers}


def responses_unended(whole: Any) -> Documents | None:
    """A response in pieces, the end of whose last item only the last event has."""
    match responses_in_pieces(whole):
        case [*events, _, end] if whole["output"]:
            return _numbered_anew([*events, end])
    return None


def responses_late(whole: Any) -> Documents | None:
    """A response in pieces, the end of whose last item follows the last event, which has no item."""
    match responses_in_pieces(whole):
        case [*events, done, end] if whole["output"] and isinstance(whole["output"][-1], dict):
            return _numbered_anew([*events, {**end, "response": {**whole, "output": []}}, done])
    return None


def _numbered_anew(events: Iterable[Any]) -> Documents:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _item_pieces(index: int, item: dict[str, Any]) -> Documents:
    place = {"output_index": index, "item_id": "any"}
    kind, pieces = item.get("type"), []
    match item:
        case {"type": "message", "content": list(contents)}:
            pieces = list(_content_pieces(contents))
        case {"type": "reasoning", "summary": list(contents)}:
            pieces = list(_summary_pieces(contents))
        case {"type": "function_call" | "mcp_call", "arguments": str(text)}:
            pieces = [{"type": f"response.{kind}_arguments.delta", "delta": piece} for piece in _cut(text)]
    begun = {name: value for name, value in item.items() if name not in ("content", "summary", "arguments")}
    added = {"type": "response.output_item.added", **place, "item": begun}
    return [added, *({**piece, **place} for piece in pieces)]


def _content_pieces(contents: list[Any]) -> Iterator[Any]:
    for place, content in enumerate(contents):
        yield {"type": "response.content_part.added", "content_index": place}
        match content:
            case {"type": "output_text", "text": str(text)}:
                event = "response.output_text.delta"
            case {"type": "refusal", "refusal": str(text)}:
                event = "response.refusal.delta"
            case _:
                continue
        yield from ({"type": event, "content_index": place, "delta": piece} for piece in _cut(text))


def _summary_pieces(contents: list[Any]) -> Iterator[Any]:
    event = "response.reasoning_summary_text.delta"
    for place, content in enumerate(contents):
        text = content.get("text") if isinstance(content, dict) else None
        pieces = _cut(text) if isinstance(text, str) else ()
        yield {"type": "response.reasoning_summary_part.added", "summary_index": place}
        yield from ({"type": event, "summary_index": place, "delta": piece} for piece in pieces)


# --- messages --------------------------------------------------------------------------------------------

_GROWS = {
    "text": ("text", "text_delta", "text"),
    "thinking": ("thinking", "thinking_delta", "thinking"),
}
"""The field of a block that comes in pieces, by the block's type, and what holds the pieces."""


def messages_at_once(whole: Any) -> Documents | None:
    """A message whose blocks begin with all that they hold."""
    return _message(whole, lambda block: [block])


def messages_in_pieces(whole: Any) -> Documents | None:
    """A message whose blocks grow."""
    return _message(whole, _block_pieces)


def messages_written_otherwise(whole: Any) -> Documents | None:
    """A message whose blocks grow, with other white space and escapes in the inputs of tools."""
    return _message(whole, partial(_block_pieces, indent="\t", ensure_ascii=True, separators=(" ,", ":")))


def _message(whole: Any, grown: Any) -> Documents | None:
    if not isinstance(whole, dict) or not isinstance(blocks := whole.get("content"), list):
        return None
    if whole.get("type") == "error":
        return [whole]
    delta = {name: whole[name] for name in ("stop_reason", "stop_details") if name in whole}
    counts = {"usage": whole["usage"]} if "usage" in whole else {}
    begun = {name: value for name, value in whole.items() if name not in ("usage", *delta)}
    events: Documents = [{"type": "message_start", "message": {**begun, "content": []}}]
    for index, block in enumerate(blocks):
        begins, *deltas = grown(block)
        events.append({"type": "content_block_start", "index": index, "content_block": begins})
        events += ({"type": "content_block_delta", "index": index, "delta": one} for one in deltas)
        events.append({"type": "content_block_stop", "index": index})
    return [*events, {"type": "message_delta", "delta": delta, **counts}, {"type": "message_stop"}]


def _block_pieces(block: Any, **form: Any) -> Documents:
    if not isinstance(block, dict):
        return [block]
    begins = dict(block)
    deltas: Documents = []
    field, kind, name = _GROWS.get(str(block.get("type")), ("", "", ""))
    if field and isinstance(text := block.get(field), str):
        begins[field] = ""
        deltas += ({"type": kind, name: piece} for piece in _cut(text))
    if block.get("type") == "thinking" and isinstance(signature := block.get("signature"), str):
        begins["signature"] = ""
        deltas.append({"type": "signature_delta", "signature": signature})
    if block.get("type") in ("tool_use", "server_tool_use") and isinstance(block.get("input"), dict):
        begins["input"] = {}
        written = json.dumps(block["input"], **{"ensure_ascii": False, **form})
        deltas += ({"type": "input_json_delta", "partial_json": piece} for piece in ("", *_cut(written)))
    return [begins, *deltas]


# --- Google ----------------------------------------------------------------------------------------------


def google_at_once(whole: Any) -> Documents | None:
    """An answer of Google's: a stream has the same documents."""
    return [whole]


def google_in_pieces(whole: Any) -> Documents | None:
    """An answer of Google's as a document for each part, and one for its end."""
    match whole:
        case {"candidates": [{"content": {"parts": list(parts), **content}, **candidate}]}:
            frame = {
                name: value for name, value in whole.items() if name not in ("candidates", "usageMetadata")
            }
            index = {"index": candidate["index"]} if "index" in candidate else {}
            found: Documents = [
                {**frame, "candidates": [{"content": {**content, "parts": [piece]}, **index}]}
                for part in parts
                for piece in _part_pieces(part)
            ]
            return [*found, {**whole, "candidates": [candidate]}]
    return None


def _part_pieces(part: Any) -> Documents:
    match part:
        case {"text": str(text), **rest} if text and "thoughtSignature" not in rest:
            return [{**rest, "text": piece} for piece in _cut(text)]
    return [part]


Make = Callable[[Any], Documents | None]
"""A way to say a whole answer as a stream; None if it cannot."""
_OF_GOOGLE: tuple[Make, ...] = (google_at_once, google_in_pieces)
MAKES: Mapping[str, tuple[Make, ...]] = {
    "openai": (chat_at_once, chat_in_pieces),
    "responses": (
        responses_at_once,
        responses_by_items,
        responses_in_pieces,
        responses_unnumbered,
        responses_unended,
        responses_late,
    ),
    "anthropic": (messages_at_once, messages_in_pieces, messages_written_otherwise),
    "gemini": _OF_GOOGLE,
    "vertex": _OF_GOOGLE,
}
"""The ways of each wire."""
