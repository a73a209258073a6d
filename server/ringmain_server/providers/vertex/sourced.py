"""Room 4, pure: reads answers that may rest on what a tool found, and have log probabilities.

Only the answers to some requests can, and only those are looked through for it.
"""

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.providers.vertex import logprobs, wire
from ringmain_server.providers.vertex.answer import VertexAnswer


def answer_to(request: ChatRequest, provider_id: str) -> VertexAnswer:
    """Returns a reader for the answer to a request."""
    config = request.generation_config
    if request.tools or config.provider_options or config.HasField("top_logprobs"):
        return SourcedAnswer(provider_id, request)
    return VertexAnswer(provider_id, request)


class SourcedAnswer(VertexAnswer):
    """An answer with log probabilities, and with all kinds of sources. See `VertexAnswer`."""

    __slots__ = ()

    def usage(self) -> Usage:
        """Returns the usage so far."""
        found = super().usage()
        if self._sources is not None:
            found.web_search_count = self._sources.queries or found.web_search_count
        return found

    def _beside(self, candidate: wire.Candidate, message: wire.GenerateContentResponse) -> None:
        if candidate.HasField("logprobs_result") and self._said:
            self.assembler.logprobs(logprobs.tokens(candidate.logprobs_result), self._said[-1][0])
        if candidate.HasField("grounding_metadata") or candidate.HasField("citation_metadata"):
            self._sourced(candidate, message)
