"""Room 4, pure: reads answers that may have more than parts: sources of their text, and log probabilities.

Only the answers to some requests can have them, and only those pay for them: a text must be remembered until
its sources come at the end.
"""

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.providers.vertex import logprobs, wire
from ringmain_server.providers.vertex.answer import VertexAnswer
from ringmain_server.providers.vertex.grounding import Sources


def answer_to(request: ChatRequest, provider_id: str) -> VertexAnswer:
    """Returns a reader for the answer to a request."""
    config = request.generation_config
    if request.tools or config.provider_options or config.HasField("top_logprobs"):
        return SourcedAnswer(provider_id, request)
    return VertexAnswer(provider_id, request)


class SourcedAnswer(VertexAnswer):
    """An answer with sources and log probabilities. See `VertexAnswer`."""

    __slots__ = ("_response_id", "_sources", "_text_key")

    def __init__(self, provider_id: str, request: ChatRequest) -> None:
        super().__init__(provider_id, request)
        self._sources = Sources(self.assembler)
        self._response_id = ""
        self._text_key = 0

    def read(self, message: wire.GenerateContentResponse) -> None:
        """Reads a message. See `VertexAnswer.read`."""
        super().read(message)
        self._response_id = message.response_id or self._response_id
        for candidate in message.candidates:
            if not candidate.index:
                self._beside(candidate)

    def usage(self) -> Usage:
        """Returns the usage so far."""
        found = super().usage()
        found.web_search_count = self._sources.queries or found.web_search_count
        return found

    def _part(self, part: wire.Part, message: wire.GenerateContentResponse) -> None:
        super()._part(part, message)
        if part.text and not part.thought:
            self._text_key = self._key
            self._sources.saw(part.text, self._key)

    def _beside(self, candidate: wire.Candidate) -> None:
        """Reads what comes beside the parts of a message."""
        if candidate.HasField("logprobs_result") and self._text_key:
            self.assembler.logprobs(logprobs.tokens(candidate.logprobs_result), self._text_key)
        self._sources.read(candidate)

    def _why(self) -> FinishReason.ValueType:
        reason = super()._why()
        # The reason depends on what the model said; its sources follow.
        search = self._tools.search if self._tools is not None else None
        self._sources.finish(self._key + 1, f"search_{self._answer_id(self._response_id)}", search)
        return reason
