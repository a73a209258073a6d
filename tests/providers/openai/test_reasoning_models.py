"""Tests of settings that depend on the model: which ones a model takes while it reasons, on both wires."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.catalog.capabilities import capability
from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai import chat_request, responses_request

from tests.candidates import known_candidate

SAMPLING = {
    "temperature": 0.2,
    "topP": 0.9,
    "presencePenalty": 0.5,
    "frequencyPenalty": 0.5,
    "stopSequences": ["END"],
    "topLogprobs": 2,
}
NAMES = {"temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "logprobs", "top_logprobs"}


def _bodies(
    model: str, known: list[str] | None, **config: Any
) -> tuple[dict[str, object], dict[str, object]]:
    """The bodies for a model of OpenAI with these capabilities: of a chat completion and of a response."""
    content = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}], "generationConfig": config}
    request = ParseDict(content, ChatRequest())
    capabilities = None if known is None else frozenset(map(capability, known))
    candidate = known_candidate("up", "openai", model, capabilities=capabilities)
    dialect = openai_kind("openai").dialect
    chat = chat_request.body(request, candidate, dialect, stream=False)
    return chat, responses_request.body(request, candidate, dialect, stream=False)


@pytest.mark.parametrize("known", [None, ["chat", "reasoning"]], ids=repr)
@pytest.mark.parametrize(
    "model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5-nano-2025-08-07"]
)
def test_models_that_always_reason(model: str, known: list[str] | None) -> None:
    """Models that cannot but reason get no sampling, and are not told not to reason."""
    for body in _bodies(model, known, **SAMPLING, reasoningEffort="REASONING_EFFORT_NONE"):
        assert body.keys().isdisjoint({*NAMES, "reasoning", "reasoning_effort"})


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.4-nano"])
def test_models_that_reason_on_request(model: str) -> None:
    """Models that reason only if asked to can be steered by sampling until they are."""
    for body in _bodies(model, ["chat", "reasoning"], **SAMPLING):
        assert (body["temperature"], body["top_p"]) == (0.2, 0.9)
    for body in _bodies(model, ["chat", "reasoning"], **SAMPLING, reasoningEffort="REASONING_EFFORT_LOW"):
        assert body.keys().isdisjoint(NAMES)
    for body in _bodies(model, ["chat", "reasoning"], **SAMPLING, reasoningEffort="REASONING_EFFORT_NONE"):
        assert body["temperature"] == 0.2


@pytest.mark.parametrize("model", ["gpt-5.2-pro", "gpt-5.1-codex-max", "gpt-5.5", "gpt-6-astra"])
def test_models_that_reason_by_themselves(model: str) -> None:
    """Models that reason unless told otherwise get no sampling."""
    for body in _bodies(model, ["chat", "reasoning"], **SAMPLING):
        assert body.keys().isdisjoint(NAMES)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-4.1"])
def test_models_that_do_not_reason(model: str) -> None:
    """Models that do not reason get the sampling, and no effort."""
    for body in _bodies(model, ["chat"], **SAMPLING, reasoningEffort="REASONING_EFFORT_HIGH"):
        assert body["temperature"] == 0.2
        assert body.keys().isdisjoint({"reasoning", "reasoning_effort"})


def test_other_servers_take_sampling_while_they_reason() -> None:
    """xAI's models refuse penalties and stop sequences while they reason; Groq's refuse nothing."""
    content = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}], "generationConfig": SAMPLING}
    request = ParseDict(content, ChatRequest())
    for kind, lacks in (("xai", {"presence_penalty", "frequency_penalty", "stop"}), ("groq", set())):
        candidate = known_candidate("up", kind, "m", capabilities=frozenset({capability("reasoning")}))
        body = chat_request.body(request, candidate, openai_kind(kind).dialect, stream=False)
        sampling = NAMES if openai_kind(kind).dialect.logprobs else NAMES - {"logprobs", "top_logprobs"}
        assert sampling - body.keys() == lacks
