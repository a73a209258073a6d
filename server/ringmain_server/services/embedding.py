"""Room 2: EmbeddingService."""

from ringmain.v1 import embedding_service_pb2 as embedding_pb2

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.operations import EMBED

SERVICE = embedding_pb2.DESCRIPTOR.services_by_name["EmbeddingService"]


class EmbeddingService:
    """Vectors from text.

    Args:
        pipeline: Answers the requests.
    """

    def __init__(self, pipeline: Backend) -> None:
        self._pipeline = pipeline

    async def Embed(self, request: embedding_pb2.EmbedRequest, call: Call) -> embedding_pb2.EmbedResponse:
        """Turns texts into vectors."""
        return await self._pipeline.call(EMBED, request, call)
