"""Room 4, pure: reads a response of OpenAI's responses wire, whole or in events, into one assembler.

https://platform.openai.com/docs/api-reference/responses/object and `/responses-streaming`. A response is a
list of items: messages, reasoning, calls. A stream announces each item, sends it in deltas, and ends it with
the item as it would appear in a whole response. Anything that did not come in deltas is read from there, so
the same code reads both and they cannot diverge.
"""

from collections.abc import Callable, Mapping

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_REFUSAL,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    FinishReason,
)
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.errors import MalformedAnswer, ModelOutputInvalid, ProviderError, StreamBroken
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.faults import Ending, said_nothing
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.numbers import place
from ringmain_server.providers.openai.chat_answer import withheld
from ringmain_server.providers.openai.chat_usage import usage
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category
from ringmain_server.providers.openai.faults import INCOMPLETE, STATUSES, ending_of
from ringmain_server.providers.openai.responses_reasoning import signature
from ringmain_server.providers.wording import report_of

Object = Mapping[str, object]

_TEXT_DELTA = "response.output_text.delta"
_FINISHED = ("completed", "incomplete")
_BROKEN_OFF = ("failed", "cancelled")
_BETWEEN = "\n\n"
"""Separator of the sections of one reasoning item."""


class ResponsesAnswer:
    """One answer, as far as it has been read.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, from which missing usage is estimated.
        errors: Translates the provider's error objects.
    """

    __slots__ = (
        "_argued",
        "_category",
        "_counts",
        "_done",
        "_ending",
        "_errors",
        "_number",
        "_provider_id",
        "_refused",
        "_request",
        "_sections",
        "assembler",
        "finished",
    )

    def __init__(self, provider_id: str, request: ChatRequest, errors: OpenAIErrors) -> None:
        self._provider_id = provider_id
        self._request = request
        self._errors = errors
        self._number: int | None = None
        self._done: set[int] = set()
        self._argued: set[int] = set()
        self._sections: dict[int, object] = {}
        self._counts: object = None
        self._ending = Ending.UNKNOWN
        self._refused = False
        self._category = ""
        self.assembler = ChatAssembler(provider_id)
        self.finished = False

    def whole(self, data: bytes) -> None:
        """Reads a whole response.

        Raises:
            ProviderError: The response is malformed, unfinished, or reports an error.
        """
        document = self._document(data)
        status = document.get("status")
        if status is None and "output" not in document and (report := report_of(document)) is not None:
            raise self._errors.reported(self._provider_id, report)
        self._end(document, status if isinstance(status, str) and status else "completed")

    def event(self, data: bytes) -> None:
        """Reads one event of a stream; events of unknown types are skipped.

        Raises:
            ProviderError: The event is malformed, out of order, or reports an error.
        """
        document = self._document(data)
        kind = document.get("type")
        number = document.get("sequence_number")
        if type(number) is int and number >= 0:
            self._follow(number)
        if kind == _TEXT_DELTA:  # nearly every event of a stream
            self._text_delta(document)
        elif isinstance(kind, str):
            read = _READERS.get(kind)
            if read is not None:
                read(self, document)
        elif (report := report_of(document)) is not None:
            raise self._errors.reported(self._provider_id, report)
        else:
            raise self.malformed("what is no event")

    def finish(self) -> list[ChatEvent]:
        """Returns the last events.

        Raises:
            ProviderError: As `response`.
        """
        return self.assembler.finish(self._why(), self.usage())

    def response(self) -> ChatResponse:
        """Returns the response of a whole answer.

        Raises:
            ContentFiltered: A safety system left nothing of the answer.
            ModelOutputInvalid: The answer is empty and ended for no known reason.
        """
        return self.assembler.respond(self._why(), self.usage())

    def _why(self) -> FinishReason.ValueType:
        """Returns the reason why the answer ended."""
        # Each entry of `_sections` is a part of reasoning, so an equal number means that nothing was said.
        if self.assembler.parts == len(self._sections):
            if self._ending in (Ending.WITHHELD, Ending.REFUSAL):
                raise withheld(self._provider_id, self._category)
            if self._ending is Ending.UNKNOWN:
                raise said_nothing(self._provider_id)
        reason = self._ending.reason
        if reason == FINISH_REASON_STOP and self.assembler.tool_calls:
            reason = FINISH_REASON_TOOL_CALLS
        elif reason == FINISH_REASON_STOP and self._refused:
            reason = FINISH_REASON_REFUSAL
        return reason

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return usage(self._counts, self._request, self.assembler, read_name="input", written_name="output")

    def broken(self, document: bytes = b"") -> ProviderError:
        """Returns the failure of a stream that ended early.

        Args:
            document: The bytes that the server sent in place of events; may be empty.
        """
        told = self._errors.instead(self._provider_id, document)
        return told or StreamBroken(self._provider_id, "closed the stream before its end")

    def malformed(self, what: str) -> MalformedAnswer:
        """Returns the failure of an answer that breaks the wire's rules."""
        return MalformedAnswer(self._provider_id, f"answered {what}")

    # --- the whole ---------------------------------------------------------------------------------------

    def _end(self, response: Object, status: object) -> None:
        """Reads the status and usage of a response, and its items if no event has brought them."""
        self._counts = response.get("usage")
        error = response.get("error")
        if error is not None:
            raise self._errors.reported(self._provider_id, error)
        ending = STATUSES.get(status) if isinstance(status, str) else None
        why = self._why_incomplete(response)
        # A filter may end a response as failed; that is not the server's fault.
        if status in _BROKEN_OFF and why is Ending.WITHHELD:
            raise withheld(self._provider_id, self._category)
        failure = None if ending is None else ending.failure(self._provider_id)
        if failure is not None:
            raise failure
        if status not in _FINISHED or ending is None:
            raise self.malformed("what is not finished")
        self._ending = ending if status == "completed" and why is not Ending.WITHHELD else why
        failure = self._ending.failure(self._provider_id)
        if failure is not None:
            raise failure
        # After events, the last one repeats all items: only a whole response is read from its output.
        if not self._done:
            self._output(response.get("output"))
        self.finished = True

    def _output(self, output: object) -> None:
        if isinstance(output, list):
            for index, item in enumerate(output):
                self._item(index, item)
        elif not self.assembler.parts:
            raise self.malformed("without any output")

    def _why_incomplete(self, response: Object) -> Ending:
        self._category = _category(response)
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return ending_of(reason, INCOMPLETE) if isinstance(reason, str) else Ending.UNKNOWN

    # --- items, as they stand in a whole response and at the end of their events ---------------------------

    def _item(self, index: int, item: object) -> None:
        """Reads the parts of an item that did not come in deltas; items of unknown types are skipped."""
        if not isinstance(item, dict):
            raise self.malformed("an item of no known shape")
        if index in self._done:
            return
        self._done.add(index)
        kind = item.get("type")
        if kind == "message":
            for position, part in enumerate(self._list(item.get("content"))):
                self._message_part((index, position), part)
        elif kind == "reasoning":
            self._reasoning_item(index, item)
        elif kind == "function_call":
            self._begin_call(index, item)
            if index not in self._argued:  # no delta brought the arguments
                self._arguments(index, item.get("arguments"))
            self.assembler.close(("call", index))

    def _message_part(self, key: tuple[int, int], part: object) -> None:
        if not isinstance(part, dict):
            raise self.malformed("a content of no known shape")
        kind = part.get("type")
        if kind == "refusal":
            self._refused = True
        if kind in ("output_text", "refusal") and not self.assembler.has(key):
            self._text(key, part.get("refusal" if kind == "refusal" else "text"))
        self.assembler.close(key)

    def _reasoning_item(self, index: int, item: Object) -> None:
        key = ("reasoning", index)
        if not self.assembler.has(key):
            for field in ("summary", "content"):
                for position, part in enumerate(self._list(item.get(field) or [])):
                    text = part.get("text") if isinstance(part, dict) else None
                    self._reasoning(index, (field, position), text)
        state = signature(item)
        if state:
            self._sections.setdefault(index, None)
            self.assembler.signature(state, key)
        self.assembler.close(key)

    def _begin_call(self, index: int, item: Object) -> None:
        key = ("call", index)
        if self.assembler.has(key):
            return
        name = item.get("name")
        if name == "":
            raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
        if not isinstance(name, str):
            raise self.malformed("a tool call without a name")
        # If the server gives no id, one is made up, so that results can be linked.
        call_id = item.get("call_id") or f"call_{item.get('id')}_{self.assembler.tool_calls}"
        self.assembler.tool_call(key, self._string(call_id), name)

    # --- pieces ------------------------------------------------------------------------------------------

    def _text(self, key: tuple[int, int], piece: object) -> None:
        text = self._string(piece)
        if text:
            self.assembler.text(text, key)

    def _reasoning(self, index: int, section: object, piece: object) -> None:
        text = self._string(piece)
        if not text:
            return
        if self._sections.setdefault(index, section) != section:
            self._sections[index] = section
            self.assembler.reasoning(_BETWEEN, ("reasoning", index))
        self.assembler.reasoning(text, ("reasoning", index))

    def _arguments(self, index: int, piece: object) -> None:
        text = self._string(piece)
        if not self.assembler.has(("call", index)):
            raise self.malformed("the arguments of a tool call that never began")
        if text:
            self._argued.add(index)
            self.assembler.arguments(text, ("call", index))

    # --- events ------------------------------------------------------------------------------------------

    def _follow(self, number: int) -> None:
        """Fails if an event's number does not follow the last one: events were lost or came out of order."""
        if self._number is not None and number != self._number + 1:
            raise StreamBroken(self._provider_id, "lost or reordered events of its stream")
        self._number = number

    def _text_delta(self, event: Object) -> None:
        key = (self._position(event, "output_index"), self._position(event, "content_index"))
        self._text(key, event.get("delta"))

    def _refusal_delta(self, event: Object) -> None:
        self._refused = True
        self._text_delta(event)

    def _summary_delta(self, event: Object) -> None:
        section = ("summary", self._position(event, "summary_index"))
        self._reasoning(self._position(event, "output_index"), section, event.get("delta"))

    def _content_delta(self, event: Object) -> None:
        section = ("content", self._position(event, "content_index"))
        self._reasoning(self._position(event, "output_index"), section, event.get("delta"))

    def _arguments_delta(self, event: Object) -> None:
        self._arguments(self._position(event, "output_index"), event.get("delta"))

    def _item_added(self, event: Object) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            raise self.malformed("an item of no known shape")
        if item.get("type") == "function_call":
            self._begin_call(self._position(event, "output_index"), item)

    def _item_done(self, event: Object) -> None:
        self._item(self._position(event, "output_index"), event.get("item"))

    def _ended(self, event: Object) -> None:
        response = event.get("response")
        if not isinstance(response, dict):
            raise self.malformed("a response of no known shape")
        self._end(response, str(event["type"]).removeprefix("response."))

    def _failed(self, event: Object) -> None:
        """Raises the reported error.

        OpenAI documents a flat error event and also sends one that holds the error object.
        """
        error = event.get("error")
        raise self._errors.reported(self._provider_id, event if error is None else error)

    # --- shapes ------------------------------------------------------------------------------------------

    def _document(self, data: bytes) -> Object:
        try:
            document = read(data)
        except NotJson as exc:
            raise self.malformed("what is no JSON") from exc
        if not isinstance(document, dict):
            raise self.malformed("what is no response")
        return document

    def _string(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.malformed("a text of no known shape")
        return value

    def _list(self, value: object) -> list[object]:
        if not isinstance(value, list):
            raise self.malformed("a content of no known shape")
        return value

    def _position(self, event: Object, name: str) -> int:
        value = place(event.get(name))
        if value is None:
            raise self.malformed("an event that does not say what it belongs to")
        return value


def _category(response: Object) -> str:
    """Returns what Azure's content filter matched.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
    """
    filters = response.get("content_filters")
    found = [
        content_filter_category(one.get("content_filter_results"))
        for one in (filters if isinstance(filters, list) else ())
        if isinstance(one, dict)
    ]
    return ",".join(filter(None, found))


_READERS: Mapping[str, Callable[[ResponsesAnswer, Object], None]] = {
    "response.refusal.delta": ResponsesAnswer._refusal_delta,
    "response.reasoning_summary_text.delta": ResponsesAnswer._summary_delta,
    "response.reasoning_text.delta": ResponsesAnswer._content_delta,
    "response.function_call_arguments.delta": ResponsesAnswer._arguments_delta,
    "response.output_item.added": ResponsesAnswer._item_added,
    "response.output_item.done": ResponsesAnswer._item_done,
    "response.completed": ResponsesAnswer._ended,
    "response.incomplete": ResponsesAnswer._ended,
    "response.failed": ResponsesAnswer._ended,
    "response.cancelled": ResponsesAnswer._ended,
    "error": ResponsesAnswer._failed,
}
"""The reader of each type of event. Beginnings and ends of contents only repeat what items and deltas say."""
