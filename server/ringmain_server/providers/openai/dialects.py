"""Room 4, pure: the table of differences between the servers of OpenAI's wire.

A dialect is what a provider kind changes about chat completions. Anything that a kind does not mention is as
OpenAI documents it (https://platform.openai.com/docs/api-reference/chat/create). Instructions always go as
`system`: OpenAI reads that role as `developer` where a model needs it, and the templates of many servers know
no other role.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringmain_server.providers.openai.tool_ids import nine_alphanumeric, unchanged, up_to_40

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

AZURE = "azure"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind writes chat completions. A setting whose field name is empty is ignored.

    Attributes:
        max_tokens: Field for the maximum number of output tokens.
        seed: Field for the seed.
        top_k: Field for the number of most likely tokens to sample from.
        reasoning_effort: Field for the reasoning effort.
        reasoning_back: Field of an assistant turn that returns its own reasoning to the model.
        stream_usage: Whether a stream sends its usage only on request. Other servers refuse the field as
            unknown.
        image_uris: Whether images may be given by URL.
        documents: Whether documents are accepted.
        audio: Whether audio is accepted.
        tool_id: Writes the id of a tool call as the server accepts it.
    """

    max_tokens: str = "max_tokens"
    seed: str = "seed"
    top_k: str = ""
    reasoning_effort: str = "reasoning_effort"
    reasoning_back: str = ""
    stream_usage: bool = True
    image_uris: bool = True
    documents: bool = False
    audio: bool = False
    tool_id: Callable[[str], str] = unchanged


_OPENAI = Dialect(max_tokens="max_completion_tokens", documents=True, audio=True, tool_id=up_to_40)

DIALECTS: Mapping[str, Dialect] = {
    "openai": _OPENAI,
    "azure": _OPENAI,
    # https://docs.ollama.com/api/openai-compatibility: images as bytes only
    "ollama": Dialect(image_uris=False),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    "vllm": Dialect(top_k="top_k", reasoning_back="reasoning", audio=True),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    "llamacpp": Dialect(top_k="top_k", reasoning_back="reasoning_content", audio=True),
    # https://console.groq.com/docs/api-reference#chat-create
    "groq": Dialect(max_tokens="max_completion_tokens"),
    # https://docs.mistral.ai/api/#tag/chat: refuses unknown fields, and streams always send the usage
    "mistral": Dialect(
        seed="random_seed", reasoning_effort="", stream_usage=False, tool_id=nine_alphanumeric
    ),
    # https://api-docs.deepseek.com/guides/thinking_mode: a turn that called tools must return its reasoning
    "deepseek": Dialect(seed="", reasoning_back="reasoning_content"),
    # https://docs.x.ai/docs/api-reference#chat-completions
    "xai": Dialect(max_tokens="max_completion_tokens"),
    # https://openrouter.ai/docs/api/reference/parameters
    "openrouter": Dialect(
        top_k="top_k", reasoning_back="reasoning", documents=True, audio=True, tool_id=up_to_40
    ),
    # https://docs.together.ai/reference/chat-completions-1
    "together": Dialect(top_k="top_k"),
    # https://docs.venice.ai/api-reference/endpoint/chat/completions
    "venice": Dialect(max_tokens="max_completion_tokens", top_k="top_k"),
}
"""Dialect by provider kind."""


def uses_deployments(settings: "ProviderSettings") -> bool:
    """Whether the path names the model, as for Azure's dated API but not its v1 API.

    https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
    """
    return settings.kind == AZURE and settings.api_version is not None
