"""Room 4: Gemini at the developer API, with an API key.

Requests go through the shared session (https://ai.google.dev/api). The translators are those of Vertex AI
(`docs/decisions/0010-gemini-shares-the-vertex-wire.md`).
"""

import platform
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from ringmain_server.kinds import KINDS
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.gemini.chat import translators
from ringmain_server.providers.gemini.embedding import GeminiEmbedTranslator
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.gemini.port import GeminiPort
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.vertex import choice

if TYPE_CHECKING:
    from ringmain_server.config import GeminiSettings

_VERSION = "v1beta"
"""The version with everything that the translators write; v1 lacks thinking, tools and images."""
_CONNECT = 5.0
_OURS = metadata.version("ringmain-server")


def build(provider_id: str, settings: "GeminiSettings", sessions: HttpSessions) -> Provider:
    """Builds the provider that these settings describe.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings.
        sessions: Supplies the shared HTTP session.
    """
    own = {name: value.get_secret_value() for name, value in settings.headers.items()}
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    errors = GeminiErrors(tuple(filter(None, (key, *own.values()))))

    def connect() -> HttpTransport:
        endpoint = settings.base_url or KINDS[settings.kind].base_url or ""
        base_url = f"{endpoint.rstrip('/')}/{_VERSION}"
        headers = {**_headers(key), **own}
        timeout = settings.timeouts.connect or _CONNECT
        return HttpTransport(provider_id, sessions, base_url, headers, errors, timeout)

    transport = LazyTransport(connect, provider_id)
    embedding = choice.embeds(GeminiEmbedTranslator(errors))
    chosen = choice.choice(GeminiPort(errors), translators(errors), embedding, embedding)
    return Provider(
        provider_id,
        settings.kind,
        transport,
        chosen.everything,
        carries=lambda *_: choice.CARRIES,
        gives=lambda *_: choice.GIVES,
        translators_for=chosen,
        edits=choice.edits,
        check=partial(transport.check, "/models?pageSize=1"),
        library=transport,
    )


def _headers(key: str) -> dict[str, str]:
    """Returns the headers of every request: its type, the client, and the key if there is one.

    https://google.aip.dev/client-libraries has the form of `x-goog-api-client`.
    """
    asking = f"gl-python/{platform.python_version()} ringmain/{_OURS}"
    headers = {"content-type": "application/json", "x-goog-api-client": asking}
    return {**headers, "x-goog-api-key": key} if key else headers
