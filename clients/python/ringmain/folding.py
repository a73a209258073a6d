"""Client: the fold of a stream's events into an answer. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ringmain.answer import Answer
from ringmain.v1 import content_pb2
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatFinished,
    ChatResponse,
    ChatStarted,
    PartDelta,
    PartStarted,
)


class Delta(NamedTuple):
    """A piece by which a streamed answer grew. `str(delta)` is its text."""

    text: str = ""
    """Text to append."""
    reasoning: str = ""
    """Reasoning to append."""
    tool_call_id: str = ""
    """The id of the tool call that grew, which the caller is to run."""
    tool_name: str = ""
    """The name of the called tool."""
    arguments_json: str = ""
    """A piece of the tool call's arguments, to append."""
    discarded: bool = False
    """Whether everything before is void, because another provider starts the answer again."""
    provider_tool_call: content_pb2.ProviderToolCall | None = None
    """A call by the provider of its own tool: its id and name, and pieces to append."""
    citation: content_pb2.Citation | None = None
    """A source of the text. It may come before the text that it is about."""
    media: content_pb2.Media | None = None
    """A piece of an image or of speech: its media type, and bytes to append."""

    def __str__(self) -> str:
        """Returns the text."""
        return self.text


_NOTHING: Final = Delta()


class _Growing:
    """A part of an answer, and the pieces to append to its text, arguments, bytes and signature.

    The pieces are joined once at the end, because each append to a field of a message would copy the field.
    What repeats is appended to the part at once.
    """

    __slots__ = ("arguments", "data", "part", "reasoning", "signature", "text")

    def __init__(self, opening: content_pb2.Part | None = None) -> None:
        self.part = content_pb2.Part()
        if opening is not None:
            self.part.CopyFrom(opening)
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.arguments: list[str] = []
        self.data: list[bytes] = []
        self.signature: list[bytes] = []

    @property
    def ran_by_provider(self) -> bool:
        return self.part.HasField("provider_tool_call")

    def append(self, delta: PartDelta) -> None:
        match delta.WhichOneof("delta"):
            case "text":
                self.text.append(delta.text)
            case "reasoning_text":
                self.reasoning.append(delta.reasoning_text)
            case "arguments_json":
                self.arguments.append(delta.arguments_json)
            case "signature":
                self.signature.append(delta.signature)
            case "data":
                self.data.append(delta.data)
            case kind:
                self._append_message(kind, delta)
        if delta.logprobs:
            self.part.logprobs.extend(delta.logprobs)
        if delta.provider_id:
            self.part.provider_id = delta.provider_id

    def _append_message(self, kind: str | None, delta: PartDelta) -> None:
        match kind:
            case "citation":
                self.part.citations.append(delta.citation)
            case "result":
                self.part.provider_tool_call.results.append(delta.result)
            case "failed":
                self.part.provider_tool_call.failed = delta.failed

    def whole(self) -> content_pb2.Part:
        part = content_pb2.Part()
        part.CopyFrom(self.part)
        if self.text:
            part.text += "".join(self.text)
        if self.reasoning:
            part.reasoning.text += "".join(self.reasoning)
        if self.arguments:
            call = part.provider_tool_call if self.ran_by_provider else part.tool_call
            call.arguments_json += "".join(self.arguments)
        if self.data:
            part.media.data += b"".join(self.data)
        if self.signature:
            part.signature += b"".join(self.signature)
        return part


class Fold:
    """A fold of a stream's events into the answer that Chat would have returned."""

    def __init__(self) -> None:
        """Starts without events."""
        self._head = ChatResponse()
        self._parts: dict[int, _Growing] = {}
        self.finished = False

    def add(self, event: ChatEvent) -> None:
        """Takes the next event. Kinds of events and deltas that this client does not know are skipped."""
        match event.WhichOneof("event"):
            case "part_delta":
                grown = event.part_delta
                self._growing(grown.index).append(grown)
            case "started":
                self._start(event.started)
            case "part_started":
                self._parts[event.part_started.index] = _Growing(event.part_started.part)
            case "recovered":
                self._served_by(event.recovered.provider_id, event.recovered.provider_model)
                if event.recovered.content_discarded:
                    self._parts.clear()
            case "finished":
                self._finish(event.finished)

    def delta(self, event: ChatEvent) -> Delta | None:
        """Returns the delta of an event that was already added, or None if the event has nothing to show."""
        match event.WhichOneof("event"):
            case "part_delta":
                return self._growth(event.part_delta)
            case "part_started":
                return _opening(event.part_started)
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

    def _finish(self, finished: ChatFinished) -> None:
        self.finished = True
        self._head.finish_reason = finished.finish_reason
        for name in ("usage", "route", "safety_ratings"):
            self._head.ClearField(name)
        self._head.safety_ratings.extend(finished.safety_ratings)
        if finished.HasField("usage"):
            self._head.usage.CopyFrom(finished.usage)
        if finished.HasField("route"):
            self._head.route.CopyFrom(finished.route)

    def _growing(self, index: int) -> _Growing:
        found = self._parts.get(index)
        if found is None:
            found = self._parts[index] = _Growing()
        return found

    def _growth(self, grown: PartDelta) -> Delta | None:
        match grown.WhichOneof("delta"):
            case "text":
                return Delta(grown.text)
            case "reasoning_text":
                return Delta(reasoning=grown.reasoning_text)
            case "arguments_json":
                return self._more_arguments(grown)
            case "result":
                return Delta(provider_tool_call=self._provider_call(grown.index, results=[grown.result]))
            case "failed":
                return Delta(provider_tool_call=self._provider_call(grown.index, failed=grown.failed))
            case "citation":
                return Delta(citation=grown.citation)
            case "data":
                mime_type = self._growing(grown.index).part.media.mime_type
                return Delta(media=content_pb2.Media(mime_type=mime_type, data=grown.data))
        return None

    def _more_arguments(self, grown: PartDelta) -> Delta:
        growing = self._growing(grown.index)
        if growing.ran_by_provider:
            added = self._provider_call(grown.index, arguments_json=grown.arguments_json)
            return Delta(provider_tool_call=added)
        call = growing.part.tool_call
        return Delta(tool_call_id=call.tool_call_id, tool_name=call.name, arguments_json=grown.arguments_json)

    def _provider_call(
        self,
        index: int,
        *,
        arguments_json: str = "",
        results: Sequence[content_pb2.Part] = (),
        failed: bool = False,
    ) -> content_pb2.ProviderToolCall:
        call = self._growing(index).part.provider_tool_call
        return content_pb2.ProviderToolCall(
            tool_call_id=call.tool_call_id,
            name=call.name,
            arguments_json=arguments_json,
            results=results,
            failed=failed,
        )


def _opening(started: PartStarted) -> Delta | None:
    part = started.part
    match part.WhichOneof("content"):
        case "text":
            shown = Delta(part.text)
        case "reasoning":
            shown = Delta(reasoning=part.reasoning.text)
        case "tool_call":
            call = part.tool_call
            shown = Delta("", "", call.tool_call_id, call.name, call.arguments_json)
        case "provider_tool_call":
            shown = Delta(provider_tool_call=part.provider_tool_call)
        case "media":
            shown = Delta(media=part.media)
        case _:
            return None
    return shown if shown != _NOTHING else None
