"""Tests of what is sent to OpenAI: the request types of its own SDK describe it, on both wires."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from tests.providers.openai import golden, responses_golden
from tests.providers.openai.golden import Golden

_CHAT: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)
_RESPONSES: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)
_OTHER = {
    "request-options",  # what the caller passes through is the caller's
    "request-tools-own",  # the API takes `web_search` as a choice, of which the types do not know
}


def _own(found: list[Golden]) -> list[Golden]:
    return [one for one in found if one.kind == "openai" and one.name not in _OTHER]


def _read_all(value: object) -> None:
    """Reads a value to its end: pydantic checks the items of an iterable only when they are read."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for inner in value:
            _read_all(inner)


@pytest.mark.parametrize("sent", _own(golden.goldens("body")), ids=lambda one: one.name)
def test_chat_completions(sent: Golden) -> None:
    """Every body of a chat completion is one."""
    _read_all(_CHAT.validate_python(sent.content["body"]))


@pytest.mark.parametrize("sent", _own(responses_golden.goldens("body")), ids=lambda one: one.name)
def test_responses(sent: Golden) -> None:
    """Every body of a request for a response is one."""
    _read_all(_RESPONSES.validate_python(sent.content["body"]))
