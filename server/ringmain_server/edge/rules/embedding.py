"""Room 1, pure: rules for embeddings."""

from itertools import islice

from ringmain.v1 import embedding_service_pb2 as embedding_pb2

from ringmain_server.edge.rules.common import Rules, found, media
from ringmain_server.edge.rules.options import options
from ringmain_server.edge.rules.spending import spending
from ringmain_server.errors import Violation

INPUT_LIMIT = 2048
"""The most texts and media together."""
_SHOWN = 10
"""The most empty texts that are reported one by one."""


def embed(request: embedding_pb2.EmbedRequest) -> list[Violation]:
    """Returns what is wrong with a request for embeddings."""
    return found(_embed(request))


def _embed(request: embedding_pb2.EmbedRequest) -> Rules:
    yield from spending(request)
    count = len(request.texts) + len(request.media)
    if not 1 <= count <= INPUT_LIMIT:
        field = "media" if request.media and not request.texts else "texts"
        yield Violation(field, f"holds {count} texts and media, and 1 to {INPUT_LIMIT} are allowed")
    empty = (index for index, text in enumerate(islice(request.texts, INPUT_LIMIT)) if not text)
    for index in islice(empty, _SHOWN):
        yield Violation(f"texts[{index}]", "is empty")
    for index, one in enumerate(islice(request.media, INPUT_LIMIT)):
        yield from media(one, f"media[{index}]")
    # A purpose from a newer contract is ignored, like one that a model does not support.
    config = request.embedding_config
    if config.HasField("dimension_count") and config.dimension_count < 1:
        yield Violation("embedding_config.dimension_count", "is not at least 1")
    yield from options(config.provider_options, "embedding_config.provider_options")
