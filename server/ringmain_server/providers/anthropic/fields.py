"""Room 4, pure: the fields of answers of the Messages wire that are known.

https://platform.claude.com/docs/en/api/messages/create, and https://platform.claude.com/docs/en/api/beta for
what a beta adds. Fields that no translator reads are here if nothing is lost without them.
"""

from ringmain_server.providers.anthropic.citations import FIELDS as CITED
from ringmain_server.providers.anthropic.server_results import RESULT
from ringmain_server.providers.known_fields import At, Fields, Kinds

WIRE = "messages"
"""The name of this wire where unknown fields are counted."""

_CACHE_CREATION = Fields("ephemeral_1h_input_tokens ephemeral_5m_input_tokens")
_COUNTS = "input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens"
_USAGE = Fields(
    f"{_COUNTS} inference_geo service_tier speed",
    cache_creation=_CACHE_CREATION,
    fallback_credit=Fields(status=Fields("type reason remove_to_redeem")),
    iterations=Fields(f"{_COUNTS} type model", cache_creation=_CACHE_CREATION),
    output_tokens_details=Fields("thinking_tokens"),
    server_tool_use=Fields("web_search_requests web_fetch_requests"),
)

_CITATION = Fields(CITED)
_CALLER = Fields("type tool_id")
_DOCUMENT = Fields("type title", citations=Fields("enabled"), source=Fields("type data media_type"))
_GIVEN = Fields(
    # pages and files
    "type url title page_age encrypted_content retrieved_at"
    " file_id file_type num_lines start_line total_lines"
    # what code printed and changed
    " stdout stderr encrypted_stdout return_code abort_reason"
    " is_file_update lines new_lines new_start old_lines old_start"
    # advisors, and failures
    " text stop_reason error_code error_message",
    citations=_CITATION,
    content=Fields(
        _DOCUMENT.names | {"file_id"}, citations=Fields("enabled"), source=Fields("type data media_type")
    ),
    tool_references=Fields("type tool_name"),
)
"""The results of the provider's own tools; those of all tools are read by the names of their fields."""
_TOOL_RESULT = Fields("type tool_use_id is_error", caller=_CALLER, content=_GIVEN)
_MODEL = Fields("model")

BLOCKS = Kinds(
    {
        "text": Fields("type text", citations=_CITATION),
        "thinking": Fields("type thinking signature"),
        "redacted_thinking": Fields("type data"),
        "tool_use": Fields("type id name toolset_name", free="input", caller=_CALLER),
        "server_tool_use": Fields("type id name", free="input", caller=_CALLER),
        "mcp_tool_use": Fields("type id name server_name", free="input"),
        "mcp_tool_listing": Fields("type mcp_server_name", free="tools"),
        "compaction": Fields("type content encrypted_content signature", free="tool_changes"),
        "container_upload": Fields("type file_id"),
        "fallback": Fields("type", {"from": _MODEL, "to": _MODEL, "trigger": Fields("type category")}),
    },
    ending=(RESULT, _TOOL_RESULT),
)
"""The blocks of a message."""

_ABOUT = {
    "container": Fields("id expires_at", skills=Fields("type skill_id version")),
    "stop_details": Fields(
        "type category explanation fallback_credit_token fallback_has_prefill_claim recommended_model"
    ),
}
"""Fields of a message that a stream has in the delta of its `message_delta`."""
_EDITS = {
    "context_management": Fields(
        applied_edits=Fields("type cleared_input_tokens cleared_tool_uses cleared_thinking_turns")
    ),
    "input_transformations": Fields("type path reason"),
}
MESSAGE = Fields(
    "id type role model stop_reason stop_sequence",
    {**_ABOUT, **_EDITS},
    content=BLOCKS,
    diagnostics=Fields(cache_miss_reason=Fields("type cache_missed_input_tokens")),
    usage=_USAGE,
)
"""A whole answer."""
COUNTED = Fields("input_tokens", context_management=Fields("original_input_tokens"))
"""A count of tokens."""

_DELTAS = Kinds(
    {
        "text_delta": Fields("type text"),
        "input_json_delta": Fields("type partial_json"),
        "thinking_delta": Fields("type thinking estimated_tokens"),
        "signature_delta": Fields("type signature"),
        "citations_delta": Fields("type", citation=At("content.citations", _CITATION)),
        "compaction_delta": Fields("type content encrypted_content"),
    }
)
_EVENTS = Kinds(
    {
        "message_start": Fields("type", message=At("", MESSAGE)),
        "content_block_start": Fields("type index", content_block=At("content", BLOCKS)),
        "content_block_delta": Fields("type index", delta=At("content", _DELTAS)),
        "content_block_stop": Fields("type index"),
        "message_delta": Fields(
            "type",
            {name: At(name, known) for name, known in _EDITS.items()},
            delta=At("", Fields("stop_reason stop_sequence", _ABOUT)),
            usage=At("usage", _USAGE),
        ),
        # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
        "message_stop": Fields("type", free="amazon-bedrock-invocationMetrics"),
        "ping": Fields("type"),
    }
)
EVENT = At("event", _EVENTS)
"""An event of a stream."""
