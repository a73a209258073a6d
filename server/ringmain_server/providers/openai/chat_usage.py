"""Room 4, pure: reads the token counts of a chat completion or a response.

https://platform.openai.com/docs/api-reference/chat/object#chat-object-usage and
https://platform.openai.com/docs/api-reference/responses/object#responses-object-usage: both have the same
counts under different names.
"""

from collections.abc import Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import estimate, request_tokens
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.numbers import count_of, counts_of
from ringmain_server.providers.openai.told_cost import FIELDS as COSTS
from ringmain_server.providers.openai.told_cost import told_cost

MOST_SEARCHES = 2**31 - 1


def usage(
    counts: object,
    request: ChatRequest,
    answer: ChatAssembler,
    *,
    read_name: str = "prompt",
    written_name: str = "completion",
) -> Usage:
    """Returns the usage of an answer.

    Args:
        counts: The wire's `usage`, or anything else if the provider gave none.
        request: The caller's request, for the estimate.
        answer: Has the approximate number of tokens received, for the estimate.
        read_name: The wire's name for input.
        written_name: The wire's name for output.

    Returns:
        The provider's counts, nested as the contract requires; missing counts are estimated, and marked as
            such. It has a cost if the provider tells it.
    """
    if not isinstance(counts, dict):
        return estimate(request, answer.tokens)
    # Nearly no server tells it. A price that the operator set takes precedence (`routing/route_info.py`).
    cost = None if COSTS.isdisjoint(counts) else told_cost(counts)
    read, written, total = counts_of(counts, f"{read_name}_tokens", f"{written_name}_tokens", "total_tokens")
    if not read and not written:
        return _costing(estimate(request, answer.tokens), cost)
    estimated = read is None or written is None
    if read is None:
        read = request_tokens(request)
    if written is None:
        written = answer.tokens
    of_read = counts.get(f"{read_name}_tokens_details")
    reasoning = count_of(counts.get(f"{written_name}_tokens_details"), "reasoning_tokens") or 0
    beside = (total or 0) - read - written
    if beside > 0 and not estimated:
        if beside == (count_of(counts, "audio_tokens") or count_of(of_read, "audio_tokens")):
            read += beside  # Mistral: https://docs.mistral.ai/capabilities/audio
        elif reasoning in (0, beside):
            # xAI does not include reasoning in the completion's count, and Google's endpoint only in the
            # total: https://docs.x.ai/docs/guides/reasoning, https://ai.google.dev/gemini-api/docs/openai
            written += beside
            reasoning = beside
    cached, cache_write = counts_of(of_read, "cached_tokens", "cache_write_tokens")
    if cached is None:  # DeepSeek, Moonshot
        cached = count_of(counts, "prompt_cache_hit_tokens", "cached_tokens")
    cached = min(cached or 0, read)
    found = Usage(
        input_token_count=read,
        output_token_count=written,
        cached_input_token_count=cached,
        cache_write_input_token_count=min(cache_write or 0, read - cached),
        reasoning_token_count=min(reasoning, written),
        estimated=estimated,
    )
    if "num_search_queries" in counts:
        found.web_search_count = _searches(counts)
    return found if cost is None else _costing(found, cost)


def _costing(usage: Usage, cost: int | None) -> Usage:
    if cost is not None:
        usage.cost_nano_usd = cost
    return usage


def _searches(counts: Mapping[str, object]) -> int:
    """Returns the searches that Perplexity counts.

    https://docs.perplexity.ai/api-reference/chat-completions-post
    """
    return min(count_of(counts, "num_search_queries") or 0, MOST_SEARCHES)
