"""Room 4, pure: reads answers of this wire, whole or in pieces, into one assembler.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#response. A whole answer and
each message of a stream have the same type, so the same code reads both and they cannot diverge.
"""

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import Media
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.errors import ModelOutputInvalid, StreamBroken
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.faults import said_nothing
from ringmain_server.providers.vertex import signatures, values, wire
from ringmain_server.providers.vertex.finish import blocked, finish_reason
from ringmain_server.providers.vertex.usage import usage

_TEXT, _THOUGHT, _OTHER = "text", "thought", ""


class VertexAnswer:
    """One answer, as far as it has been read.

    Parts keep their order: anything that comes between two texts separates them into two parts.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, for the estimate of the usage and for the ids of calls.
    """

    __slots__ = (
        "_counts",
        "_feedback",
        "_heard",
        "_key",
        "_kind",
        "_provider_id",
        "_reason",
        "_request",
        "assembler",
        "final",
    )

    def __init__(self, provider_id: str, request: ChatRequest) -> None:
        self._provider_id = provider_id
        self._request = request
        self._key = 0
        self._kind = _OTHER
        self._counts: wire.UsageMetadata | None = None
        self._feedback: wire.PromptFeedback | None = None
        self._reason: wire.Candidate | None = None
        self._heard = False
        self.assembler = ChatAssembler(provider_id)
        self.final = False

    @property
    def finished(self) -> bool:
        """Whether the model said why it stopped, or counted tokens without saying anything.

        Gemini answers some prompts with only a token count.
        """
        told = self._counts is not None or self._feedback is not None
        return self._reason is not None or (told and not self._heard)

    def read(self, message: wire.GenerateContentResponse) -> None:
        """Reads a message: a whole answer, or one message of a stream.

        Further candidates, which a caller's options may have asked for, are ignored.

        Raises:
            ContentFiltered: The prompt was blocked.
        """
        counted = message.HasField("usage_metadata")
        if counted:
            self._counts = message.usage_metadata
        for candidate in message.candidates:
            self._heard = True
            if candidate.index:
                continue
            for part in candidate.content.parts:
                self._part(part, message)
            if candidate.finish_reason:
                self._reason = candidate
        # The counts may come with the finish reason or in a later message; only then is the answer final.
        if self._reason is not None:
            self.final = self.final or counted
        elif message.HasField("prompt_feedback"):
            if message.prompt_feedback.block_reason:
                raise blocked(self._provider_id, message.prompt_feedback)
            self._feedback = message.prompt_feedback

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
            ModelOutputInvalid: The answer is empty, or cannot be used.
            StreamBroken: The answer has no end.
        """
        return self.assembler.respond(self._why(), self.usage())

    def _why(self) -> FinishReason.ValueType:
        """Returns the reason why the answer ended."""
        last = self._reason
        if last is None and self.finished:
            feedback = self._feedback
            if feedback is not None and any(rating.blocked for rating in feedback.safety_ratings):
                raise blocked(self._provider_id, feedback)
            raise said_nothing(self._provider_id)
        if last is None:
            raise StreamBroken(self._provider_id, "ended its answer without a reason to stop")
        return finish_reason(self._provider_id, last.finish_reason, last.safety_ratings, self.assembler)

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return usage(self._counts, self._request, self.assembler.tokens, final=self.final)

    def _part(self, part: wire.Part, message: wire.GenerateContentResponse) -> None:
        text = part.text
        if text and not part.thought:
            # Nearly every part of a stream is text, so this case comes first.
            if self._kind != _TEXT:
                self._next(_TEXT)
            self.assembler.text(text, self._key)
            if part.thought_signature:
                self._sign(signatures.BEFORE, part.thought_signature)
        elif part.thought:
            self._think(text, part.thought_signature)
        else:
            self._rare(part, message)

    def _think(self, text: str, signature: bytes) -> None:
        if self._kind != _THOUGHT:
            self._next(_THOUGHT)
        if text:
            self.assembler.reasoning(text, self._key)
        if signature:
            self._sign(signatures.THOUGHT, signature)

    def _rare(self, part: wire.Part, message: wire.GenerateContentResponse) -> None:
        kind = part.WhichOneof("data")
        if kind == "function_call":
            if part.thought_signature:
                self._sign(signatures.CALL, part.thought_signature)
            self._call(part.function_call, message.response_id)
            return
        place = signatures.BEFORE
        if kind == "inline_data":
            blob = part.inline_data
            self._next(_OTHER)
            self.assembler.media(Media(mime_type=blob.mime_type, data=blob.data), self._key)
        elif kind == "executable_code":
            self._tool_text(f"```python\n{part.executable_code.code}\n```\n")
        elif kind == "code_execution_result":
            self._tool_text(f"```\n{part.code_execution_result.output}\n```\n")
        elif self._kind != _TEXT:
            place = signatures.ALONE
        if part.thought_signature:
            self._sign(place, part.thought_signature)

    def _tool_text(self, text: str) -> None:
        """Appends as text what the provider's own tool ran or printed; the contract has no part for it."""
        self._next(_OTHER)
        self.assembler.text(text, self._key)

    def _call(self, call: wire.FunctionCall, response_id: str) -> None:
        """Appends a complete tool call, with an id made here, because the wire gives it none.

        The id is the same whenever the same answer is read, and differs between the answers of a
        conversation.
        """
        if not call.name:
            raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
        self._next(_OTHER)
        answer = response_id or str(len(self._request.messages))
        self.assembler.tool_call(self._key, f"call_{answer}_{self.assembler.tool_calls}", call.name)
        self.assembler.arguments(values.text_of(call.args), self._key)

    def _sign(self, place: bytes, signature: bytes) -> None:
        """Adds a signature to the current reasoning, or to a reasoning part of its own."""
        # Only reasoning carries a signature in the contract. One that belongs to a neighboring part gets a
        # reasoning part of its own, so that it can be put back in its place later.
        if self._kind != _THOUGHT or place in (signatures.BEFORE, signatures.ALONE):
            self._next(_THOUGHT)
        self.assembler.signature(place + signature, self._key)
        self._next(_OTHER)

    def _next(self, kind: str) -> None:
        """Begins another part."""
        self.assembler.close(self._key)
        self._key += 1
        self._kind = kind
