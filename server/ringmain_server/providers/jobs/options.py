"""Room 4, pure: reads the options that a caller passes through to a service unchanged."""

from collections.abc import Mapping

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.candidate import Candidate
from ringmain_server.providers import structs


def plain_options(config: ImageConfig, candidate: Candidate) -> Mapping[str, object]:
    """Returns the provider options of a candidate's kind."""
    if candidate.kind not in config.provider_options:
        return {}
    return structs.read_object(config.provider_options[candidate.kind])
