"""Room 1, pure: rules for embeddings."""

from itertools import islice

from ringmain.v1 import embedding_service_pb2 as embedding_pb2

from ringmain_server.edge.rules.common import Rules, found, named, routing
from ringmain_server.errors import Violation

TEXT_LIMIT = 2048
_SHOWN = 10
"""The most empty texts that are reported one by one."""


def embed(request: embedding_pb2.EmbedRequest) -> list[Violation]:
    """Returns what is wrong with a request for embeddings."""
    return found(_embed(request))


def _embed(request: embedding_pb2.EmbedRequest) -> Rules:
    yield from named(request.model)
    if not 1 <= len(request.texts) <= TEXT_LIMIT:
        yield Violation("texts", f"holds {len(request.texts)} texts, and 1 to {TEXT_LIMIT} are allowed")
    empty = (index for index, text in enumerate(islice(request.texts, TEXT_LIMIT)) if not text)
    for index in islice(empty, _SHOWN):
        yield Violation(f"texts[{index}]", "is empty")
    # A purpose from a newer contract is ignored, like one that a model does not support.
    if request.HasField("dimension_count") and request.dimension_count < 1:
        yield Violation("dimension_count", "is not at least 1")
    yield from routing(request.routing_policy)
