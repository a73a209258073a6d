"""Room 4, pure: reads whole answers of the Messages wire.

https://platform.claude.com/docs/en/api/messages/create documents the blocks, and
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons the stop reasons. A whole answer
holds in one piece what a stream sends in several: both feed the same `MessagesAnswer`, so that both give the
same result.
"""

from collections.abc import Hashable

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import Part
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP, FinishReason

from ringmain_server.candidate import Candidate
from ringmain_server.errors import ContentFiltered, MalformedAnswer, ModelOutputInvalid
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.anthropic import citations, reasoning, tool_calls
from ringmain_server.providers.anthropic.errors import AnthropicErrors, wire_error
from ringmain_server.providers.anthropic.faults import ENDINGS
from ringmain_server.providers.anthropic.fields import MESSAGE, WIRE
from ringmain_server.providers.anthropic.server_calls import (
    CALLS,
    HELD,
    HeldBlock,
    call_state,
    held_state,
    result_state,
)
from ringmain_server.providers.anthropic.server_results import RESULT, has_failed, results, tool_name
from ringmain_server.providers.anthropic.state import Json, objects, text
from ringmain_server.providers.anthropic.usage import Counts
from ringmain_server.providers.call_ids import CallIds
from ringmain_server.providers.faults import Ending, plainly, said_nothing
from ringmain_server.providers.json_reader import NotJson, read_exactly, written
from ringmain_server.providers.json_text import JsonText
from ringmain_server.providers.unknown_blocks import NAME_LIMIT, pass_on
from ringmain_server.providers.unknown_fields import look
from ringmain_server.providers.wording import report_of

_ANSWER = "answer"
"""The kind of a block that calls the answer tool."""
_WITH_INPUT = frozenset({"tool_use", _ANSWER})


class MessagesAnswer:
    """Collects the blocks of an answer in an assembler, whether it is whole or streamed.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, whose calls have ids, too.
        answer_tool: The tool whose input is the text of the answer; None if there is none.

    Attributes:
        assembler: Holds the parts of the answer.
        inputs: The inputs that come in pieces, by their blocks. A stream has them as the model wrote them, a
            whole answer as objects.
    """

    __slots__ = (
        "_answer_tool",
        "_answered",
        "_call_ids",
        "_cited",
        "_held",
        "_ids",
        "_kinds",
        "_provider_id",
        "_unsent",
        "assembler",
        "inputs",
    )

    def __init__(self, provider_id: str, request: chat_pb2.ChatRequest, answer_tool: str | None) -> None:
        self._provider_id = provider_id
        self._ids = CallIds(request)
        self._answer_tool = answer_tool
        self._kinds: dict[int, str] = {}
        self._unsent: dict[int, str] = {}
        self._call_ids: dict[int, str] = {}
        self._cited: dict[int, list[Json]] = {}
        self._held: dict[int, HeldBlock] = {}
        self._answered: list[str] = []
        self.inputs: dict[int, JsonText] = {}
        self.assembler = ChatAssembler(provider_id)

    def begin(self, index: int, block: Json) -> None:
        """Begins a block with the content that it already has."""
        kind = text(block, "type")
        if kind == "text":
            self.write(index, text(block, "text"))
            for raw in objects(block, "citations"):
                self.cite(index, raw)
        elif kind == "thinking":
            self.think(index, text(block, "thinking"))
            self.sign(index, text(block, "signature"))
        elif kind == "redacted_thinking":
            self.assembler.signature(reasoning.redacted(text(block, "data")), index)
        elif kind == "tool_use":
            self._begin_tool(index, block)
            kind = _ANSWER if text(block, "name") == self._answer_tool else kind
        elif kind in CALLS:
            self._begin_call(index, block)
        elif kind.endswith(RESULT):
            self._result(block)
        elif kind:
            self._held[index] = HeldBlock(block)
        self._kinds[index] = kind

    def write(self, index: int, piece: str) -> None:
        """Appends text; a part begins with the first piece that is not empty."""
        if piece:
            self.assembler.text(piece, index)

    def think(self, index: int, piece: str) -> None:
        """Appends reasoning."""
        if piece:
            self.assembler.reasoning(piece, index)

    def sign(self, index: int, signature: str) -> None:
        """Adds the signature of a reasoning block, which comes once, at its end."""
        if signature:
            self.assembler.signature(reasoning.signed(signature), index)

    def cite(self, index: int, raw: Json) -> None:
        """Adds a source of a text, possibly before the text."""
        self._cited.setdefault(index, []).append(raw)
        self.assembler.citation(citations.citation(raw), index)

    @property
    def keeps_open(self) -> bool:
        """Whether a block that is kept as it is has not ended, so that a block after it would precede it."""
        return bool(self._held)

    def hold(self, index: int, delta: Json) -> bool:
        """Appends to a block that is kept as it is; returns whether the block is one."""
        if index not in self._held:
            return False
        self._held[index].grow(delta)
        return True

    def argue(self, index: int, piece: str) -> None:
        """Appends a piece of a tool's input, which is text in the case of the answer tool."""
        if not piece or not (index in self._call_ids or self._kinds[index] in _WITH_INPUT):
            return
        self._unsent.pop(index, None)  # the pieces replace the input of the block's beginning
        self._argued(index, self.inputs.setdefault(index, JsonText()).feed(piece))

    def _argued(self, index: int, piece: str) -> None:
        if not piece:
            return
        if self._kinds[index] == _ANSWER:
            self.assembler.text(piece, index)
        else:
            self.assembler.arguments(piece, self._call_ids.get(index, index))

    def end(self, index: int) -> None:
        """Completes a block of a stream.

        A call of a tool that the provider runs stays open for its result, which is a later block.
        """
        self.complete(index)
        self.assembler.close(index)

    def complete(self, index: int) -> None:
        """Adds what is known only now that a block has grown as far as it will."""
        if index in self._unsent:  # a tool's input that never grew keeps the value it began with
            self._argued(index, self._unsent.pop(index))
        elif (grown := self.inputs.pop(index, None)) is not None:
            self._argued(index, grown.end())
        if (cited := self._cited.pop(index, None)) is not None:
            self.assembler.signature(citations.state(cited), index)
        if index in self._held:
            self._keep(index, self._held.pop(index).block())

    def finish(
        self, stop_reason: str, details: object, counts: Counts, request: chat_pb2.ChatRequest
    ) -> list[chat_pb2.ChatEvent]:
        """Completes the answer and returns its last events.

        Args:
            stop_reason: The wire's stop reason.
            details: The wire's `stop_details`.
            counts: The provider's token counts.
            request: The caller's request.

        Raises:
            ContentFiltered: The safety system refused, and nothing was written.
            ModelOutputInvalid: The answer is empty and ended for no known reason, or it cannot be used.
        """
        reason = self._why(stop_reason, details)
        return self.assembler.finish(reason, counts.usage(request, self.assembler.tokens))

    def response(
        self, stop_reason: str, details: object, counts: Counts, request: chat_pb2.ChatRequest
    ) -> chat_pb2.ChatResponse:
        """Returns the response of a whole answer. Arguments and errors are those of `finish`."""
        reason = self._why(stop_reason, details)
        return self.assembler.respond(reason, counts.usage(request, self.assembler.tokens))

    def _why(self, stop_reason: str, details: object) -> FinishReason.ValueType:
        """Returns the reason why the answer ended."""
        ending = ENDINGS.get(stop_reason) or plainly(stop_reason)
        if (failure := ending.failure(self._provider_id)) is not None:
            raise failure
        if not self.assembler.parts:
            if ending in (Ending.REFUSAL, Ending.WITHHELD):
                why = "the provider's safety system refused the request"
                category = _category(details) or "unspecified"
                raise ContentFiltered(self._provider_id, why, metadata={"category": category})
            if ending is Ending.UNKNOWN:
                raise said_nothing(self._provider_id)
        if ending in (Ending.REFUSAL, Ending.WITHHELD) and (category := _category(details)):
            self.assembler.rate(chat_pb2.HarmRating(category=category[:NAME_LIMIT], blocked=True))
        if ending is Ending.TOOL_CALLS and not self.assembler.tool_calls:
            return FINISH_REASON_STOP  # only the answer tool was called
        return ending.reason

    def _keep(self, index: int, block: Json) -> None:
        """Adds a block of no tool, or of an unknown type, as a part that is named after it."""
        kind = text(block, "type")
        if kind not in HELD:
            pass_on(block, index, self.assembler)
            return
        self.assembler.provider_tool_call(index, "", kind)
        self.assembler.signature(held_state(block), index)
        if said := text(block, "content"):
            self.assembler.result(Part(text=said), index)

    def _begin_tool(self, index: int, block: Json) -> None:
        name, call_id = text(block, "name"), text(block, "id")
        if block.get("name") == "":
            raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
        if not name or not call_id:
            raise MalformedAnswer(self._provider_id, "called a tool without a name or an id")
        # A stream begins with {} and continues in pieces, unless the input really is empty.
        self._unsent[index] = written(block.get("input", {}), spaced=True)
        if name != self._answer_tool:
            self.assembler.tool_call(index, self._ids.unique(call_id), name)
            self.assembler.signature(tool_calls.state(block), index)

    def _begin_call(self, index: int, block: Json) -> None:
        """Begins the call of a tool that the provider runs."""
        name, call_id = text(block, "name"), text(block, "id")
        if not name or not call_id:
            raise MalformedAnswer(self._provider_id, "ran a tool without a name or an id")
        self._unsent[index] = written(block.get("input", {}), spaced=True)
        self._call_ids[index] = call_id
        self.assembler.provider_tool_call(call_id, call_id, tool_name(name))
        self.assembler.signature(call_state(block), call_id)

    def _result(self, block: Json) -> None:
        """Adds the result of a tool that the provider ran, perhaps in an earlier turn."""
        call_id = text(block, "tool_use_id")
        if not call_id:
            raise MalformedAnswer(self._provider_id, "gave the result of a tool without the id of its call")
        at, order = self.assembler.parts, len(self._answered)
        # A second result of a call is a part of its own, like one whose call was in an earlier turn.
        key: Hashable = (call_id, order) if call_id in self._answered else call_id
        if not self.assembler.has(key):
            name = tool_name(text(block, "type").removesuffix(RESULT))
            self.assembler.provider_tool_call(key, call_id, name)
        for part in results(block):
            self.assembler.result(part, key)
        if has_failed(block):
            self.assembler.failed(key)
        self.assembler.signature(result_state(block, at, order), key)
        self.assembler.close(key)
        self._answered.append(call_id)


def response(
    raw: bytes,
    request: chat_pb2.ChatRequest,
    candidate: Candidate,
    answer_tool: str | None,
    errors: AnthropicErrors,
) -> chat_pb2.ChatResponse:
    """Returns the response of a whole answer.

    Args:
        raw: The body, unchanged.
        request: The caller's request.
        candidate: The candidate that answers.
        answer_tool: The tool whose input is the text of the answer; None if there is none.
        errors: Translates an error that came in place of an answer.

    Raises:
        ProviderError: The answer is malformed, an error under status 200, or an empty refusal.
    """
    provider_id = candidate.provider_id
    body = parse(raw, provider_id)
    if body.get("type") == "error" or ("content" not in body and report_of(body) is not None):
        raise errors.reported(provider_id, wire_error(body))
    look(WIRE, provider_id, body, MESSAGE)
    content, stop_reason = body.get("content"), body.get("stop_reason")
    if not isinstance(content, list) or not isinstance(stop_reason, str) or not stop_reason:
        raise MalformedAnswer(provider_id, "answered without content or without a reason to stop")
    answer = MessagesAnswer(provider_id, request, answer_tool)
    for index, block in enumerate(blocks_of(content, provider_id)):
        answer.begin(index, block)
        answer.complete(index)
    counts = Counts(candidate)
    counts.update(body.get("usage"))
    return answer.response(stop_reason, body.get("stop_details"), counts, request)


def blocks_of(content: object, provider_id: str) -> list[Json]:
    """Returns the blocks of a message.

    Raises:
        MalformedAnswer: They are no list of objects.
    """
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise MalformedAnswer(provider_id, "answered with a block that is no object")
    return content


def parse(raw: bytes, provider_id: str) -> Json:
    """Returns a JSON object of the wire, with whole numbers of any size, which tools' arguments may have.

    Args:
        raw: The document, unchanged.
        provider_id: The provider that sent it.

    Raises:
        MalformedAnswer: The document is not a JSON object.
    """
    try:
        found = read_exactly(raw)
    except NotJson as exc:
        raise MalformedAnswer(provider_id, "answered something that is not JSON") from exc
    if not isinstance(found, dict):
        raise MalformedAnswer(provider_id, "answered JSON that is no object")
    return found


def _category(details: object) -> str:
    """Returns the policy that refused, as the provider names it; empty if it names none."""
    return text(details, "category") if isinstance(details, dict) else ""
