"""Client: answers of a chat, and the fold of a stream's events into one. Pure."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ringmain.v1 import content_pb2
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatResponse,
    ChatStarted,
    PartDelta,
    PartStarted,
)
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
        value = json.loads(self.arguments_json or "{}")
        if not isinstance(value, dict):
            raise ValueError(  # noqa: TRY004  the type is the model's mistake, not the caller's
                f"the arguments of {self.name} are not a JSON object"
            )
        return value


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
        """The calls of tools that the model asks for."""
        calls = (p.tool_call for p in self.message.parts if p.HasField("tool_call"))
        return tuple(ToolCall(c.tool_call_id, c.name, c.arguments_json) for c in calls)

    def json(self) -> Any:
        """Returns the text parsed as JSON, for answers that were requested in a JSON format.

        Raises:
            ValueError: The text is not JSON, for example because `max_output_tokens` cut it short.
        """
        return json.loads(self.text)

    @property
    def finish_reason(self) -> str:
        """The reason why the model stopped: `stop`, `max_tokens`, `tool_calls`, `content_filter`, `refusal`.

        Empty if unknown.
        """
        known = FinishReason.DESCRIPTOR.values_by_number.get(self.proto.finish_reason)
        name = known.name.removeprefix("FINISH_REASON_").lower() if known else ""
        return "" if name == "unspecified" else name

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


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece by which a streamed answer grew. `str(delta)` is its text."""

    text: str = ""
    """Text to append."""
    reasoning: str = ""
    """Reasoning to append."""
    tool_call_id: str = ""
    """The id of the tool call that grew."""
    tool_name: str = ""
    """The name of the called tool."""
    arguments_json: str = ""
    """A piece of the tool call's arguments, to append."""
    discarded: bool = False
    """Whether everything before is void, because another provider starts the answer again."""

    def __str__(self) -> str:
        """Returns the text."""
        return self.text


@dataclass(slots=True)
class _Growing:
    """A part of an answer, and the pieces to append to it by kind of delta."""

    part: content_pb2.Part = field(default_factory=content_pb2.Part)
    # The pieces are joined once at the end, because each append to a field of a message would copy the field.
    pieces: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    signature: bytearray = field(default_factory=bytearray)

    def append(self, delta: PartDelta) -> None:
        match delta.WhichOneof("delta"):
            case "text":
                self.pieces["text"].append(delta.text)
            case "reasoning_text":
                self.pieces["reasoning_text"].append(delta.reasoning_text)
            case "arguments_json":
                self.pieces["arguments_json"].append(delta.arguments_json)
            case "signature":
                self.signature += delta.signature

    def whole(self) -> content_pb2.Part:
        part = content_pb2.Part()
        part.CopyFrom(self.part)
        if "text" in self.pieces:
            part.text += "".join(self.pieces["text"])
        if "reasoning_text" in self.pieces:
            part.reasoning.text += "".join(self.pieces["reasoning_text"])
        if "arguments_json" in self.pieces:
            part.tool_call.arguments_json += "".join(self.pieces["arguments_json"])
        if self.signature:
            part.reasoning.signature += bytes(self.signature)
        return part


class Fold:
    """A fold of a stream's events into the answer that Chat would have returned."""

    def __init__(self) -> None:
        """Starts without events."""
        self._head = ChatResponse()
        self._parts: dict[int, _Growing] = {}
        self.finished = False

    def add(self, event: ChatEvent) -> None:
        """Takes the next event. Kinds of events that this client does not know are skipped."""
        match event.WhichOneof("event"):
            case "started":
                self._start(event.started)
            case "part_started":
                self._parts[event.part_started.index] = _Growing(event.part_started.part)
            case "part_delta":
                self._growing(event.part_delta.index).append(event.part_delta)
            case "recovered":
                self._served_by(event.recovered.provider_id, event.recovered.provider_model)
                if event.recovered.content_discarded:
                    self._parts.clear()
            case "finished":
                self._finish(event)

    def delta(self, event: ChatEvent) -> Delta | None:
        """Returns the delta of an event that was already added, or None if the event has nothing to show."""
        match event.WhichOneof("event"):
            case "part_started":
                return self._opening(event.part_started)
            case "part_delta":
                return self._growth(event.part_delta)
            case "recovered" if event.recovered.content_discarded:
                return Delta(discarded=True)
        return None

    def answer(self) -> Answer:
        """Returns the answer so far, which is the whole answer once `finished` is true."""
        response = ChatResponse()
        response.CopyFrom(self._head)
        response.message.role = content_pb2.ROLE_ASSISTANT
        response.message.parts.extend(self._parts[i].whole() for i in sorted(self._parts))
        return Answer(response)

    def _start(self, started: ChatStarted) -> None:
        self._head.response_id = started.response_id
        self._served_by(started.provider_id, started.provider_model)

    def _served_by(self, provider_id: str, provider_model: str) -> None:
        self._head.route.provider_id = provider_id
        self._head.route.provider_model = provider_model

    def _finish(self, event: ChatEvent) -> None:
        self.finished = True
        self._head.finish_reason = event.finished.finish_reason
        for name in ("usage", "route"):
            self._head.ClearField(name)
        if event.finished.HasField("usage"):
            self._head.usage.CopyFrom(event.finished.usage)
        if event.finished.HasField("route"):
            self._head.route.CopyFrom(event.finished.route)

    def _growing(self, index: int) -> _Growing:
        return self._parts.setdefault(index, _Growing())

    @staticmethod
    def _opening(started: PartStarted) -> Delta | None:
        part = started.part
        call = part.tool_call
        shown = Delta(part.text, part.reasoning.text, call.tool_call_id, call.name, call.arguments_json)
        return shown if shown != Delta() else None

    def _growth(self, grown: PartDelta) -> Delta | None:
        match grown.WhichOneof("delta"):
            case "text":
                return Delta(text=grown.text)
            case "reasoning_text":
                return Delta(reasoning=grown.reasoning_text)
            case "arguments_json":
                call = self._growing(grown.index).part.tool_call
                return Delta(
                    tool_call_id=call.tool_call_id,
                    tool_name=call.name,
                    arguments_json=grown.arguments_json,
                )
        return None
