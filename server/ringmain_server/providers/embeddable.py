"""Room 4, pure: the refusal of media by models that embed text alone."""

from ringmain.v1.embedding_service_pb2 import EmbedRequest

from ringmain_server.errors import MediaInvalid


def check_text_alone(request: EmbedRequest) -> None:
    """Checks that a request to embed holds no media.

    Raises:
        MediaInvalid: It holds some.
    """
    if request.media:
        raise MediaInvalid.at("media[0]", "cannot be embedded: this model takes texts alone")
