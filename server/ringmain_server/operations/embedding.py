"""Room 3: the operation of embeddings."""

from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_EMBEDDING

from ringmain_server.operations.base import Unary
from ringmain_server.operations.identity import identify
from ringmain_server.operations.needs import MEDIA_NEEDS, media_needs
from ringmain_server.operations.replay import whole

EMBED: Unary[embedding_pb2.EmbedRequest, embedding_pb2.EmbedResponse] = Unary(
    name="embed",
    capability=CAPABILITY_EMBEDDING,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=identify,
    may_need=MEDIA_NEEDS,
    needs=media_needs,
    passes_options=lambda request: bool(request.embedding_config.provider_options),
    replay=whole(embedding_pb2.EmbedResponse),
    same_model=True,
)
