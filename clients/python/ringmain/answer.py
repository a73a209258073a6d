"""Client: a whole answer, a growing one, and how events fold into it. Pure."""

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
    """Names the call, for `tool_result`."""
    name: str
    """The tool."""
    arguments_json: str
    """Its arguments as the model wrote them, which may be invalid."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments, parsed.

        Raises:
            ValueError: They are not a JSON object.
        """
        value = json.loads(self.arguments_json or "{}")
        if not isinstance(value, dict):
            raise ValueError(  # noqa: TRY004  the type is the model's mistake, not the caller's
                f"the arguments of {self.name} are not a JSON object"
            )
        return value


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer. `str(answer)` is its text."""

    proto: ChatResponse
    """The response as it came."""

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    @property
    def message(self) -> content_pb2.Message:
        """The turn to append to the conversation."""
        return self.proto.message

    @property
    def text(self) -> str:
        """The text, all parts of it."""
        return "".join(part.text for part in self.message.parts)

    @property
    def reasoning(self) -> str:
        """The model's reasoning, as far as the provider shows it."""
        return "".join(part.reasoning.text for part in self.message.parts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model wants to be run."""
        calls = (p.tool_call for p in self.message.parts if p.HasField("tool_call"))
        return tuple(ToolCall(c.tool_call_id, c.name, c.arguments_json) for c in calls)

    def json(self) -> Any:
        """Return the text parsed as JSON, for answers that were asked in a JSON format.

        Raises:
            ValueError: The text is no JSON: cut by `max_output_tokens`, say.
        """
        return json.loads(self.text)

    @property
    def finish_reason(self) -> str:
        """Why the model stopped: `stop`, `max_tokens`, `tool_calls`, `content_filter`, `refusal`.

        Empty if unknown.
        """
        known = FinishReason.DESCRIPTOR.values_by_number.get(self.proto.finish_reason)
        name = known.name.removeprefix("FINISH_REASON_").lower() if known else ""
        return "" if name == "unspecified" else name

    @property
    def usage(self) -> Usage:
        """What the answer consumed."""
        return self.proto.usage

    @property
    def cost_usd(self) -> float | None:
        """The price in US dollars. None when unknown, which is not the same as free."""
        return self.usage.cost_nano_usd / 1e9 if self.usage.HasField("cost_nano_usd") else None

    @property
    def route(self) -> Route:
        """How the request was served, every attempt included."""
        return self.proto.route

    @property
    def provider(self) -> str:
        """The provider that answered."""
        return self.route.provider_id

    @property
    def provider_model(self) -> str:
        """The provider's own name for the model that answered."""
        return self.route.provider_model

    @property
    def response_id(self) -> str:
        """The gateway's name for the call."""
        return self.proto.response_id


@dataclass(frozen=True, slots=True)
class Delta:
    """What a streamed answer grew by. `str(delta)` is its text."""

    text: str = ""
    """Text to append."""
    reasoning: str = ""
    """Reasoning to append."""
    tool_call_id: str = ""
    """The tool call that grew."""
    tool_name: str = ""
    """Its tool."""
    arguments_json: str = ""
    """A piece of its arguments."""
    discarded: bool = False
    """Whether everything before is void: another provider starts the answer again."""

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(slots=True)
class _Growing:
    """A part and what is to be appended to it, by the kind of delta."""

    part: content_pb2.Part = field(default_factory=content_pb2.Part)
    # Pieces are joined once: appending to a message field copies all of it every time.
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
    """Folds the events of a stream into the answer that Chat would have given."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._head = ChatResponse()
        self._parts: dict[int, _Growing] = {}
        self.finished = False

    def add(self, event: ChatEvent) -> None:
        """Take the next event. Kinds of event newer than this client are skipped."""
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
        """Return what an event, already added, shows a reader. None if nothing."""
        match event.WhichOneof("event"):
            case "part_started":
                return self._opening(event.part_started)
            case "part_delta":
                return self._growth(event.part_delta)
            case "recovered" if event.recovered.content_discarded:
                return Delta(discarded=True)
        return None

    def answer(self) -> Answer:
        """Return the answer so far, which is the whole one once `finished`."""
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
