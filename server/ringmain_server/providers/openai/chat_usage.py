"""Room 4, pure: the counts of a chat completion.

https://platform.openai.com/docs/api-reference/chat/object#chat-object-usage.
"""

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import estimate

_MOST = 2**63 - 1


def usage(counts: object, request: ChatRequest, answer_tokens: int) -> Usage:
    """What was consumed.

    Args:
        counts: The wire's `usage`, or anything else when the provider gave none.
        request: What was asked, for the estimate.
        answer_tokens: About how many tokens came, for the estimate.

    Returns:
        The provider's counts, nested as the contract wants them; else an estimate, marked as one.
    """
    if not isinstance(counts, dict):
        return estimate(request, answer_tokens)
    read, written = _count(counts, "prompt_tokens"), _count(counts, "completion_tokens")
    if not read and not written:
        return estimate(request, answer_tokens)
    prompt, completion = counts.get("prompt_tokens_details"), counts.get("completion_tokens_details")
    reasoning = _count(completion, "reasoning_tokens")
    if reasoning and _count(counts, "total_tokens") == read + written + reasoning:
        # xAI counts reasoning beside the completion: https://docs.x.ai/docs/guides/reasoning
        written += reasoning
    cached = min(_count(prompt, "cached_tokens"), read)
    return Usage(
        input_token_count=read,
        output_token_count=written,
        cached_input_token_count=cached,
        cache_write_input_token_count=min(_count(prompt, "cache_write_tokens"), read - cached),
        reasoning_token_count=min(reasoning, written),
    )


def _count(counts: object, name: str) -> int:
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) and 0 <= value <= _MOST else 0
