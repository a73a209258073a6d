"""Tests of the responses translators against their golden files, whole and streamed."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.json_base64 import plain

from tests.fakes.responses_rules import complaint
from tests.providers.openai import golden, responses_golden
from tests.providers.openai.golden import Golden
from tests.providers.openai.responses_golden import goldens

REQUESTS = goldens("body")
ANSWERS = goldens("answer")
_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def named(found: list[Golden]) -> list[str]:
    """Their names, for the report."""
    return [one.name for one in found]


@pytest.mark.parametrize("golden_file", REQUESTS, ids=named(REQUESTS))
def test_requests(golden_file: Golden) -> None:
    """A request becomes the body that its golden file shows, which OpenAI would take."""
    request = ParseDict(golden_file.content["request"], ChatRequest())
    translator = responses_golden.translator(golden_file.kind)
    sent = translator.request(request, responses_golden.candidate(golden_file))
    assert sent.path == "/responses"
    assert sent.headers == {}
    assert plain(sent.body) == golden_file.content["body"]
    if golden_file.kind == "openai":
        assert complaint(plain(sent.body)) is None


@pytest.mark.parametrize("golden_file", REQUESTS, ids=named(REQUESTS))
def test_streamed_requests(golden_file: Golden) -> None:
    """A streamed request differs in `stream`, and in forbidding compression."""
    request = ParseDict(golden_file.content["request"], ChatRequest())
    translator = responses_golden.stream_translator(golden_file.kind)
    sent = translator.request(request, responses_golden.candidate(golden_file))
    assert sent.path == "/responses"
    assert plain(sent.body) == {**golden_file.content["body"], "stream": True}
    assert sent.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_whole_answers(golden_file: Golden) -> None:
    """A whole answer becomes the response that its golden file shows."""
    raw = golden.event_data(golden_file.content["answer"])
    assert responses_golden.answer(raw) == golden_file.response


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_streamed_answers(golden_file: Golden) -> None:
    """A streamed answer folds to the same response, read at once or byte by byte."""
    raw = golden_file.stream
    assert fold(responses_golden.events(raw)) == golden_file.response
    assert fold(responses_golden.events(raw, tuple(range(len(raw))))) == golden_file.response


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_golden_answers_are_true_to_the_wire(golden_file: Golden) -> None:
    """Every answer that is not marked as odd holds against the types of the official SDK."""
    if not golden_file.content.get("odd"):
        Response.model_validate(golden_file.content["answer"])
        for event in golden_file.content["stream"]:
            _EVENT.validate_python(event)
