"""Room 4, pure: the translators of the Messages wire."""

from dataclasses import dataclass

from ringmain.v1 import chat_service_pb2 as chat_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT, AnyOperation
from ringmain_server.providers.anthropic.answer import parse, response
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.fields import COUNTED, WIRE
from ringmain_server.providers.anthropic.formats import answer_tool
from ringmain_server.providers.anthropic.request import Options, chat_request, count_request
from ringmain_server.providers.anthropic.stream import MessagesDecoder
from ringmain_server.providers.numbers import count_of
from ringmain_server.providers.translator import (
    StreamTranslator,
    Translator,
    Translators,
    UnaryTranslator,
)
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import look


@dataclass(frozen=True, slots=True)
class AnthropicChatTranslator(
    UnaryTranslator[chat_pb2.ChatRequest, chat_pb2.ChatResponse, HttpRequest, bytes]
):
    """A translator of chats that are answered whole. See `UnaryTranslator`."""

    options: Options
    errors: AnthropicErrors

    def request(self, request: chat_pb2.ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        return chat_request(request, candidate, self.options, stream=False)

    def response(
        self, raw: bytes, request: chat_pb2.ChatRequest, candidate: Candidate
    ) -> chat_pb2.ChatResponse:
        """Reads the answer."""
        return response(raw, request, candidate, answer_tool(request, candidate), self.errors)


@dataclass(frozen=True, slots=True)
class AnthropicStreamChatTranslator(
    StreamTranslator[chat_pb2.ChatRequest, chat_pb2.ChatEvent, HttpRequest, bytes]
):
    """A translator of chats that are answered in events. See `StreamTranslator`."""

    options: Options
    errors: AnthropicErrors

    def request(self, request: chat_pb2.ChatRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        return chat_request(request, candidate, self.options, stream=True)

    def decoder(self, request: chat_pb2.ChatRequest, candidate: Candidate) -> MessagesDecoder:
        """Returns a decoder for one stream."""
        return MessagesDecoder(request, candidate, answer_tool(request, candidate), self.errors)


@dataclass(frozen=True, slots=True)
class AnthropicCountTokensTranslator(
    UnaryTranslator[chat_pb2.CountTokensRequest, chat_pb2.CountTokensResponse, HttpRequest, bytes]
):
    """A translator of token counts by the provider's own endpoint. See `UnaryTranslator`.

    https://platform.claude.com/docs/en/api/messages/count_tokens
    """

    options: Options

    def request(self, request: chat_pb2.CountTokensRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        return count_request(request.chat, candidate, self.options)

    def response(
        self, raw: bytes, request: chat_pb2.CountTokensRequest, candidate: Candidate
    ) -> chat_pb2.CountTokensResponse:
        """Reads the answer."""
        found = parse(raw, candidate.provider_id)
        look(WIRE, candidate.provider_id, found, COUNTED)
        count = count_of(found, "input_tokens")
        if count is None:
            raise MalformedAnswer(candidate.provider_id, "answered without a count")
        return chat_pb2.CountTokensResponse(input_token_count=count)


def translators(options: Options, errors: AnthropicErrors) -> Translators:
    """Returns the translators of a platform's operations; Bedrock counts no tokens on this wire."""
    found: dict[AnyOperation, Translator] = {
        CHAT: AnthropicChatTranslator(options, errors),
        STREAM_CHAT: AnthropicStreamChatTranslator(options, errors),
    }
    if options.platform != "bedrock":
        found[COUNT_TOKENS] = AnthropicCountTokensTranslator(options)
    return found
