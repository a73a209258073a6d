"""Room 4: what this process does by itself, without any provider: enlarging images with a filter.

`local/lanczos` keeps edges sharp, `local/bicubic` is a little softer and quicker. Both cost nothing.
"""

from typing import TYPE_CHECKING

from ringmain.v1.model_service_pb2 import CAPABILITY_IMAGE_UPSCALING

from ringmain_server.operations import UPSCALE_IMAGE
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.local.transport import LocalTransport
from ringmain_server.providers.local.upscale import METHODS, UpscaleTranslator

if TYPE_CHECKING:
    from ringmain_server.config import LocalSettings
    from ringmain_server.media.workers import MediaWorkers
    from ringmain_server.providers.sessions import HttpSessions

_UPSCALES = frozenset({CAPABILITY_IMAGE_UPSCALING})


def build(
    provider_id: str, settings: "LocalSettings", sessions: "HttpSessions", workers: "MediaWorkers"
) -> Provider:
    """The process itself as a provider.

    Args:
        provider_id: Its name in the configuration.
        settings: Nothing in them matters here.
        sessions: There is no network.
        workers: Where images are worked on.
    """
    del settings, sessions
    return Provider(
        provider_id,
        "local",
        LocalTransport(workers),
        {UPSCALE_IMAGE: UpscaleTranslator()},
        models=METHODS,
        capabilities=_capabilities,
    )


def _capabilities(model: str) -> frozenset[int] | None:
    return _UPSCALES if model in METHODS else None
