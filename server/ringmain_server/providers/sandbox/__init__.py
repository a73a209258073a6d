"""Room 4: the sandbox, a provider without network, key or model. `docs/sandbox.md` says what it does."""

from typing import TYPE_CHECKING

from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT

from ringmain_server.catalog.capabilities import CHAT_FEATURES
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai.chat import ChatTranslator, ChatWire, StreamChatTranslator
from ringmain_server.providers.openai.dialects import Dialect
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.sandbox.models import MODELS
from ringmain_server.providers.sandbox.transport import SandboxTransport
from ringmain_server.providers.sandbox.upstream import Pace, Upstream, interval, seconds

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings
    from ringmain_server.providers.sessions import HttpSessions

__all__ = ["MODELS", "build"]

_DIALECT = Dialect(
    max_tokens="max_completion_tokens",
    top_k="top_k",
    reasoning_back="reasoning_content",
    documents=True,
    audio=True,
)


def build(provider_id: str, settings: "ProviderSettings", sessions: "HttpSessions") -> Provider:
    """The sandbox under a name; its translators and its error map are those of the OpenAI wire."""
    del sessions  # there is no network
    pace = Pace(seconds(settings.first_token_ms), interval(settings.tokens_per_second))
    upstream = Upstream(pace, settings.seed)
    errors = OpenAIErrors()
    wire = ChatWire(_DIALECT, errors)
    transport = SandboxTransport(provider_id, upstream, errors)
    translators = {CHAT: ChatTranslator(wire), STREAM_CHAT: StreamChatTranslator(wire)}
    return Provider(
        provider_id,
        "sandbox",
        transport,
        translators,
        models=tuple(MODELS),
        capabilities=CHAT_FEATURES | {CAPABILITY_CHAT},
    )
