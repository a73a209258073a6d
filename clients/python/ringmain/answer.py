"""Client: answers of a chat. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final

from ringmain.v1 import content_pb2
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's request to run a tool."""

    id: str
    """The id of the call, for `tool_result`."""
    name: str
    """The name of the tool."""
    arguments_json: str
    """The arguments as the model wrote them, which may be invalid JSON."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments, parsed.

        Raises:
            ValueError: The arguments are not a JSON object.
        """
        return _arguments(self.name, self.arguments_json)


@dataclass(frozen=True, slots=True)
class ProviderToolCall:
    """A tool that the provider ran itself, such as a web search. The caller need not do anything."""

    id: str
    """The provider's id of the call."""
    name: str
    """The tool: `web_search`, `code_execution`, or another name of the provider's."""
    arguments_json: str
    """The arguments in the provider's own words. Empty if the provider does not tell them."""
    results: tuple[content_pb2.Part, ...] = ()
    """The results as text or media, if the provider shows them."""
    failed: bool = False
    """Whether the tool failed. The results may say why."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments, parsed.

        Raises:
            ValueError: The arguments are not a JSON object.
        """
        return _arguments(self.name, self.arguments_json)


def _arguments(tool: str, arguments_json: str) -> dict[str, Any]:
    value = json.loads(arguments_json or "{}")
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004  the type is the model's mistake, not the caller's
            f"the arguments of {tool} are not a JSON object"
        )
    return value


_CONTINUED: Final = ("tool_calls", "paused")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a model. `str(answer)` is its text."""

    proto: ChatResponse
    """The response of the gateway."""

    def __str__(self) -> str:
        """Returns the text."""
        return self.text

    @property
    def message(self) -> content_pb2.Message:
        """The message to append to the conversation."""
        return self.proto.message

    @property
    def text(self) -> str:
        """The text of all parts."""
        return "".join(part.text for part in self.message.parts)

    @property
    def reasoning(self) -> str:
        """The model's reasoning, if the provider shows it."""
        return "".join(part.reasoning.text for part in self.message.parts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls of tools that the model asks the caller to run."""
        calls = (p.tool_call for p in self.message.parts if p.HasField("tool_call"))
        return tuple(ToolCall(c.tool_call_id, c.name, c.arguments_json) for c in calls)

    @property
    def provider_tool_calls(self) -> tuple[ProviderToolCall, ...]:
        """The calls of tools that the provider ran itself."""
        calls = (p.provider_tool_call for p in self.message.parts if p.HasField("provider_tool_call"))
        return tuple(
            ProviderToolCall(c.tool_call_id, c.name, c.arguments_json, tuple(c.results), c.failed)
            for c in calls
        )

    @property
    def sources(self) -> tuple[content_pb2.Citation, ...]:
        """The sources that the text cites, each once, in the order of their first citation.

        Two citations have the same source if their `uri` is equal, or, without one, their `filename` and
        `page_number`. `message.parts` has every citation, with the text that it belongs to.
        """
        found: dict[object, content_pb2.Citation] = {}
        for part in self.message.parts:
            for cited in part.citations:
                found.setdefault(cited.uri or (cited.filename, cited.page_number), cited)
        return tuple(found.values())

    @property
    def logprobs(self) -> tuple[content_pb2.TokenLogprobs, ...]:
        """The tokens of the text with their probabilities, if `top_logprobs` asked for them."""
        return tuple(token for part in self.message.parts for token in part.logprobs)

    @property
    def media(self) -> tuple[content_pb2.Media, ...]:
        """The images and the speech in the answer."""
        return tuple(part.media for part in self.message.parts if part.HasField("media"))

    def json(self) -> Any:
        """Returns the text parsed as JSON, for answers that were requested in a JSON format.

        Raises:
            ValueError: The text is not JSON, for example because `max_output_tokens` cut it short.
        """
        return json.loads(self.text)

    @property
    def finish_reason(self) -> str:
        """The reason why the model stopped. Empty if unknown.

        One of `stop`, `max_tokens`, `tool_calls`, `content_filter`, `refusal` and `paused`.
        """
        known = FinishReason.DESCRIPTOR.values_by_number.get(self.proto.finish_reason)
        name = known.name.removeprefix("FINISH_REASON_").lower() if known else ""
        return "" if name == "unspecified" else name

    @property
    def must_continue(self) -> bool:
        """Whether the model goes on only when the conversation is sent again with `message` at its end.

        It asks for tools, whose results come after the message, or the provider paused a long turn. Then
        nothing comes after the message.
        """
        return self.finish_reason in _CONTINUED

    @property
    def usage(self) -> Usage:
        """The tokens that the answer used."""
        return self.proto.usage

    @property
    def cost_usd(self) -> float | None:
        """The price in US dollars. None means unknown, which is not the same as free."""
        return self.usage.cost_nano_usd / 1e9 if self.usage.HasField("cost_nano_usd") else None

    @property
    def route(self) -> Route:
        """The way of the request through the gateway, with every attempt."""
        return self.proto.route

    @property
    def provider(self) -> str:
        """The id of the provider that answered."""
        return self.route.provider_id

    @property
    def provider_model(self) -> str:
        """The model that answered, as the provider names it."""
        return self.route.provider_model

    @property
    def response_id(self) -> str:
        """The gateway's id of the call."""
        return self.proto.response_id
