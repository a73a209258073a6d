"""Room 3: the operation of embeddings."""

from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_EMBEDDING

from ringmain_server.operations.base import Unary


def _identify(response: embedding_pb2.EmbedResponse, response_id: str) -> None:
    response.response_id = response_id


EMBED: Unary[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse] = Unary(
    name="embed",
    capability=CAPABILITY_EMBEDDING,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=_identify,
    same_model=True,
)
