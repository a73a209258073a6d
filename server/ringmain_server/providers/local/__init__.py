"""Room 4: the operations of this process, without any provider: it enlarges images with a filter.

`local/lanczos` keeps edges sharp; `local/bicubic` is slightly softer and faster. Both cost nothing.
"""

from typing import TYPE_CHECKING

from ringmain.v1.model_service_pb2 import CAPABILITY_IMAGE_UPSCALING

from ringmain_server.operations import UPSCALE_IMAGE
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.local.transport import LocalTransport
from ringmain_server.providers.local.upscale import METHODS, LocalUpscaleTranslator

if TYPE_CHECKING:
    from ringmain_server.config import LocalSettings
    from ringmain_server.media.workers import MediaWorkers
    from ringmain_server.providers.sessions import HttpSessions

_UPSCALES = frozenset({CAPABILITY_IMAGE_UPSCALING})


def build(
    provider_id: str, settings: "LocalSettings", sessions: "HttpSessions", workers: "MediaWorkers"
) -> Provider:
    """Builds the provider that stands for this process.

    Args:
        provider_id: The provider's name in the configuration.
        settings: Unused.
        sessions: Unused, because there is no network.
        workers: The threads that process images.
    """
    del settings, sessions
    return Provider(
        provider_id,
        "local",
        LocalTransport(workers),
        {UPSCALE_IMAGE: LocalUpscaleTranslator()},
        models=METHODS,
        capabilities=_capabilities,
    )


def _capabilities(model: str) -> frozenset[int] | None:
    return _UPSCALES if model in METHODS else None
