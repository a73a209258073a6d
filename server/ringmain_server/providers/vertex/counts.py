"""Room 4, pure: the counts of answers that are no chat: images, speech, transcripts.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#usagemetadata.
"""

from collections.abc import Iterable

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.providers.vertex import wire


def counted(found: Iterable[wire.UsageMetadata]) -> Usage:
    """What answers consumed together; empty where nothing was counted."""
    usage = Usage()
    for counts in found:
        tools = sum(detail.token_count for detail in counts.tool_use_prompt_tokens_details)
        read = counts.prompt_token_count + tools
        usage.input_token_count += read
        usage.cached_input_token_count += min(counts.cached_content_token_count, read)
        usage.output_token_count += counts.candidates_token_count + counts.thoughts_token_count
        usage.reasoning_token_count += counts.thoughts_token_count
    return usage
