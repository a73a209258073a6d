"""Tests of the translators against their golden files, whole and streamed."""

import pytest
from google.protobuf.json_format import MessageToDict
from ringmain_server.errors import ProviderError
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.vertex.chat import VertexStreamChatTranslator
from ringmain_server.providers.vertex.transport import VertexRequest

from tests.fakes.vertex_rules import refusal
from tests.fakes.vertex_script import whole
from tests.providers.vertex import golden
from tests.providers.vertex.golden import Golden, goldens, named

REQUESTS = goldens("request", "body")
ANSWERS = goldens("messages", "response")
FAILURES = goldens("messages", "error")


@pytest.mark.parametrize("found", REQUESTS, ids=named(REQUESTS))
def test_requests(found: Golden) -> None:
    """A request becomes the message of its golden file, whole and streamed, and is routed by its model."""
    expected = found.body
    assert golden.body(found.request, found.model) == expected
    streamed = VertexStreamChatTranslator(golden.RESOURCES).request(
        found.request, golden.candidate(found.model)
    )
    assert streamed == VertexRequest(expected, expected.model)


@pytest.mark.parametrize("found", REQUESTS, ids=named(REQUESTS))
def test_requests_are_what_the_wire_takes(found: Golden) -> None:
    """No golden request breaks a rule of the wire."""
    sent = golden.body(found.request, found.model)
    assert refusal(sent, {"x-goog-request-params": f"model={sent.model}"}) is None


@pytest.mark.parametrize("found", ANSWERS, ids=named(ANSWERS))
def test_answers(found: Golden) -> None:
    """An answer is the response of its golden file, streamed singly or at once, and whole."""
    messages, asked = found.messages, found.asked
    assert MessageToDict(fold(golden.events(messages, asked=asked))) == MessageToDict(found.response)
    assert fold(golden.events(messages, size=len(messages), asked=asked)) == found.response
    assert golden.answer(whole(messages), asked) == found.response


@pytest.mark.parametrize("found", FAILURES, ids=named(FAILURES))
def test_failures(found: Golden) -> None:
    """An answer that is none ends in the error that its golden file shows, whole and streamed."""
    with pytest.raises(ProviderError) as streamed:
        golden.events(found.messages)
    assert found.ends_in(streamed.value)
    with pytest.raises(type(streamed.value)):
        golden.answer(whole(found.messages))
