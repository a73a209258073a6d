"""Room 4, pure: reads the token counts of a chat completion or a response.

https://platform.openai.com/docs/api-reference/chat/object#chat-object-usage and
https://platform.openai.com/docs/api-reference/responses/object#responses-object-usage: both have the same
counts under different names.
"""

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import estimate
from ringmain_server.providers.numbers import count_of


def usage(
    counts: object,
    request: ChatRequest,
    answer_tokens: int,
    *,
    read_name: str = "prompt",
    written_name: str = "completion",
) -> Usage:
    """Returns the usage of an answer.

    Args:
        counts: The wire's `usage`, or anything else if the provider gave none.
        request: The caller's request, for the estimate.
        answer_tokens: The approximate number of tokens received, for the estimate.
        read_name: The wire's name for input.
        written_name: The wire's name for output.

    Returns:
        The provider's counts, nested as the contract requires; missing counts are estimated, and marked as
            such.
    """
    if not isinstance(counts, dict):
        return estimate(request, answer_tokens)
    read, written = count_of(counts, f"{read_name}_tokens"), count_of(counts, f"{written_name}_tokens")
    if not read and not written:
        return estimate(request, answer_tokens)
    estimated = read is None or written is None
    if read is None:
        read = estimate(request, answer_tokens).input_token_count
    if written is None:
        written = answer_tokens
    of_read, of_written = (
        counts.get(f"{read_name}_tokens_details"),
        counts.get(f"{written_name}_tokens_details"),
    )
    reasoning = count_of(of_written, "reasoning_tokens") or 0
    if reasoning and count_of(counts, "total_tokens") == read + written + reasoning:
        # xAI does not include reasoning in the completion's count: https://docs.x.ai/docs/guides/reasoning
        written += reasoning
    cached = min(count_of(of_read, "cached_tokens") or 0, read)
    return Usage(
        input_token_count=read,
        output_token_count=written,
        cached_input_token_count=cached,
        cache_write_input_token_count=min(count_of(of_read, "cache_write_tokens") or 0, read - cached),
        reasoning_token_count=min(reasoning, written),
        estimated=estimated,
    )
