"""Room 4, pure: what a service is given to change. Nothing of it is left out without a word.

What is refused here would else be drawn as if the caller had not sent it.
"""

from ringmain.v1.image_service_pb2 import EditImagesRequest, ImageConfig

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing, MediaInvalid


def check(request: EditImagesRequest, candidate: Candidate, *, most: int = 0, masks: bool = True) -> None:
    """Refuses what the service has no place for.

    Args:
        request: What is to be changed.
        candidate: Who is asked.
        most: Most images that it takes; 0 for any number.
        masks: Whether it can be told where to change an image.

    Raises:
        MediaInvalid: There are more images.
        CapabilityMissing: There is a mask, the caller's own or that of a border to draw beyond.
    """
    if most and len(request.images) > most:
        words = f"{most} image{'s' if most > 1 else ''}"
        raise MediaInvalid.at("images", f"holds {len(request.images)}, and this provider takes {words}")
    if request.HasField("mask") and not masks:
        raise CapabilityMissing(
            candidate.name, "masks", f"{candidate.name} takes no mask: it changes images only as a whole"
        )


def described(prompt: str, config: ImageConfig) -> str:
    """The description, with the style for which the service has no field."""
    return "\n\n".join(filter(None, (prompt, config.style and f"Style: {config.style}")))
