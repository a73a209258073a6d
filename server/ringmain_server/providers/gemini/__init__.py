"""Room 4: Gemini by key, at the developer API.

google-genai knows the endpoint, the version of the API and its headers; requests go through the shared
session. The translators are those of Vertex AI (`docs/decisions/0010-gemini-shares-the-vertex-wire.md`).
"""

from functools import partial
from typing import TYPE_CHECKING

from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.gemini.chat import translators
from ringmain_server.providers.gemini.embedding import EmbedTranslator
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.gemini.port import GeminiPort
from ringmain_server.providers.http import FixedHeaders, HttpTransport
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.vertex import choice

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

_CONNECT = 5.0


def build(provider_id: str, settings: "ProviderSettings", sessions: HttpSessions) -> Provider:
    """The provider of these settings.

    Args:
        provider_id: Its name in the configuration.
        settings: Its settings.
        sessions: Where the shared session is.
    """
    own = {name: value.get_secret_value() for name, value in settings.headers.items()}
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    errors = GeminiErrors(tuple(filter(None, (key, *own.values()))))

    def connect() -> HttpTransport:
        base_url, headers = _endpoint(settings.base_url, key)
        credentials = FixedHeaders({**headers, **own})
        timeout = settings.timeouts.connect or _CONNECT
        return HttpTransport(provider_id, sessions, base_url, credentials, errors, timeout)

    transport = LazyTransport(connect, provider_id)
    embedding = choice.embeds(EmbedTranslator(errors))
    chosen = choice.choice(GeminiPort(errors), translators(errors), embedding, embedding)
    return Provider(
        provider_id,
        settings.kind,
        transport,
        chosen.everything,
        translators_for=chosen,
        edits=choice.edits,
        check=partial(transport.check, "/models?pageSize=1"),
    )


def _endpoint(base_url: str | None, key: str) -> tuple[str, dict[str, str]]:
    """Where the API is, and the headers that it wants, by the official client.

    The client is asked once and thrown away: what it knows stands in its options, which it has no public
    name for.
    """
    from google.genai import Client  # at the first use: it costs as much as the rest of the gateway
    from google.genai.types import HttpOptions

    options = HttpOptions(base_url=base_url) if base_url else None
    client = Client(vertexai=False, api_key=key or "none", http_options=options)
    found = client._api_client._http_options
    headers = {
        name: value for name, value in (found.headers or {}).items() if key or name != "x-goog-api-key"
    }
    return f"{(found.base_url or '').rstrip('/')}/{found.api_version}", headers
