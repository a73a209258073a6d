"""Catalog: estimates of tokens for providers that report none. They are always marked as estimated.

Vocabularies differ by provider and take tens of megabytes each, so the estimate is by length: about four
characters per token, the rule of thumb that OpenAI publishes for English
(https://help.openai.com/en/articles/4936856), and about one token per character outside ASCII.
"""

from collections.abc import Iterable

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Part
from ringmain.v1.usage_pb2 import Usage

MESSAGE_TOKENS = 4
"""Tokens of a message in addition to its content, for its role and separators."""
MEDIA_TOKENS = 1000
"""Approximate tokens of an image or document of any format. Providers bill by tiles or pages."""


def text_tokens(text: str) -> int:
    """Returns about how many tokens a text has."""
    if text.isascii():
        return (len(text) + 3) // 4
    ascii_length = sum(1 for character in text if character < "\x80")
    return (ascii_length + 3) // 4 + len(text) - ascii_length


def request_tokens(request: ChatRequest) -> int:
    """Returns about how many tokens a chat request has, its tools and schema included."""
    total = sum(MESSAGE_TOKENS + _parts(message.parts) for message in request.messages)
    for tool in request.tools:
        function = tool.function
        total += text_tokens(function.name) + text_tokens(function.description)
        total += text_tokens(function.parameters_schema_json)
    shape = request.generation_config.response_format.json_schema
    return total + text_tokens(shape.schema_json) + text_tokens(shape.description)


def estimate(request: ChatRequest, answer_tokens: int) -> Usage:
    """Returns the estimated usage of a request whose provider reported none."""
    return Usage(input_token_count=request_tokens(request), output_token_count=answer_tokens, estimated=True)


def _parts(parts: Iterable[Part]) -> int:
    return sum(map(_part, parts))


def _part(part: Part) -> int:
    match part.WhichOneof("content"):
        case "text":
            return text_tokens(part.text)
        case "media":
            return MEDIA_TOKENS
        case "tool_call":
            return text_tokens(part.tool_call.name) + text_tokens(part.tool_call.arguments_json)
        case "tool_result":
            return _parts(part.tool_result.parts)
        case "provider_tool_call":
            run = part.provider_tool_call
            return text_tokens(run.name) + text_tokens(run.arguments_json) + _parts(run.results)
        case "reasoning":
            return text_tokens(part.reasoning.text)
    return 0
