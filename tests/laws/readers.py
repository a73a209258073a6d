"""Tests, laws: what a conversation says, read out of each wire's request. See `seen.py`.

A reader undoes what its translator documents: tags around later instructions, sentences that stand for what
the wire has no field for. A marker that a reader does not know shows as a text that nobody said.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from ringmain_server.providers import structs
from ringmain_server.providers.openai.chat_messages import FAILED
from ringmain_server.providers.vertex import ids, turns, wire

from tests.laws.seen import INPUT, MODEL, Called, Item, Result, Seen, Shown, Text, result

Json = Mapping[str, Any]

_SYSTEM = re.compile(r"<system>\n(.*)\n</system>", re.DOTALL)
_RESULT_MEDIA = re.compile(r"\[Media of tool result (.*):\]", re.DOTALL)
_MARKERS = ("[The media of this result follows.]", "[Media of the assistant's turn:]")
_STAND_INS = (turns.OPENING, turns.GO_ON)
_TOKEN = re.compile(rb"token-[a-z0-9]{8}")


class _Collector:
    """Numbers calls as they come, and links results to them."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._ordinals: dict[str, int] = {}

    def say(self, side: str, text: str) -> None:
        """A text; stand-ins and empty texts are nothing that was said."""
        wrapped = _SYSTEM.fullmatch(text)
        text = wrapped[1] if wrapped and side == INPUT else text
        if text and text not in (*_MARKERS, *_STAND_INS):
            self.seen.script.append(Text(side, text))

    def call(self, tool_call_id: str, name: str, arguments: object) -> None:
        """A call. The id of another one may not come back."""
        assert tool_call_id not in self._ordinals
        self._ordinals[tool_call_id] = len(self._ordinals)
        self.seen.script.append(Called(name, arguments))

    def answer(self, tool_call_id: str, items: Iterable[Item], *, failed: bool) -> None:
        """The one result of a call."""
        ordinal = self._ordinals[tool_call_id]
        assert ordinal not in self.seen.results
        self.seen.results[ordinal] = result(items, failed=failed)

    def add_media(self, tool_call_id: str, shown: Shown) -> None:
        """A medium that follows its result."""
        before = self.seen.results[self._ordinals[tool_call_id]]
        self.seen.results[self._ordinals[tool_call_id]] = Result(
            before.texts, (*before.media, shown), before.failed
        )

    def sign(self, state: bytes) -> None:
        """Reasoning that the provider gets back."""
        self.seen.tokens += [found.decode() for found in _TOKEN.findall(state)[:1]]


# --- OpenAI, chat completions --------------------------------------------------------------------------


def chat(body: Json) -> Seen:
    """https://platform.openai.com/docs/api-reference/chat/create."""
    collector = _Collector()
    for message in body["messages"]:
        if message["role"] == "tool":
            texts, failed = _openai_failed(_texts_of(message["content"]))
            items = [Text(INPUT, text) for text in texts if text and text not in _MARKERS]
            collector.answer(message["tool_call_id"], items, failed=failed)
            continue
        side = MODEL if message["role"] == "assistant" else INPUT
        _chat_content(collector, side, _parts(message["content"]))
        for call in message.get("tool_calls", ()):
            collector.call(call["id"], call["function"]["name"], call["function"]["arguments"])
    return collector.seen


def _chat_content(collector: _Collector, side: str, parts: Sequence[Json]) -> None:
    about = ""
    for part in parts:
        if part["type"] == "text":
            marker = _RESULT_MEDIA.fullmatch(part["text"])
            about = marker[1] if marker else ""
            if not marker:
                collector.say(side, part["text"])
        elif about:
            collector.add_media(about, _chat_media(part))
        else:
            collector.seen.script.append(_chat_media(part))


def _chat_media(part: Json) -> Shown:
    if part["type"] == "image_url":
        return _url(part["image_url"]["url"])
    return _url(part["file"]["file_data"])


def _parts(content: object, kind: str = "text") -> list[Json]:
    if isinstance(content, str):
        return [{"type": kind, "text": content}]
    return list(content) if isinstance(content, list) else []


def _texts_of(content: object) -> list[str]:
    return [part["text"] for part in _parts(content)]


def _openai_failed(texts: list[str]) -> tuple[list[str], bool]:
    if texts and texts[0].startswith(FAILED):
        return [texts[0].removeprefix(FAILED), *texts[1:]], True
    return texts, False


def _url(url: str) -> Shown:
    if not url.startswith("data:"):
        return Shown(url)
    mime_type, _, data = url.removeprefix("data:").partition(";base64,")
    return Shown(base64.b64decode(data), mime_type)


# --- OpenAI, responses -----------------------------------------------------------------------------------


def responses(body: Json) -> Seen:
    """https://platform.openai.com/docs/api-reference/responses/create."""
    collector = _Collector()
    for item in body["input"]:
        match item.get("type", "message"):
            case "function_call":
                collector.call(item["call_id"], item["name"], item["arguments"])
            case "function_call_output":
                parts = [_input_item(part) for part in _parts(item["output"], "input_text")]
                texts, failed = _openai_failed([part.text for part in parts if isinstance(part, Text)])
                media = [part for part in parts if isinstance(part, Shown)]
                items: list[Item] = [*(Text(INPUT, text) for text in texts if text), *media]
                collector.answer(item["call_id"], items, failed=failed)
            case "reasoning":
                collector.sign(orjson.dumps(item))
            case _:
                side = MODEL if item["role"] == "assistant" else INPUT
                for part in _parts(item["content"], "input_text"):
                    found = _input_item(part)
                    if isinstance(found, Text):
                        collector.say(side, found.text)
                    else:
                        collector.seen.script.append(found)
    return collector.seen


def _input_item(part: Json) -> Text | Shown:
    match part["type"]:
        case "input_image":
            return _url(part["image_url"])
        case "input_file":
            return _url(part.get("file_url") or part["file_data"])
    return Text(INPUT, part["text"])


# --- Anthropic -------------------------------------------------------------------------------------------


def anthropic(body: Json) -> Seen:
    """https://platform.claude.com/docs/en/api/messages/create."""
    collector = _Collector()
    for block in body.get("system", ()):
        collector.say(INPUT, block["text"])
    for message in body["messages"]:
        side = MODEL if message["role"] == "assistant" else INPUT
        for block in message["content"]:
            match block["type"]:
                case "tool_use":
                    collector.call(block["id"], block["name"], block["input"])
                case "tool_result":
                    items = [_block(side, inner) for inner in block.get("content", ())]
                    collector.answer(block["tool_use_id"], items, failed=block.get("is_error", False))
                case "thinking" | "redacted_thinking":
                    collector.sign(orjson.dumps(block))
                case "text":
                    collector.say(side, block["text"])
                case _:
                    collector.seen.script.append(_block(side, block))
    return collector.seen


def _block(side: str, block: Json) -> Text | Shown:
    if block["type"] == "text":
        return Text(side, block["text"])
    source = block["source"]
    match source["type"]:
        case "url":
            return Shown(source["url"])
        case "text":
            return Shown(source["data"].encode(), source["media_type"])
    return Shown(base64.b64decode(source["data"]), source["media_type"])


# --- Google ------------------------------------------------------------------------------------------------


def google(message: wire.GenerateContentRequest) -> Seen:
    """https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference.

    A result belongs to the call at its place in the turn before, for models without ids, and has its id.
    """
    reader = _Google()
    for part in message.system_instruction.parts:
        reader.collector.say(INPUT, part.text)
    for content in message.contents:
        reader.content(content)
    return reader.collector.seen


class _Google:
    def __init__(self) -> None:
        self.collector = _Collector()
        self._calls = 0
        self._open: list[tuple[str, str, str]] = []

    def content(self, content: wire.Content) -> None:
        side = MODEL if content.role == "model" else INPUT
        kinds: Mapping[str, Callable[[wire.Part], None]] = {
            "function_call": self._call,
            "function_response": self._response,
        }
        for part in content.parts:
            self.collector.sign(part.thought_signature if part.thought else b"")
            kind = part.WhichOneof("data") or ""
            if kind in kinds:
                kinds[kind](part)
            elif kind == "text" and not part.thought:
                if not _RESULT_MEDIA.fullmatch(part.text):
                    self.collector.say(side, part.text)
            elif not part.thought:
                self.collector.seen.script.append(_google_media(part.inline_data, part.file_data))

    def _call(self, part: wire.Part) -> None:
        name = part.function_call.name
        self.collector.call(str(self._calls), name, structs.read_object(part.function_call.args))
        self._open.append((str(self._calls), name, ids.id_of(part.function_call)))
        self._calls += 1

    def _response(self, part: wire.Part) -> None:
        response = part.function_response
        tool_call_id, name, own_id = self._open.pop(0)
        assert (name, own_id) == (response.name, ids.id_of(response))
        assert own_id
        ((key, content),) = structs.read_object(response.response).items()
        texts = content if isinstance(content, list) else [content]
        items: list[Item] = [Text(INPUT, str(text)) for text in texts if text and text not in _MARKERS]
        items += [_google_media(inner.inline_data, inner.file_data) for inner in response.parts]
        self.collector.answer(tool_call_id, items, failed=key == "error")


def _google_media(blob: wire.Blob, file: wire.FileData) -> Shown:
    return Shown(file.file_uri) if file.file_uri else Shown(blob.data, blob.mime_type)
