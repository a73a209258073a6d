"""Tests of the chat translators against their golden files, whole and streamed."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import CountTokensRequest
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.translators import (
    AnthropicChatTranslator,
    AnthropicCountTokensTranslator,
    AnthropicStreamChatTranslator,
)
from ringmain_server.providers.json_base64 import plain

from tests.fakes.anthropic_rules import complaint
from tests.providers.anthropic import golden
from tests.providers.anthropic.golden import Golden, goldens

NEWEST = "2026-10-21"


def named(found: list[Golden]) -> list[str]:
    """Their names, for the report."""
    return [one.name for one in found]


REQUESTS, ANSWERS = goldens("body"), goldens("answer")


@pytest.mark.parametrize("golden_file", REQUESTS, ids=named(REQUESTS))
def test_requests(golden_file: Golden) -> None:
    """A request becomes the body and headers that its golden file shows, and the wire's rules accept them."""
    translator = AnthropicChatTranslator(golden_file.options, AnthropicErrors())
    sent = translator.request(golden_file.request, golden_file.candidate)
    assert sent.path == "/v1/messages"
    assert plain(sent.body) == golden_file.content["body"]
    assert sent.headers == golden_file.content.get("headers", {})
    version = sent.body.get("anthropic_version") or sent.headers.get("anthropic-version", NEWEST)
    assert complaint(plain(sent.body), str(version)) is None


@pytest.mark.parametrize("golden_file", REQUESTS, ids=named(REQUESTS))
def test_streamed_requests(golden_file: Golden) -> None:
    """A streamed request differs in `stream` and in asking for events, uncompressed."""
    translator = AnthropicStreamChatTranslator(golden_file.options, AnthropicErrors())
    sent = translator.request(golden_file.request, golden_file.candidate)
    assert plain(sent.body) == {**golden_file.content["body"], "stream": True}
    assert sent.headers == {
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        **golden_file.content.get("headers", {}),
    }


@pytest.mark.parametrize("golden_file", REQUESTS, ids=named(REQUESTS))
def test_counted_requests(golden_file: Golden) -> None:
    """A count is asked with what is read, without what is about writing, under the newest version."""
    translator = AnthropicCountTokensTranslator(golden_file.options)
    sent = translator.request(CountTokensRequest(chat=golden_file.request), golden_file.candidate)
    body = golden_file.content["body"]
    assert sent.path == "/v1/messages/count_tokens"
    assert {key: body[key] for key in sent.body} == plain(sent.body)
    assert sent.body.keys() >= {"model", "messages"}
    assert not sent.body.keys() & {"max_tokens", "stop_sequences", "temperature", "metadata"}
    assert sent.headers.keys() <= {"anthropic-beta"}
    assert "web-search" not in sent.headers.get("anthropic-beta", "")
    assert complaint(plain(sent.body), NEWEST, counting=True) is None


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_answers(golden_file: Golden) -> None:
    """A whole answer becomes the response that its golden file shows."""
    found = golden.answer(orjson.dumps(golden_file.content["answer"]), golden_file.request)
    assert found == golden_file.response


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_streamed_answers(golden_file: Golden) -> None:
    """The same answer streamed folds to the same response."""
    assert fold(golden.events(golden_file.stream, golden_file.request)) == golden_file.response


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
@given(cuts=st.lists(st.integers(min_value=0, max_value=100_000), max_size=8))
def test_streamed_answers_however_they_are_cut(golden_file: Golden, cuts: list[int]) -> None:
    """Wherever the network cuts a stream, it folds to the same response."""
    events = golden.events(golden_file.stream, golden_file.request, cuts=tuple(cuts))
    assert fold(events) == golden_file.response


@pytest.mark.parametrize("golden_file", ANSWERS, ids=named(ANSWERS))
def test_parts_end_one_by_one(golden_file: Golden) -> None:
    """Every part begins and ends once; only a tool of the provider may end after the next has begun."""
    found = golden.events(golden_file.stream, golden_file.request)
    assert [event.HasField("finished") for event in found].index(True) == len(found) - 1
    running: set[int] = set()
    begun: list[int] = []
    for event in found:
        if event.HasField("part_started"):
            assert running <= _tools(golden_file)
            begun.append(event.part_started.index)
            running.add(event.part_started.index)
        elif event.HasField("part_delta"):
            assert event.part_delta.index in running
        elif event.HasField("part_finished"):
            running.remove(event.part_finished.index)
    assert not running
    assert begun == list(range(len(golden_file.response.message.parts)))


def _tools(golden_file: Golden) -> set[int]:
    """The parts that are tools of the provider."""
    parts = enumerate(golden_file.response.message.parts)
    return {index for index, part in parts if part.HasField("provider_tool_call")}
