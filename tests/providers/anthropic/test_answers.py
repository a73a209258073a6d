"""Tests of whole answers that are wrong, and of counts of tokens."""

import pytest
from ringmain.v1.chat_service_pb2 import CountTokensRequest
from ringmain_server import errors
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.translators import AnthropicCountTokensTranslator, translators

from tests.providers.anthropic.golden import answer, candidate


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"content": []}',
        b'{"content": [], "stop_reason": null}',
        b'{"content": {}, "stop_reason": "end_turn"}',
        b'{"content": ["text"], "stop_reason": "end_turn"}',
        b'{"content": [{"type": "tool_use", "name": "f"}], "stop_reason": "tool_use"}',
        b'{"content": [{"type": "server_tool_use", "name": "f"}], "stop_reason": "end_turn"}',
        b'{"content": [{"type": "server_tool_use", "id": "s"}], "stop_reason": "end_turn"}',
        b'{"content": [{"type": "web_search_tool_result", "content": []}], "stop_reason": "end_turn"}',
        b'{"content": [{"type": "text", "text": "\x01"}], "stop_reason": "end_turn"}',
        b'{"content": [], "stop_reason": ""}',
    ],
)
def test_malformed_answers(raw: bytes) -> None:
    """What is no message is malformed."""
    with pytest.raises(errors.MalformedAnswer):
        answer(raw)


def test_an_error_instead_of_an_answer() -> None:
    """An error under status 200 means what it means as a status."""
    with pytest.raises(errors.ServerFault):
        answer(b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}')


def test_a_refusal_without_a_word() -> None:
    """A refusal with nothing written is an error with its category."""
    raw = b'{"content": [], "stop_reason": "refusal", "stop_details": {"category": "cyber"}}'
    with pytest.raises(errors.ContentFiltered) as caught:
        answer(raw)
    assert caught.value.metadata == {"category": "cyber"}


def test_a_count() -> None:
    """A count of tokens is the provider's, and not estimated."""
    found = AnthropicCountTokensTranslator(Options()).response(
        b'{"input_tokens": 14}', CountTokensRequest(), candidate()
    )
    assert (found.input_token_count, found.estimated) == (14, False)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"input_tokens": "14"}'])
def test_malformed_counts(raw: bytes) -> None:
    """A count that is none is malformed."""
    with pytest.raises(errors.MalformedAnswer):
        AnthropicCountTokensTranslator(Options()).response(raw, CountTokensRequest(), candidate())


def test_platforms_differ_in_what_they_can() -> None:
    """Bedrock counts no tokens; everything else is everywhere."""
    for platform in ("", "vertex"):
        found = translators(Options(platform=platform), AnthropicErrors())
        assert set(found) == {CHAT, STREAM_CHAT, COUNT_TOKENS}
    assert set(translators(Options(platform="bedrock"), AnthropicErrors())) == {CHAT, STREAM_CHAT}
