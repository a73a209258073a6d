"""Tests, laws: what a wire would refuse of a body that is sent for a shape.

The bodies are held against the request types of the vendors' own SDKs, where there are any, and against the
rules that the fakes know.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from google.genai import types
from google.protobuf.json_format import ParseDict
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError
from ringmain_server.providers.vertex import wire

from tests.fakes import anthropic_rules, vertex_rules
from tests.laws import openai_rules
from tests.shapes.store import Shape

Json = Mapping[str, Any]
_VERSION = "2023-06-01"
_OPENAI = ("openai", "azure")
"""Kinds whose servers take what OpenAI's types describe, and nothing else."""


def complaint(shape: Shape, body: Json) -> str | None:
    """The first thing that would be refused of a body, None when nothing is wrong."""
    try:
        return next(_COMPLAINTS[shape.wire](shape, body), None)
    except ValidationError as error:
        found = error.errors()[0]
        return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """A check by one of the SDK's types, made when it is first needed: the unions are large."""
    return TypeAdapter(kind)


def _read(value: object) -> None:
    """Reads a value to its end: pydantic checks the items of an iterable only when they are read."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in value:
            _read(inner)


def _openai(shape: Shape, body: Json) -> Iterator[str]:
    if _is_openai(shape):
        _read(_adapter(CompletionCreateParamsNonStreaming).validate_python(body))
    messages = [_without_thoughts(message) for message in body["messages"]]
    yield from filter(None, [openai_rules.chat_complaint({"messages": messages})])


def _is_openai(shape: Shape) -> bool:
    return shape.content.get("kind", "openai") in _OPENAI


def _without_thoughts(message: Json) -> Json:
    """A message without the thoughts that Mistral has in its content."""
    content = message["content"]
    if not isinstance(content, list):
        return message
    return {**message, "content": [part for part in content if part["type"] != "thinking"]}


def _responses(shape: Shape, body: Json) -> Iterator[str]:
    if _is_openai(shape):
        _read(_adapter(ResponseCreateParamsNonStreaming).validate_python(body))
    yield from filter(None, [openai_rules.responses_complaint(body)])


def _anthropic(_: Shape, body: Json) -> Iterator[str]:
    yield from filter(None, [anthropic_rules.complaint(body, _VERSION)])


def _gemini(_: Shape, body: Json) -> Iterator[str]:
    for content in body["contents"]:
        types.Content.model_validate(content)
    for tool in body.get("tools", ()):
        types.Tool.model_validate(tool)
    types.GenerationConfig.model_validate(body.get("generationConfig", {}))
    return iter(())


def _vertex(_: Shape, body: Json) -> Iterator[str]:
    message = ParseDict(dict(body), wire.GenerateContentRequest())
    wrong = vertex_rules.refusal(message, {"x-goog-request-params": f"model={message.model}"})
    yield from filter(None, [wrong])


_COMPLAINTS: Mapping[str, Callable[[Shape, Json], Iterator[str]]] = {
    "openai": _openai,
    "responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "vertex": _vertex,
}
