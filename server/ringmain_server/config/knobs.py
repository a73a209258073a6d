"""Configuration: the settings that a model takes, where the catalog does not know them, or not rightly."""

from typing import Literal

from pydantic import Field

from ringmain_server.config.fields import Count, Flag, Most, Section

# The words of `catalog/knobs.py`, which this room does not know. A test compares them.
Effort = Literal["none", "minimal", "low", "default", "medium", "high", "xhigh", "max"]
Setting = Literal[
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "stop_sequences",
    "seed",
    "top_logprobs",
    "instructions",
    "prompt",
    "translate",
    "parallel_tool_calls",
]
Purpose = Literal[
    "any",
    "chat",
    "draw",
    "speak",
    "predict_draw",
    "predict_edit",
    "predict_upscale",
    "predict_draw_upscale",
    "embed",
    "embed_content",
    "embed_media",
]


class KnobSettings(Section):
    """The settings that a model takes, and in which forms. Absent ones are as the catalog knows."""

    reasoning: Literal["none", "effort", "budget"] | None = Field(
        default=None,
        description="How it is told how much to reason: by an effort, by a budget of tokens, or not at all.",
    )
    efforts: tuple[Effort, ...] | None = Field(
        default=None,
        description="The efforts that it knows. Without `none`, it cannot be told not to reason.",
    )
    reasons_unasked: Flag | None = Field(
        default=None, description="Whether it reasons if the request does not say."
    )
    reasoning_off: Literal["disabled", "between_tools"] | None = Field(
        default=None, description="Anthropic's word for not reasoning."
    )
    min_reasoning_tokens: Count | None = Field(
        default=None, description="The smallest budget of tokens to reason with."
    )
    max_reasoning_tokens: Most | None = Field(default=None, description="The largest one; 0 if unknown.")
    lacks: tuple[Setting, ...] | None = Field(
        default=None, description="Settings of a request that it refuses; they are left out."
    )
    reasoning_lacks: tuple[Setting, ...] | None = Field(
        default=None, description="Settings that it refuses while it reasons."
    )
    exclusive: tuple[Setting, ...] | None = Field(
        default=None,
        description="Settings of which a request may have only one: the first of them that it has.",
    )
    max_stop_sequences: Most | None = Field(
        default=None, description="Most stop sequences; 0 for as many as the request has."
    )
    system_role: Literal["system", "developer", "user"] | None = Field(
        default=None, description="Who says the instructions (at Anthropic, nobody else can)."
    )
    system_place: Literal["any", "first"] | None = Field(
        default=None,
        description="Where instructions may stand: anywhere, or only in front of a conversation (servers of "
        "OpenAI's wire). Later ones then become text of the user.",
    )
    turns: Literal["any", "answered", "alternating"] | None = Field(
        default=None,
        description="The order of turns (chat completions): any; the model has the turn between a tool and "
        "the user; or the user and the model take turns.",
    )
    texts: Literal["joined", "list"] | None = Field(
        default=None, description="How several texts of one message are sent (chat completions)."
    )
    tool_ids: Literal["any", "up_to_40", "nine_alphanumeric"] | None = Field(
        default=None, description="The ids of tool calls that it takes (chat completions)."
    )
    forced_tools: Flag | None = Field(default=None, description="Whether it can be made to call a tool.")
    forced_while_reasoning: Flag | None = Field(
        default=None,
        description="Whether it can be made so while it reasons. Otherwise, it does not reason then.",
    )
    native_schema: Flag | None = Field(
        default=None,
        description="Whether its provider holds it to a JSON schema, and to the parameters of a tool.",
    )
    web_search: Flag | None = Field(
        default=None, description="Whether it searches the web if a chat completion asks it to."
    )
    assistant_last: Flag | None = Field(
        default=None, description="Whether a conversation may end with its own turn."
    )
    media_results: Flag | None = Field(
        default=None, description="Whether results of tools may hold media (Google)."
    )
    media_resolution: Flag | None = Field(
        default=None, description="Whether each medium may state a resolution (Google)."
    )
    signed_calls: Flag | None = Field(
        default=None, description="Whether it refuses its own calls without their signatures (Google)."
    )
    day_cache: Flag | None = Field(
        default=None, description="Whether OpenAI keeps its prompts for a day on request."
    )
    hour_cache_at_bedrock: Flag | None = Field(
        default=None, description="Whether Bedrock can keep its prompts for an hour."
    )
    purpose: Purpose | None = Field(
        default=None, description="What a model of Google's is for, which decides its wire."
    )
    transcript: Literal["segments", "text", "speakers"] | None = Field(
        default=None,
        description="What a transcribing model of OpenAI's wire writes: segments with times, a text as it "
        "hears it, or segments with speakers.",
    )
    asks_for_bytes: Flag | None = Field(
        default=None, description="Whether an image comes by URL unless the request asks for bytes."
    )
