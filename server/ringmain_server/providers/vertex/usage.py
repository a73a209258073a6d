"""Room 4, pure: reads the token counts of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#usagemetadata:
the wire counts thoughts separately from the answer, and tools' prompts separately from the prompt; in the
contract they are included.
"""

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import estimate
from ringmain_server.providers.vertex import wire


def usage(
    counts: wire.UsageMetadata | None, request: ChatRequest, answer_tokens: int, *, final: bool
) -> Usage:
    """Returns the usage: the provider's counts if it gave any, otherwise an estimate.

    Args:
        counts: The latest counts; None if there were none.
        request: The caller's request, for the estimate.
        answer_tokens: The approximate number of tokens received, for the estimate.
        final: Whether the counts came with the end of the answer, or after it.
    """
    if counts is None or counts.prompt_token_count <= 0:
        return estimate(request, answer_tokens)
    from_tools = sum(max(detail.token_count, 0) for detail in counts.tool_use_prompt_tokens_details)
    read = counts.prompt_token_count + from_tools
    cached = min(max(counts.cached_content_token_count, 0), read)
    thought = max(counts.thoughts_token_count, 0)
    written = max(counts.candidates_token_count, 0) + thought
    if not final:
        return Usage(
            input_token_count=read,
            cached_input_token_count=cached,
            output_token_count=max(answer_tokens, written),
            estimated=True,
        )
    return Usage(
        input_token_count=read,
        cached_input_token_count=cached,
        output_token_count=written,
        reasoning_token_count=thought,
    )
