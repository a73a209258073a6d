"""Room 4, pure: the fields of chat completions that are known, of OpenAI and of every other server.

https://platform.openai.com/docs/api-reference/chat/object; the modules that read an answer name the pages of
other servers. Fields that no translator reads are here if nothing is lost without them, such as the ids of
tokens and what an answer took.
"""

from collections.abc import Mapping

from ringmain_server.providers.known_fields import At, Fields, Kinds
from ringmain_server.providers.openai.chat_state import DETAIL

WIRE = "chat_completions"
"""The name of this wire where unknown fields are counted."""

_READ = Fields(
    "audio_tokens cache_write_tokens cached_tokens image_tokens text_tokens video_tokens"
    " cache_creation_tokens",
    free="messages",
)
_WRITTEN = Fields(
    "accepted_prediction_tokens audio_tokens image_tokens reasoning_tokens rejected_prediction_tokens"
    " text_tokens"
)
USAGE = Fields(
    "prompt_tokens completion_tokens total_tokens cached_tokens"
    " prompt_cache_hit_tokens prompt_cache_miss_tokens num_cached_tokens request_count service_tier"
    " audio_tokens prompt_audio_seconds reasoning_tokens"
    # what it took and cost: Groq, Perplexity, OpenRouter, xAI, DeepInfra
    " queue_time prompt_time completion_time total_time"
    " citation_tokens num_search_queries search_context_size num_sources_used"
    " cost_in_usd_ticks estimated_cost is_byok",
    free="cost cost_details prompt_token_details server_side_tool_usage_details",
    completion_tokens_details=_WRITTEN,
    prompt_tokens_details=_READ,
)

_TOKEN = Fields("token logprob bytes id text_offset", top_logprobs=Fields("token logprob bytes id"))
_LOGPROBS = Fields(
    "tokens token_logprobs token_ids text_offset",  # what older servers write beside `content`
    free="top_logprobs",
    content=_TOKEN,
    refusal=_TOKEN,
)
_CITED = "url title content start_index end_index"
_SOURCE = Fields(f"{_CITED} date last_updated snippet source")
_ADDRESS = Fields("url detail")
_CALLED = Fields("name", free="arguments")
SILENT = frozenset({"reference"})
"""Types of blocks that are left out: they number sources that the caller gave.

https://docs.mistral.ai/capabilities/citations
"""
_BLOCKS = Kinds(
    {
        "text": Fields("type text"),
        "thinking": Fields("type closed", thinking=Fields("type text")),
        "image_url": Fields("type", image_url=_ADDRESS),
        "tool_reference": Fields(f"type tool description favicon source {_CITED}"),
        "reference": Fields("type reference_ids"),
    },
    other=Fields("text"),
)
CONTENT = Fields(
    "role index name prefix refusal reasoning reasoning_content token_id token_ids",
    content=_BLOCKS,
    annotations=Fields("type", url_citation=Fields(_CITED)),
    audio=Fields("id data expires_at transcript"),
    executed_tools=Fields(
        "index type id name arguments arguments_delta output failed signature",
        search_results=Fields("url title content score", results=Fields("url title content score")),
    ),
    function_call=_CALLED,
    images=Fields("type index", image_url=_ADDRESS),
    reasoning_details=Fields(DETAIL),
    tool_calls=Fields("id index type", free="extra_content", function=_CALLED, custom=Fields("name input")),
)
"""The `message` of a whole answer, or the `delta` of a stream."""
CHOICE = Fields(
    "index finish_reason native_finish_reason stop_reason matched_stop seed text token_ids",
    free="content_filter_results content_filter_offsets content_filter_result error",
    delta=At("choices.message", CONTENT),
    logprobs=_LOGPROBS,
    message=CONTENT,
    usage=At("usage", USAGE),
)
ANSWER = Fields(
    "id object created model service_tier system_fingerprint provider obfuscation p citations"
    " prompt_token_ids",
    free="error metadata moderation prompt_annotations prompt_filter_results prompt_logprobs"
    " kv_transfer_params timings time_info usage_breakdown venice_parameters",
    choices=CHOICE,
    search_results=_SOURCE,
    usage=USAGE,
    x_groq=Fields("id seed debug", free="error", usage=At("usage", USAGE)),
)
"""A whole answer, or an event of a stream."""

_FLAT = ANSWER.names - {"search_results", "x_groq"}
_FLAT_CHOICE = CHOICE.names - {"message", "usage"}
_TEXTS = frozenset({"role", "content", "reasoning", "reasoning_content", "refusal"})


def is_plain(event: Mapping[str, object]) -> bool:
    """Whether an event of a stream has known fields alone, because it has only those of nearly every event.

    It is asked of every event, and so takes a fraction of the time of `ANSWER.unknown`.
    """
    choices = event.get("choices")
    if (
        not isinstance(choices, list)
        or len(choices) != 1
        or event.get("usage")
        or not _FLAT.issuperset(event)
    ):
        return False
    choice = choices[0]
    if not isinstance(choice, dict) or choice.get("logprobs") or not _FLAT_CHOICE.issuperset(choice):
        return False
    delta = choice.get("delta") or {}
    if not isinstance(delta, dict):
        return False
    return _TEXTS.issuperset(delta) and not isinstance(delta.get("content"), list)
