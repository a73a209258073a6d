"""Room 4, pure: what models that embed take: texts, media and a number of dimensions."""

from ringmain.v1.embedding_service_pb2 import EmbeddingConfig, EmbedRequest

from ringmain_server.candidate import Candidate
from ringmain_server.errors import Inexpressible, MediaInvalid


def check_text_alone(request: EmbedRequest) -> None:
    """Checks that a request to embed holds no media.

    Raises:
        MediaInvalid: It holds some.
    """
    if request.media:
        raise MediaInvalid.at("media[0]", "cannot be embedded: this model takes texts alone")


def chooses_dimensions(config: EmbeddingConfig, candidate: Candidate) -> bool:
    """Whether a provider is asked for a number of dimensions: a model may have only one, and refuse to be.

    Raises:
        Inexpressible: The request chooses another than that one.
    """
    if not config.HasField("dimension_count"):
        return False
    limits = candidate.limits.embedding
    if limits is None or limits.adjustable or not limits.dimensions:
        return True
    if config.dimension_count != limits.dimensions:
        why = f"must be {limits.dimensions}, as this model has no other"
        raise Inexpressible.at("embedding_config.dimension_count", why)
    return False
