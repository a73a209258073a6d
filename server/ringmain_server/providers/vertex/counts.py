"""Room 4, pure: reads the token counts of answers other than chat: images, speech, transcripts.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#usagemetadata.
Images and sound have their own prices, and the details say how many tokens of a count belong to them.
"""

from collections.abc import Iterable

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.providers.vertex import wire

_IMAGE, _AUDIO = 2, 4
"""Values of `Modality`."""


def counted(found: Iterable[wire.UsageMetadata], candidate: Candidate, *, images: int = 0) -> Usage:
    """Returns the total usage of several answers, with its cost if that is known.

    Args:
        found: The counts of each answer; answers without counts are left out.
        candidate: The candidate that answered.
        images: The number of images drawn.
    """
    usage = Usage(image_count=images)
    seen = heard = drawn = 0
    for counts in found:
        tools = sum(max(detail.token_count, 0) for detail in counts.tool_use_prompt_tokens_details)
        read = max(counts.prompt_token_count, 0) + tools
        written, thought = max(counts.candidates_token_count, 0), max(counts.thoughts_token_count, 0)
        usage.input_token_count += read
        usage.cached_input_token_count += min(max(counts.cached_content_token_count, 0), read)
        usage.output_token_count += written + thought
        usage.reasoning_token_count += thought
        seen += _of(counts.prompt_tokens_details, _IMAGE)
        heard += _of(counts.prompt_tokens_details, _AUDIO)
        # Without details, all output counts as images, which is nearly right for a model that draws.
        told = len(counts.candidates_tokens_details)
        drawn += min(_of(counts.candidates_tokens_details, _IMAGE), written) if told else written
    cost = media_cost(
        candidate.kind,
        candidate.provider_model,
        MediaCounts(
            input_tokens=usage.input_token_count,
            image_input_tokens=min(seen, usage.input_token_count),
            audio_input_tokens=min(heard, usage.input_token_count - min(seen, usage.input_token_count)),
            output_tokens=usage.output_token_count,
            image_output_tokens=drawn if images else 0,
            images=images,
        ),
    )
    if cost is not None:
        usage.cost_nano_usd = cost
    return usage


def _of(details: Iterable[wire.ModalityTokenCount], modality: int) -> int:
    return sum(max(detail.token_count, 0) for detail in details if detail.modality == modality)
