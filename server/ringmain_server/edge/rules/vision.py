"""Room 1, pure: rules for questions about images and documents."""

from itertools import islice

from ringmain.v1 import vision_service_pb2 as vision_pb2

from ringmain_server.edge.rules.common import Rules, found, media, mime_type, named, routing
from ringmain_server.edge.rules.generation import generation
from ringmain_server.errors import Violation

IMAGE_LIMIT = 16


def analyze(request: vision_pb2.AnalyzeImagesRequest) -> list[Violation]:
    """Returns what is wrong with a question about images."""
    return found(_analyze(request))


def _analyze(request: vision_pb2.AnalyzeImagesRequest) -> Rules:
    yield from named(request.model)
    if not request.prompt:
        yield Violation("prompt", "asks nothing")
    if not 1 <= len(request.images) <= IMAGE_LIMIT:
        yield Violation("images", f"holds {len(request.images)} images, and 1 to {IMAGE_LIMIT} are allowed")
    for index, image in enumerate(islice(request.images, IMAGE_LIMIT)):
        yield from media(image, f"images[{index}]")
    if request.HasField("generation_config"):
        yield from generation(request.generation_config)
    yield from routing(request.routing_policy)


def read_document(config: vision_pb2.ReadDocumentConfig) -> list[Violation]:
    """Returns what is wrong with the configuration of reading a document."""
    return found(_read_document(config))


def _read_document(config: vision_pb2.ReadDocumentConfig) -> Rules:
    yield from named(config.model)
    yield from mime_type(config.mime_type, "mime_type")
    if config.mode not in vision_pb2.DocumentMode.values():
        yield Violation("mode", "is unknown")
    if config.max_parallel_pages < 0:
        yield Violation("max_parallel_pages", "is negative")
    if config.first_page < 0:
        yield Violation("first_page", "is negative")
    yield from routing(config.routing_policy)
