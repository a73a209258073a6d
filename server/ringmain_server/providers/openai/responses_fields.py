"""Room 4, pure: the fields of answers of OpenAI's responses wire that are known.

https://platform.openai.com/docs/api-reference/responses/object and `/responses-streaming`. Fields that no
translator reads are here if nothing is lost without them, such as what an answer repeats of its request.
"""

from collections.abc import Mapping

from ringmain_server.providers.known_fields import At, Fields, Kinds, Known
from ringmain_server.providers.openai import responses_shapes as shapes
from ringmain_server.providers.openai.responses_shapes import ITEMS, Shape

WIRE = "responses"
"""The name of this wire where unknown fields are counted."""


def _of(shape: Mapping[str, Shape], names: str = "", *, free: str = "", **inner: Known) -> Fields:
    """Returns the fields of a shape, and more."""
    objects = {name: of for name, value in shape.items() if (of := _within(value)) is not None}
    trees = {name for name, value in shape.items() if value == shapes.TREE}
    known: dict[str, Known] = {name: _of(of) for name, of in objects.items() if name not in free.split()}
    return Fields({*shape, *names.split()}, {**known, **inner}, free=" ".join({*trees, *free.split()}))


def _within(shape: Shape) -> Mapping[str, Shape] | None:
    """Returns the shape of an object, or of each object in a list."""
    inner = shape[0] if isinstance(shape, list) else shape
    return inner if isinstance(inner, Mapping) else None


_TOKEN = Fields("token logprob bytes", top_logprobs=Fields("token logprob bytes"))
_TEXT = _of(shapes.CONTENT, "text", logprobs=_TOKEN)
_CONTENTS = Kinds({"output_text": _TEXT, "refusal": Fields("type refusal")})
_TOLD = Kinds({**_CONTENTS.kinds, "reasoning_text": Fields("type text"), "summary_text": Fields("type text")})

_MORE: Mapping[str, Fields] = {
    shapes.MESSAGE: _of(ITEMS[shapes.MESSAGE], "role", content=_CONTENTS),
    shapes.REASONING: _of(ITEMS[shapes.REASONING], "status"),
    shapes.FUNCTION_CALL: _of(ITEMS[shapes.FUNCTION_CALL], "call_id name arguments"),
    shapes.IMAGE_CALL: _of(ITEMS[shapes.IMAGE_CALL], "result"),
    "mcp_approval_request": Fields("type id name arguments server_label"),
    # The tools are those of the request, or of a server that the request names.
    "mcp_list_tools": _of(ITEMS["mcp_list_tools"], free="tools"),
    "tool_search_call": _of(ITEMS["tool_search_call"], "created_by"),
    "tool_search_output": _of(ITEMS["tool_search_output"], "created_by", free="tools"),
    "shell_call": _of(ITEMS["shell_call"], "created_by"),
    "shell_call_output": _of(
        ITEMS["shell_call_output"],
        "created_by",
        output=Fields("stdout stderr created_by", outcome=Fields("type exit_code")),
    ),
}
_ITEMS = Kinds({**{kind: _of(shape) for kind, shape in ITEMS.items()}, **_MORE})

_IMAGE_DETAILS = Fields("image_tokens text_tokens cached_image_tokens cached_text_tokens")
_USAGE = Fields(
    "input_tokens output_tokens total_tokens num_sources_used num_server_side_tools_used cost_in_usd_ticks",
    free="cost cost_details server_side_tool_usage_details context_details",
    input_tokens_details=Fields(
        "cached_tokens cache_write_tokens audio_tokens image_tokens text_tokens",
        cache_write_tokens_details=Fields("ttl_12h_tokens ttl_30m_tokens"),
    ),
    output_tokens_details=Fields("reasoning_tokens audio_tokens image_tokens text_tokens"),
)
_TOOL_USAGE = Fields(
    image_gen=Fields(
        "input_tokens output_tokens total_tokens cached_tokens",
        cached_tokens_details=_IMAGE_DETAILS,
        input_tokens_details=_IMAGE_DETAILS,
        output_tokens_details=_IMAGE_DETAILS,
    ),
    web_search=Fields("num_requests"),
)
RESPONSE = Fields(
    "id object created_at completed_at status model service_tier safety_identifier user store background"
    " max_output_tokens max_tool_calls parallel_tool_calls previous_response_id prompt_cache_key"
    " prompt_cache_retention temperature top_p top_logprobs truncation frequency_penalty presence_penalty",
    free="error instructions metadata tool_choice tools text reasoning prompt conversation moderation"
    " prompt_cache_options prompt_cache_diagnostics content_filters access_programs image",
    incomplete_details=Fields("reason"),
    input_transformations=Fields("id action reason type"),
    output=_ITEMS,
    tool_usage=_TOOL_USAGE,
    usage=_USAGE,
)
"""A whole answer."""

_EVENT = "type sequence_number obfuscation"
_WHERE = f"{_EVENT} output_index item_id"
_FRAME = Fields(_EVENT, free="copilot_usage", response=At("", RESPONSE))
_ITEM = Fields(_WHERE, item=At("output", _ITEMS))
_PART = Fields(f"{_WHERE} content_index", part=At("output.content", _TOLD))
_SUMMARY = Fields(f"{_WHERE} summary_index status", part=At("output.summary", _TOLD))
_SAID = Fields(f"{_WHERE} content_index delta text refusal", logprobs=At("output.content.logprobs", _TOKEN))
_THOUGHT = Fields(f"{_WHERE} content_index summary_index delta text")
_PIECE = Fields(f"{_WHERE} command_index name arguments code command input", free="delta output")
_STATE = Fields(_WHERE)
_STATES = ("in_progress", "completed", "failed", "incomplete", "searching", "interpreting", "generating")
_RUN = ("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call")
_EVENTS: Mapping[str, Known] = {
    **{
        f"response.{state}": _FRAME
        for state in ("created", "queued", "in_progress", "completed", "incomplete", "failed", "cancelled")
    },
    **{f"response.output_item.{end}": _ITEM for end in ("added", "done")},
    **{
        f"response.{name}.{end}": _PART
        for name in ("content_part", "reasoning_part")
        for end in ("added", "done")
    },
    **{f"response.reasoning_summary_part.{end}": _SUMMARY for end in ("added", "done")},
    **{f"response.{name}.{end}": _SAID for name in ("output_text", "refusal") for end in ("delta", "done")},
    **{
        f"response.{name}.{end}": _THOUGHT
        for name in ("reasoning_summary_text", "reasoning_text")
        for end in ("delta", "done")
    },
    # What these tell comes again in the item at its end.
    **{
        f"response.{name}.{end}": _PIECE
        for name in (
            "function_call_arguments",
            "mcp_call_arguments",
            "code_interpreter_call_code",
            "custom_tool_call_input",
            "shell_call_command",
            "shell_call_output_content",
        )
        for end in ("added", "delta", "done")
    },
    **{f"response.{name}.{state}": _STATE for name in (*_RUN, "mcp_list_tools") for state in _STATES},
    "response.compaction.compacting": _STATE,
    "error": Fields(f"{_EVENT} code message param", free="error"),
    "response.image_generation_call.partial_image": Fields(
        f"{_WHERE} partial_image_b64 partial_image_index background output_format quality size"
    ),
    "response.output_text.annotation.added": Fields(
        f"{_WHERE} content_index annotation_index",
        annotation=At("output.content.annotations", _TEXT.inner["annotations"]),
    ),
}
EVENT = At("event", Kinds(_EVENTS))
"""An event of a stream."""


def is_plain(event: Mapping[str, object]) -> bool:
    """Whether an event with a piece of a text has known fields alone. Nearly every event is one."""
    return _SAID.knows(event) and not event.get("logprobs")
