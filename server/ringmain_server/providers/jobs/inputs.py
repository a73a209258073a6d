"""Room 4, pure: checks the images that a service is to change, so that none is silently left out.

Anything refused here would otherwise be ignored, as if the caller had not sent it.
"""

from ringmain.v1.image_service_pb2 import EditImagesRequest, ImageConfig

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing, MediaInvalid


def check(request: EditImagesRequest, candidate: Candidate, *, most: int = 0, masks: bool = True) -> None:
    """Refuses inputs for which the service has no field.

    Args:
        request: The request to change images.
        candidate: The candidate that is asked.
        most: Most images that it accepts; 0 for any number.
        masks: Whether it accepts a mask.

    Raises:
        MediaInvalid: There are too many images.
        CapabilityMissing: There is a mask, either the caller's own or that of an extended border.
    """
    if most and len(request.images) > most:
        words = f"{most} image{'s' if most > 1 else ''}"
        raise MediaInvalid.at("images", f"holds {len(request.images)}, and this provider takes {words}")
    if request.HasField("mask") and not masks:
        raise CapabilityMissing(
            candidate.name, "masks", f"{candidate.name} takes no mask: it changes images only as a whole"
        )


def described(prompt: str, config: ImageConfig) -> str:
    """Returns the description, extended by the style, for which the service has no field."""
    return "\n\n".join(filter(None, (prompt, config.style and f"Style: {config.style}")))
