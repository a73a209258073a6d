"""Room 4: Gemini, Imagen and embeddings on Vertex AI, over gRPC.

google-cloud-aiplatform supplies credentials, TLS and messages; calls bypass its wrappers (`transport.py`).
Translators are pure, and the Gemini developer API shares them (`providers/gemini`).
"""

from typing import TYPE_CHECKING

from ringmain_server.catalog.capabilities import BLOCKED_DOMAINS, GOOGLE_STORAGE
from ringmain_server.providers.checks import NOBODY, refusal_of
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.lazy import Library
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.vertex import choice, light, wire
from ringmain_server.providers.vertex.channels import Access, Connections
from ringmain_server.providers.vertex.chat import Resources, translators
from ringmain_server.providers.vertex.embedding import (
    VertexEmbedContentTranslator,
    VertexPredictEmbedTranslator,
)
from ringmain_server.providers.vertex.port import VertexPort
from ringmain_server.providers.vertex.transport import VertexRequest, VertexTransport

if TYPE_CHECKING:
    from ringmain_server.config import VertexSettings

_HOST = "aiplatform.googleapis.com"
_GLOBAL = "global"
_MULTI_REGIONS = ("us", "eu")
_CONNECT = 5.0


def build(provider_id: str, settings: "VertexSettings", sessions: HttpSessions) -> Provider:
    """Builds the provider that these settings describe. It connects on the first call.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings, which name a project and a location.
        sessions: Unused, because this wire does not use the shared HTTP session.
    """
    del sessions
    location = settings.location or _GLOBAL
    token = settings.access_token.get_secret_value() if settings.access_token else None
    access = Access(
        host=settings.endpoint or host_of(location),
        insecure=settings.insecure,
        credentials_file=settings.credentials_file,
        access_token=token,
        connect_timeout=settings.timeouts.connect or _CONNECT,
    )
    secrets = (token,) if token else ()
    resources = Resources(settings.project or "", location)
    chosen = choice.choice(
        VertexPort(resources),
        translators(resources),
        choice.embeds(VertexPredictEmbedTranslator(resources)),
        choice.embeds(VertexEmbedContentTranslator(resources)),
    )
    transport = VertexTransport(provider_id, Connections(provider_id, access), secrets)
    return Provider(
        provider_id=provider_id,
        kind=settings.kind,
        transport=transport,
        translators=chosen.everything,
        # Only here a search can leave domains out, and media are read from Google's storage; at no host can a
        # search be kept to some domains.
        carries=lambda *_: choice.CARRIES | {BLOCKED_DOMAINS, GOOGLE_STORAGE},
        gives=lambda *_: choice.GIVES,
        translators_for=chosen,
        edits=choice.edits,
        check=refusal_of(transport, _refused(resources.name(NOBODY))),
        library=None if access.insecure else Library(light.load_client, provider_id),
    )


def _refused(resource: str) -> VertexRequest:
    """Returns a request that is always refused: to count no tokens, with a model that does not exist."""
    return VertexRequest(wire.CountTokensRequest(endpoint=resource, model=resource), resource)


def host_of(location: str) -> str:
    """Returns the endpoint of a location.

    https://cloud.google.com/vertex-ai/docs/general/locations
    """
    if location == _GLOBAL:
        return _HOST
    if location in _MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-{_HOST}"
