"""Room 4, pure: reads answers of this wire, whole or in pieces, into one assembler.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#response. A whole answer and
each message of a stream have the same type, so the same code reads both and they cannot diverge.
"""

from collections.abc import Iterable

from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse, HarmRating
from ringmain.v1.content_pb2 import Media, Part
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.errors import ModelOutputInvalid, StreamBroken
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.call_ids import CallIds
from ringmain_server.providers.faults import said_nothing
from ringmain_server.providers.vertex import exact, ids, logprobs, values, wire
from ringmain_server.providers.vertex.finish import blocked, finish_reason
from ringmain_server.providers.vertex.grounding import Sources
from ringmain_server.providers.vertex.provider_tools import ID_LIMIT, ToolPart, ToolReader, tool_part
from ringmain_server.providers.vertex.ratings import ratings
from ringmain_server.providers.vertex.unknown_parts import THOUGHT, unknown_part
from ringmain_server.providers.vertex.usage import usage

_TEXT, _THOUGHT, _TOOL, _OTHER = "text", "thought", "tool", ""
_SOUND, _HTTPS = "audio/", "https://"


class VertexAnswer:
    """One answer, as far as it has been read.

    Parts keep their order: anything that comes between two texts separates them into two parts. Every part
    has the signature that it came with (https://ai.google.dev/gemini-api/docs/thought-signatures); one that
    comes in an empty text belongs to the text before it, or else to an empty text. Texts stay open until the
    end, when their citations come, and so do the provider's tools, whose results may come late.

    Args:
        provider_id: The provider that answers.
        request: The caller's request, for the estimate of the usage and for the ids of calls.
    """

    __slots__ = (
        "_counts",
        "_feedback",
        "_heard",
        "_ids",
        "_key",
        "_kind",
        "_provider_id",
        "_reason",
        "_request",
        "_response_id",
        "_said",
        "_sources",
        "_stays_open",
        "_tools",
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
        self._ids: CallIds | None = None
        self._response_id = ""
        self._said: list[tuple[int, str]] = []
        self._sources: Sources | None = None
        self._stays_open = True
        self.assembler = ChatAssembler(provider_id)
        self.final = False
        self._tools: ToolReader | None = None

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
            self._beside(candidate, message)
            if len(candidate.safety_ratings):
                self._rate(ratings(candidate.safety_ratings))
            if candidate.finish_reason:
                self._reason = candidate
            break  # another without an index is no continuation
        # The counts may come with the finish reason or in a later message; only then is the answer final.
        if self._reason is not None:
            self.final = self.final or counted
        if message.HasField("prompt_feedback"):
            self._heed(message.prompt_feedback)

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
        reason = finish_reason(self._provider_id, last.finish_reason, last.safety_ratings, self.assembler)
        if self._sources is not None:
            self._cite(self._sources)  # the reason depends on what the model said; its sources follow
        return reason

    def usage(self) -> Usage:
        """Returns the usage so far."""
        found = usage(self._counts, self._request, self.assembler.tokens, final=self.final)
        if self._tools is not None:
            found.web_search_count = self._tools.queries
        if self._sources is not None:
            found.web_search_count = self._sources.queries or found.web_search_count
        return found

    def _beside(self, candidate: wire.Candidate, message: wire.GenerateContentResponse) -> None:
        """Reads what comes beside the parts of a message: log probabilities and sources."""
        if candidate.HasField("logprobs_result") and self._said:
            self.assembler.logprobs(logprobs.tokens(candidate.logprobs_result), self._said[-1][0])
        if not (candidate.HasField("grounding_metadata") or candidate.HasField("citation_metadata")):
            return
        self._response_id = message.response_id or self._response_id
        if self._sources is None:
            self._sources = Sources(self.assembler)
        self._sources.read(candidate)

    def _heed(self, feedback: wire.PromptFeedback) -> None:
        """Reads how the prompt was rated. Once the answer has ended, it cannot have been blocked."""
        if self._reason is None:
            if feedback.block_reason:
                raise blocked(self._provider_id, feedback)
            self._feedback = feedback
        self._rate(ratings(feedback.safety_ratings, of_prompt=True))

    def _rate(self, found: Iterable[HarmRating]) -> None:
        for rating in found:
            self.assembler.rate(rating)

    def _cite(self, sources: Sources) -> None:
        """Adds the sources of the answer, whose texts are whole now."""
        for key, piece in self._said:
            sources.saw(piece, key)
        search = self._tools.search if self._tools is not None else None
        sources.finish(self._key + 1, f"search_{self._answer_id(self._response_id)}", search)

    def _part(self, part: wire.Part, message: wire.GenerateContentResponse) -> None:
        text = part.text
        if text and not part.thought:
            # Nearly every part of a stream is text, so this case comes first.
            if self._kind != _TEXT:
                self._next(_TEXT)
            self.assembler.text(text, self._key)
            self._said.append((self._key, text))
            if part.thought_signature:
                self._sign(part.thought_signature)
        elif part.thought and part.HasField("text"):
            self._think(text, part.thought_signature)
        else:
            self._rare(part, message)

    def _think(self, text: str, signature: bytes) -> None:
        if self._kind != _THOUGHT:
            self._next(_THOUGHT)
        if text:
            self.assembler.reasoning(text, self._key)
        if signature:
            self._sign(signature)

    def _rare(self, part: wire.Part, message: wire.GenerateContentResponse) -> None:
        kind = part.WhichOneof("data")
        if kind == "function_call":
            self._call(part.function_call, message)
        elif kind == "inline_data" and part.thought:
            blob = part.inline_data
            self._show(THOUGHT, Part(media=Media(mime_type=blob.mime_type, data=blob.data)))
            return
        elif kind == "inline_data":
            self._media(part.inline_data)
        elif kind == "file_data" and part.file_data.file_uri:
            self._file(part.file_data)
        elif (found := tool_part(part, kind)) is not None:
            self._tool(found, message)
            return
        elif (unknown := unknown_part(part, kind)) is not None:
            self._show(unknown.name, unknown.shown)
            return
        elif part.thought:
            self._think("", part.thought_signature)
            return
        elif part.thought_signature and self._kind != _TEXT:
            self._next(_TEXT)
            self.assembler.text("", self._key)
        if part.thought_signature:
            self._sign(part.thought_signature)

    def _call(self, call: wire.FunctionCall, message: wire.GenerateContentResponse) -> None:
        """Appends a complete tool call. Older models give it no id, so one is made here."""
        if not call.name:
            raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
        made = f"call_{self._answer_id(message.response_id)}_{self.assembler.tool_calls}"
        self._ids = self._ids or CallIds(self._request)
        self._next(_OTHER)
        found = ids.id_of(call)[:ID_LIMIT] or made
        self.assembler.tool_call(self._key, self._ids.unique(found), call.name)
        self.assembler.arguments(exact.kept(call) or values.text_of(call.args), self._key)

    def _media(self, blob: wire.Blob) -> None:
        """Appends a medium. Sound comes in pieces, which are one medium."""
        if not blob.mime_type.startswith(_SOUND):
            self._next(_OTHER)
        elif self._kind != blob.mime_type:
            self._next(blob.mime_type)
        self.assembler.media(Media(mime_type=blob.mime_type, data=blob.data), self._key)

    def _file(self, file: wire.FileData) -> None:
        """Appends a file that the provider keeps; an address that no medium may have is a text."""
        self._next(_OTHER)
        if file.file_uri.startswith(_HTTPS):
            self.assembler.media(Media(mime_type=file.mime_type, uri=file.file_uri), self._key)
        else:
            self.assembler.text(file.file_uri, self._key)

    def _show(self, name: str, shown: Part) -> None:
        """Appends what has no other place in an answer, as a tool that the provider ran."""
        self._next(_OTHER)
        self.assembler.provider_tool_call(self._key, "", name)
        self.assembler.result(shown, self._key)

    def _tool(self, part: ToolPart, message: wire.GenerateContentResponse) -> None:
        """Appends what a tool of the provider's own was asked, or what it gave."""
        if self._tools is None:
            self._tools = ToolReader(self.assembler)
        self._next(_TOOL)
        self._tools.read(part, self._key, f"tool_{self._answer_id(message.response_id)}_{self._key}")

    def _answer_id(self, response_id: str) -> str:
        """Returns what the ids of this answer that are made here have in common.

        It is the same whenever the same answer is read, and differs between the answers of a conversation.
        """
        return response_id or str(len(self._request.messages))

    def _sign(self, signature: bytes) -> None:
        """Adds a signature to the current part, which it ends."""
        self.assembler.signature(signature, self._key)
        self._kind = _OTHER

    def _next(self, kind: str) -> None:
        """Begins another part."""
        if not self._stays_open:
            self.assembler.close(self._key)
        self._key += 1
        self._kind = kind
        self._stays_open = kind in (_TEXT, _TOOL)
