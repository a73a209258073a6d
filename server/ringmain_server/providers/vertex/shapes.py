"""Room 4, pure: writes the shape and size of a drawn image as these models expect it.

https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api: one of a few ratios, and for
some models a size grade.
"""

import math
import re
from collections.abc import Sequence

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.candidate import Candidate
from ringmain_server.media import sizes

_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
"""The ratios of a model of which nothing is known."""
_PIXELS = {"512": 1 << 18, "1K": 1 << 20, "2K": 1 << 22, "4K": 1 << 24}
"""The approximate number of pixels of each size grade."""
_SIZE = re.compile(r"(\d+)x(\d+)")


def ratio(config: ImageConfig, candidate: Candidate) -> str:
    """Returns the nearest ratio that the model has; empty if none was requested."""
    return sizes.choose(_ratios(candidate), size=config.size, aspect_ratio=config.aspect_ratio).value


def grade(config: ImageConfig, candidate: Candidate) -> str:
    """Returns the nearest size grade that the model has; empty if it has none or none was requested."""
    known = candidate.limits.image
    found = _SIZE.fullmatch(config.size)
    if found is None or known is None or not known.grades:
        return ""
    wanted = math.log(int(found[1]) * int(found[2]))
    return min(known.grades, key=lambda one: abs(math.log(_PIXELS[one]) - wanted))


def _ratios(candidate: Candidate) -> Sequence[str]:
    known = candidate.limits.image
    if known is not None and known.ratios:
        return known.ratios
    return _RATIOS
