"""Room 3: the operations that the gateway composes of others. No provider has a translator for them."""

from dataclasses import dataclass
from typing import IO

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT, CAPABILITY_IMAGE_CLASSIFICATION

from ringmain_server.operations.base import Accounted, Streamed, Unary
from ringmain_server.operations.replay import essence, streamed, whole


@dataclass(slots=True, eq=False)
class DocumentUpload:
    """A document to read, which came in several messages.

    Attributes:
        config: The caller's wishes.
        file: The bytes of the document.
        digest: Their hash, if a repeat has to be recognized; otherwise that of nothing.
        taken: Whether a reader has begun, which closes the file.
    """

    config: vision_pb2.ReadDocumentConfig
    file: IO[bytes]
    digest: bytes = b""
    taken: bool = False


def _document_accounted(event: vision_pb2.ReadDocumentEvent) -> Accounted | None:
    return event.finished if event.HasField("finished") else None


READ_DOCUMENT: Streamed[DocumentUpload, vision_pb2.ReadDocumentEvent] = Streamed(
    name="read_document",
    capability=CAPABILITY_CHAT,
    cacheable=False,
    routed=lambda upload: upload.config,
    started=lambda _call, _candidate, _first: (),
    accounted=_document_accounted,
    may_hold_media=lambda _: False,
    replay=streamed(
        vision_pb2.ReadDocumentEvent,
        request_id=lambda upload: upload.config.request_id,
        essence=lambda upload: essence(upload.config, upload.digest),
    ),
)

INSPECT_IMAGE: Unary[image_pb2.InspectImageRequest, image_pb2.InspectImageResponse] = Unary(
    name="inspect_image",
    capability=CAPABILITY_IMAGE_CLASSIFICATION,
    cacheable=False,
    routed=lambda request: request,
    accounted=lambda response: response,
    replay=whole(image_pb2.InspectImageResponse),
)
