"""Room 4, pure: what a caller passes through to a service as it is."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.candidate import Candidate


def plain_options(config: ImageConfig, candidate: Candidate) -> Mapping[str, Any]:
    """The provider options of a candidate's kind; whole numbers are integers, which JSON alone cannot say."""
    if candidate.kind not in config.provider_options:
        return {}
    found = MessageToDict(config.provider_options[candidate.kind])
    return {name: _whole(value) for name, value in found.items()}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
