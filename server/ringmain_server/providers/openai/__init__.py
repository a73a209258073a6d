"""Room 4: OpenAI, and every server that speaks its wire format.

The official SDK supplies the credentials and the endpoint. Chat requests bypass it and go through the shared
session (`transport.py`). Translators are pure. How the servers differ is in the rows of their kinds
(`kinds/table.py`). There are two wires, chat completions and responses; each candidate uses one of them
(`wires.py`). Images, embeddings, speech and moderation have their own endpoints, which not every server has.
"""

from functools import partial
from typing import TYPE_CHECKING

from ringmain_server.kinds import openai_kind
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.openai.azure import uses_deployments
from ringmain_server.providers.openai.chat import ChatWire, OpenAIChatTranslator, OpenAIStreamChatTranslator
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.media import media_translators
from ringmain_server.providers.openai.wires import Wires
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import Translators

if TYPE_CHECKING:
    from ringmain_server.config import OpenAISettings
    from ringmain_server.kinds.openai import Dialect
    from ringmain_server.providers.openai.sdk import Token
    from ringmain_server.providers.pictures import WithPictures


def build(
    provider_id: str,
    settings: "OpenAISettings",
    sessions: HttpSessions,
    *,
    token: "Token | None" = None,
) -> Provider:
    """Builds the provider that these settings describe.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings; their kind is one of OpenAI's wire.
        sessions: Supplies the shared HTTP session.
        token: Makes the bearer token of each request, for credentials that expire.
    """
    secrets = [value.get_secret_value() for value in settings.headers.values()]
    if settings.api_key is not None:
        secrets.append(settings.api_key.get_secret_value())
    errors = OpenAIErrors(tuple(secrets))
    kind = openai_kind(settings.kind)
    deployments = uses_deployments(settings)
    media = media_translators(kind.endpoints, errors, deployments=deployments)

    def chat(dialect: "Dialect") -> Translators:
        wire = ChatWire(dialect, errors, deployments=deployments)
        return {CHAT: OpenAIChatTranslator(wire), STREAM_CHAT: OpenAIStreamChatTranslator(wire), **media}

    def responses(dialect: "Dialect") -> Translators:
        # Imported where a candidate speaks it, so that the sandbox alone stays small.
        from ringmain_server.providers.openai.responses import ResponsesTranslator, StreamResponsesTranslator

        whole, streamed = ResponsesTranslator(dialect, errors), StreamResponsesTranslator(dialect, errors)
        return {CHAT: whole, STREAM_CHAT: streamed}

    transport = LazyTransport(partial(_connect, provider_id, settings, sessions, errors, token), provider_id)
    wires = Wires(settings.wire, chat, responses, kind)
    return Provider(
        provider_id=provider_id,
        kind=settings.kind,
        transport=transport,
        translators=chat(kind.dialect),
        carries=wires.carries,
        gives=wires.gives,
        translators_for=wires,
        check=partial(transport.check, kind.check),
        library=transport,
    )


def _connect(
    provider_id: str,
    settings: "OpenAISettings",
    sessions: HttpSessions,
    errors: OpenAIErrors,
    token: "Token | None",
) -> "WithPictures":
    # Imported late: translators need no SDK, and the sandbox uses them without it.
    from ringmain_server.providers.openai.transport import make_transport

    return make_transport(provider_id, settings, sessions, errors, token)
