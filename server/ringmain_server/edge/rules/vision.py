"""Room 1, pure: rules for questions about images and documents."""

from itertools import islice

from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.content_pb2 import ImageDetail
from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.edge.rules.common import Rules, found, media, mime_type
from ringmain_server.edge.rules.generation import generation
from ringmain_server.edge.rules.spending import spending
from ringmain_server.errors import Violation

IMAGE_LIMIT = 16
_MARKDOWN = "cannot be chosen, because a page is Markdown"


def analyze(request: vision_pb2.AnalyzeImagesRequest) -> list[Violation]:
    """Returns what is wrong with a question about images."""
    return found(_analyze(request))


def _analyze(request: vision_pb2.AnalyzeImagesRequest) -> Rules:
    yield from spending(request)
    if not request.prompt:
        yield Violation("prompt", "asks nothing")
    if not 1 <= len(request.images) <= IMAGE_LIMIT:
        yield Violation("images", f"holds {len(request.images)} images, and 1 to {IMAGE_LIMIT} are allowed")
    for index, image in enumerate(islice(request.images, IMAGE_LIMIT)):
        yield from media(image, f"images[{index}]")
    if request.image_detail not in ImageDetail.values():
        yield Violation("image_detail", "is unknown")
    if request.HasField("generation_config"):
        yield from generation(request.generation_config)


def read_document(config: vision_pb2.ReadDocumentConfig) -> list[Violation]:
    """Returns what is wrong with the configuration of reading a document."""
    return found(_read_document(config))


def _read_document(config: vision_pb2.ReadDocumentConfig) -> Rules:
    yield from spending(config)
    yield from mime_type(config.mime_type, "mime_type")
    if config.mode not in vision_pb2.DocumentMode.values():
        yield Violation("mode", "is unknown")
    if config.first_page < 0:
        yield Violation("first_page", "is negative")
    if config.HasField("generation_config"):
        yield from _page(config.generation_config)


def _page(config: GenerationConfig) -> Rules:
    """Checks the configuration for a page, which is Markdown whatever is asked."""
    yield from generation(config)
    if config.HasField("response_format"):
        yield Violation("generation_config.response_format", _MARKDOWN)
    if config.output_modalities:
        yield Violation("generation_config.output_modalities", _MARKDOWN)
