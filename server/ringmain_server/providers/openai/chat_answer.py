"""Room 4, pure: reads a chat completion, whole or in pieces, into one assembler.

https://platform.openai.com/docs/api-reference/chat/object and `/chat/streaming`. The `message` of a whole
answer and the `delta` of a stream have the same fields, so the same code reads both and they cannot diverge.
"""

from collections.abc import Mapping

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_REFUSAL,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    FINISH_REASON_UNSPECIFIED,
    FinishReason,
)
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.errors import (
    ContentFiltered,
    MalformedAnswer,
    ProviderError,
    StreamBroken,
)
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.faults import Ending, said_nothing
from ringmain_server.providers.json_reader import NotJson, read, read_exactly
from ringmain_server.providers.numbers import place
from ringmain_server.providers.openai import harm_ratings
from ringmain_server.providers.openai.chat_calls import ChatCalls, has_objects
from ringmain_server.providers.openai.chat_extras import FIELDS, SOURCES, ChatExtras, logprobs
from ringmain_server.providers.openai.chat_fields import ANSWER, SILENT, WIRE, is_plain
from ringmain_server.providers.openai.chat_output import audio_type
from ringmain_server.providers.openai.chat_usage import usage
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category
from ringmain_server.providers.openai.faults import ENDINGS, ending_of
from ringmain_server.providers.unknown_blocks import pass_on
from ringmain_server.providers.unknown_fields import UnknownFields
from ringmain_server.providers.wording import report_of

_REFUSAL = "refusal"
_BESIDE = SOURCES | harm_ratings.FIELDS
"""Fields of a document that say more about its answer."""


class ChatAnswer:
    """One answer, as far as it has been read.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, from which missing usage is estimated.
        errors: Translates the provider's error objects.
    """

    __slots__ = (
        "_calls",
        "_category",
        "_counts",
        "_ending",
        "_errors",
        "_extras",
        "_has_words",
        "_provider_id",
        "_refused",
        "_request",
        "_unknown",
        "assembler",
        "begun",
    )

    def __init__(self, provider_id: str, request: ChatRequest, errors: OpenAIErrors) -> None:
        self._provider_id = provider_id
        self._request = request
        self._errors = errors
        self._counts: object = None
        self._ending: Ending | None = None
        self._refused = False
        self._has_words = False
        self._category = ""
        self._extras: ChatExtras | None = None
        self._unknown: UnknownFields | None = None
        self.assembler = ChatAssembler(provider_id)
        self._calls: ChatCalls | None = None
        self.begun = False

    @property
    def finished(self) -> bool:
        """Whether the model has said why it stopped."""
        return self._ending is not None

    def document(self, data: bytes, field: str) -> None:
        """Reads a JSON document: a whole answer, or one event of a stream.

        Args:
            data: The document.
            field: The field that holds a choice's content: `message` or `delta`.

        Raises:
            ProviderError: The document is malformed, or reports an error.
        """
        try:
            document = read(data)
        except NotJson as exc:
            raise self.malformed("what is no JSON") from exc
        if not isinstance(document, dict):
            raise self.malformed("what is no completion")
        choices = document.get("choices")
        counts = document.get("usage")
        if counts is not None:
            self._counts = counts
        elif "x_groq" in document:
            self._beside(document["x_groq"])
        if not _BESIDE.isdisjoint(document):
            self._reader(field).sources(document)
            harm_ratings.rate_completion(document, self.assembler)
        error = document.get("error")
        if not choices:
            self._raise_error(document)
        is_known = field == "delta" and is_plain(document)
        if not is_known and (paths := ANSWER.unknown(document)):
            self._unknown = self._unknown or UnknownFields(WIRE, self._provider_id)
            self._unknown.add(paths)
        if choices:
            self._choose(choices, field, document, data)
            # Some servers report the error that ends a stream next to an empty choice.
            if error and self._ending is None:
                raise self._errors.reported(self._provider_id, error)

    def _raise_error(self, document: Mapping[str, object]) -> None:
        """Raises the error that a document without choices reports, if it does.

        Some servers report one without an `error` field; only before the first choice can a document be one.
        """
        error = document.get("error")
        if error is None and document.get("choices") is None and not self.begun:
            error = report_of(document)
        if error is not None:
            raise self._errors.reported(self._provider_id, error)

    def finish(self) -> list[ChatEvent]:
        """Returns the last events.

        Raises:
            ProviderError: As `response`.
        """
        reason = self._why()
        if self._extras is not None:
            self._extras.end()
        return self.assembler.finish(reason, self.usage())

    def response(self) -> ChatResponse:
        """Returns the response of a whole answer.

        Raises:
            ContentFiltered: A safety system left nothing of the answer.
            MalformedAnswer: The answer had no choice.
            ModelOutputInvalid: The answer is empty and ended for no known reason.
        """
        reason = self._why()
        if self._extras is not None:
            self._extras.end()
        return self.assembler.respond(reason, self.usage())

    def _why(self) -> FinishReason.ValueType:
        """Returns the reason why the answer ended, the same for every server.

        When the caller has named a tool, OpenAI ends with `stop` and other servers with `tool_calls`; a
        refusal always ends with `stop`.
        """
        if not self.begun:
            raise self.malformed("without any choice")
        if self._calls is not None:
            self._calls.end()
        if not self.assembler.parts:
            if self._ending in (Ending.WITHHELD, Ending.REFUSAL):
                raise withheld(self._provider_id, self._category)
            if self._ending is Ending.UNKNOWN:
                raise said_nothing(self._provider_id)
        reason = FINISH_REASON_UNSPECIFIED if self._ending is None else self._ending.reason
        if reason not in (FINISH_REASON_STOP, FINISH_REASON_UNSPECIFIED):
            return reason
        if self.assembler.tool_calls:
            return FINISH_REASON_TOOL_CALLS
        return FINISH_REASON_REFUSAL if self._refused else reason

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return usage(self._counts, self._request, self.assembler)

    def broken(self, document: bytes) -> ProviderError:
        """Returns the failure of a stream that ended early.

        Args:
            document: The bytes that the server sent in place of events; may be empty.
        """
        told = self._errors.instead(self._provider_id, document)
        return told or StreamBroken(self._provider_id, "closed the stream before its end")

    def malformed(self, what: str) -> MalformedAnswer:
        """Returns the failure of an answer that breaks the wire's rules."""
        return MalformedAnswer(self._provider_id, f"answered {what}")

    def _choose(self, choices: object, field: str, document: Mapping[str, object], data: bytes) -> None:
        """Reads the first choice and ignores others, which a caller's options may have asked for."""
        choice = choices[0] if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise self.malformed("choices of no known shape")
        index = choice.get("index")
        if index and place(index):
            return
        self.begun = True
        content = choice.get(field)
        if isinstance(content, dict):
            # OpenAI writes an empty list of annotations into every whole answer.
            has_more = not FIELDS.isdisjoint(content) and any(map(content.get, FIELDS))
            extras = self._reader(field) if has_more else None
            if extras is not None:
                extras.before_text(content)
            self._content(content, document, field, data)
            if extras is not None:
                extras.after_text(content)
        elif content is not None:
            raise self.malformed(f"a {field} of no known shape")
        if choice.get("logprobs") or "usage" in choice or "content_filter_results" in choice:
            self._about(choice)
        reason = choice.get("finish_reason")
        # Some servers write an empty reason into every chunk but the last; that is not a reason.
        if reason and isinstance(reason, str):
            self._finish_reason(reason, choice, document)

    def _reader(self, field: str) -> ChatExtras:
        """Returns the reader of what stands beside a text, which nearly no answer needs."""
        if self._extras is None:
            spoken = audio_type(self._request.generation_config, stream=field == "delta")
            self._extras = ChatExtras(self.assembler, self._provider_id, spoken)
        return self._extras

    def _beside(self, holder: object) -> None:
        """Takes the usage from another place than its own, for servers that write it only there."""
        counts = holder.get("usage") if isinstance(holder, dict) else None
        if self._counts is None and isinstance(counts, dict):
            self._counts = counts

    def _about(self, choice: Mapping[str, object]) -> None:
        """Reads what a choice says about its content."""
        self._beside(choice)  # Moonshot writes the usage here
        if tokens := list(logprobs(choice.get("logprobs"))):
            self.assembler.logprobs(tokens)
        harm_ratings.rate(choice.get("content_filter_results"), self.assembler)

    def _content(
        self, content: Mapping[str, object], document: Mapping[str, object], field: str, data: bytes
    ) -> None:
        if len(content) == 1 and isinstance(text := content.get("content"), str):
            if text:
                self.assembler.text(text)
            return
        reasoning = content.get("reasoning_content") or content.get("reasoning")
        if reasoning:
            self._has_words = True
            self.assembler.reasoning(self._string(reasoning))
        elif not self._has_words and self._extras is not None:
            self._extras.thoughts(content)
        text = content.get("content")
        if text:
            if isinstance(text, str):
                self.assembler.text(text)
            else:
                self._blocks(text, field)
        refusal = content.get("refusal")
        if refusal:
            self._refused = True
            self.assembler.text(self._string(refusal), _REFUSAL)
        calls, function = content.get("tool_calls"), content.get("function_call")
        if calls or function:
            if has_objects(calls, function):
                exact = read_exactly(data)["choices"][0][field]
                calls, function = exact.get("tool_calls"), exact.get("function_call")
            self._called(calls, function, document, field)

    def _called(self, calls: object, function: object, document: Mapping[str, object], field: str) -> None:
        if self._calls is None:
            self._calls = ChatCalls(self._provider_id, self._request, self.assembler)
        if calls:
            self._calls.read(calls, document.get("id"), whole=field == "message")
        else:
            self._calls.legacy(function, document.get("id"))

    def _blocks(self, blocks: object, field: str) -> None:
        """Reads content in blocks, as Mistral's reasoning models send it.

        https://docs.mistral.ai/capabilities/reasoning/. A block of an unknown type is read for its text, and
        without one is passed on as it is.
        """
        if not isinstance(blocks, list):
            raise self.malformed("a content of no known shape")
        for block in blocks:
            if isinstance(block, str):
                self.assembler.text(block)
                continue
            if not isinstance(block, dict):
                raise self.malformed("a content of no known shape")
            kind = block.get("type")
            if kind == "thinking":
                self._thinking(block.get("thinking"))
            elif kind == "image_url":
                self._reader(field).image(block)
            elif kind == "tool_reference":
                self._reader(field).reference(block)
            elif kind == "text" or block.get("text"):
                self.assembler.text(self._string(block.get("text")))
            elif not (isinstance(kind, str) and kind in SILENT):
                pass_on(block, ("block", self.assembler.parts), self.assembler)

    def _thinking(self, thoughts: object) -> None:
        if isinstance(thoughts, str):
            self.assembler.reasoning(thoughts)
        for thought in thoughts if isinstance(thoughts, list) else ():
            if isinstance(thought, dict):
                self.assembler.reasoning(self._string(thought.get("text", "")))

    def _finish_reason(
        self, reason: str, choice: Mapping[str, object], document: Mapping[str, object]
    ) -> None:
        ending = ENDINGS.get(reason) or ending_of(reason)
        # An ending without words is no failure.
        if ending.words and (failure := self._failure(ending, choice, document)) is not None:
            raise failure
        if self._ending is None:  # the first reason counts: a server may repeat it in later chunks
            self._ending = ending
        filtered = choice.get("content_filter_results")
        if filtered is not None and not self._category:
            self._category = content_filter_category(filtered)

    def _failure(
        self, ending: Ending, choice: Mapping[str, object], document: Mapping[str, object]
    ) -> ProviderError | None:
        if ending is Ending.SERVER_FAULT:
            error = choice.get("error") or document.get("error")
            if error is not None:
                return self._errors.reported(self._provider_id, error)
            native = choice.get("native_finish_reason")  # OpenRouter: the upstream's own reason
            if isinstance(native, str) and (broken := ending_of(native).failure(self._provider_id)):
                return broken
        return ending.failure(self._provider_id)

    def _string(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.malformed("a text of no known shape")
        return value


def is_text(document: object, text: str) -> bool:
    """Whether an event of a stream, of all that `ChatAnswer.document` reads, has nothing but this text."""
    match document:
        case {"choices": [{"delta": delta, **choice}, *_], **rest} if delta == {"content": text}:
            if any(map(choice.get, ("index", "finish_reason", "logprobs", "usage"))):
                return False
            if "x_groq" in rest or not _BESIDE.isdisjoint(rest):
                return False
            return rest.get("usage") is None and rest.get("error") is None
    return False


def withheld(provider_id: str, category: str) -> ContentFiltered:
    """Returns the failure of an answer of which a safety system left nothing."""
    message = "the provider's safety system withheld the answer"
    return ContentFiltered(provider_id, message, metadata={"category": category or "unspecified"})
