"""Room 4, pure: reads a response of OpenAI's responses wire, whole or in events, into one assembler.

https://platform.openai.com/docs/api-reference/responses/object and `/responses-streaming`. Here are the frame
of a response, its end and its usage; `responses_output.py` reads its output.
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
from ringmain_server.providers.numbers import count_of
from ringmain_server.providers.openai.chat_answer import withheld
from ringmain_server.providers.openai.chat_usage import MOST_SEARCHES, usage
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category
from ringmain_server.providers.openai.faults import INCOMPLETE, STATUSES, ending_of
from ringmain_server.providers.openai.harm_ratings import rate_response
from ringmain_server.providers.openai.responses_fields import EVENT, RESPONSE, WIRE, is_plain
from ringmain_server.providers.openai.responses_output import EVENTS, TEXT_DELTA, ResponsesOutput
from ringmain_server.providers.unknown_fields import UnknownFields
from ringmain_server.providers.wording import report_of
from ringmain_server.text.excerpt import excerpt

Object = Mapping[str, object]

_FINISHED = ("completed", "incomplete")
_BROKEN_OFF = ("failed", "cancelled")


class ResponsesAnswer:
    """One answer, as far as it has been read.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, from which missing usage is estimated.
        errors: Translates the provider's error objects.

    Attributes:
        assembler: Holds what has been read.
        ended: Whether the provider has said that the response is over.
        finished: Whether, besides, nothing that has begun is still to come.
    """

    __slots__ = (
        "_category",
        "_counts",
        "_ending",
        "_errors",
        "_number",
        "_output",
        "_provider_id",
        "_request",
        "_tool_counts",
        "_unknown",
        "assembler",
        "ended",
        "finished",
    )

    def __init__(self, provider_id: str, request: ChatRequest, errors: OpenAIErrors) -> None:
        self._provider_id = provider_id
        self._request = request
        self._errors = errors
        self._number: int | None = None
        self._counts: object = None
        self._tool_counts: object = None
        self._ending = Ending.UNKNOWN
        self._category = ""
        self._unknown = UnknownFields(WIRE, provider_id)
        self.assembler = ChatAssembler(provider_id)
        self._output = ResponsesOutput(provider_id, request, self.assembler)
        self.ended = False
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
        self._unknown.look(document, RESPONSE)
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
        if kind == TEXT_DELTA:  # nearly every event of a stream
            self._output.text_delta(document)
            if not is_plain(document):
                self._unknown.look(document, EVENT)
        elif isinstance(kind, str):
            self._unknown.look(document, EVENT)
            if (read_output := EVENTS.get(kind)) is not None:
                read_output(self._output, document)
                self.finished = self.ended and not self._output.has_open
            elif not self.ended and (end := _ENDS.get(kind)) is not None:
                end(self, document)
            elif (error := _error_of(document.get("response"))) is not None:
                raise self._errors.reported(self._provider_id, error)
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
            ModelOutputInvalid: The answer is empty and ended for no known reason, or it waits for something
                that callers cannot give it.
        """
        return self.assembler.respond(self._why(), self.usage())

    def _why(self) -> FinishReason.ValueType:
        """Returns the reason why the answer ended."""
        if self._ending.reason == FINISH_REASON_STOP and (waits := self._output.waits):
            message = f"the model asks for {excerpt(waits)}, which callers of this gateway cannot answer"
            raise ModelOutputInvalid(self._provider_id, message)
        self._output.go_on()
        if self.assembler.parts == self._output.silent:  # nothing was said
            if self._ending in (Ending.WITHHELD, Ending.REFUSAL):
                raise withheld(self._provider_id, self._category)
            if self._ending is Ending.UNKNOWN:
                raise said_nothing(self._provider_id)
        reason = self._ending.reason
        if reason == FINISH_REASON_STOP and self.assembler.tool_calls:
            reason = FINISH_REASON_TOOL_CALLS
        elif reason == FINISH_REASON_STOP and self._output.refused:
            reason = FINISH_REASON_REFUSAL
        return reason

    def usage(self) -> Usage:
        """Returns the usage so far."""
        found = usage(self._counts, self._request, self.assembler, read_name="input", written_name="output")
        found.web_search_count = self._searches()
        return found

    def _searches(self) -> int:
        """Returns the number of searches of the web: the provider's count, or else those in the output."""
        used = self._tool_counts
        counted = count_of(used.get("web_search"), "num_requests") if isinstance(used, Mapping) else None
        return self._output.searches if counted is None else min(counted, MOST_SEARCHES)

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
        self._tool_counts = response.get("tool_usage")
        rate_response(response, self.assembler)
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
        output = response.get("output")
        if not isinstance(output, list) and not self.assembler.parts:
            raise self.malformed("without any output")
        self._output.rest(output if isinstance(output, list) else ())
        # The last event repeats all items. Where it does not, the end of an item may still come.
        self.ended = True
        self.finished = bool(output) or not self._output.has_open

    def _why_incomplete(self, response: Object) -> Ending:
        self._category = _category(response)
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return ending_of(reason, INCOMPLETE) if isinstance(reason, str) else Ending.UNKNOWN

    # --- events ------------------------------------------------------------------------------------------

    def _follow(self, number: int) -> None:
        """Fails if an event's number does not follow the last one: events were lost or came out of order."""
        if self._number is not None and number != self._number + 1:
            raise StreamBroken(self._provider_id, "lost or reordered events of its stream")
        self._number = number

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

    def _document(self, data: bytes) -> Object:
        try:
            document = read(data)
        except NotJson as exc:
            raise self.malformed("what is no JSON") from exc
        if not isinstance(document, dict):
            raise self.malformed("what is no response")
        return document


def _error_of(response: object) -> object:
    """Returns the error that a response holds; None if it holds none."""
    return response.get("error") if isinstance(response, dict) else None


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


_ENDS: Mapping[str, Callable[[ResponsesAnswer, Object], None]] = {
    "response.completed": ResponsesAnswer._ended,
    "response.incomplete": ResponsesAnswer._ended,
    "response.failed": ResponsesAnswer._ended,
    "response.cancelled": ResponsesAnswer._ended,
    "error": ResponsesAnswer._failed,
}
"""The reader of each type of event that ends a stream."""
