"""Tests of the choice between chat completions and responses."""

from collections.abc import AsyncIterator

import pytest
from ringmain_server.catalog.capabilities import ALLOWED_DOMAINS, BLOCKED_DOMAINS
from ringmain_server.catalog.knobs import USUAL_KNOBS
from ringmain_server.config import OpenAISettings
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai import build
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import StreamTranslator, UnaryTranslator

from tests.candidates import known_candidate
from tests.providers.openai.golden import ASKED


@pytest.fixture
async def sessions() -> AsyncIterator[HttpSessions]:
    """Sessions that are closed at the end."""
    shared = HttpSessions()
    yield shared
    await shared.close()


def provider(sessions: HttpSessions, **settings: object) -> Provider:
    """A provider with these settings, whose upstream nobody asks."""
    given = {"kind": "openai", "base_url": "http://127.0.0.1:1/v1", "api_key": "sk-x", **settings}
    return build("up", OpenAISettings.model_validate(given), sessions)


def path(made: Provider, model: str) -> str:
    """Where a model of this provider is asked."""
    candidate = known_candidate("up", made.kind, model)
    assert made.translators_for is not None
    translators = made.translators_for(candidate)
    assert translators.keys() == made.translators.keys()
    whole, streamed = translators[CHAT], translators[STREAM_CHAT]
    assert isinstance(whole, UnaryTranslator)
    assert isinstance(streamed, StreamTranslator)
    paths = {one.request(ASKED, candidate).path for one in (whole, streamed)}
    assert len(paths) == 1
    return str(paths.pop())


@pytest.mark.parametrize(
    ("kind", "wire", "model", "expected"),
    [
        ("openai", "auto", "gpt-4o-mini", "/chat/completions"),
        ("openai", "auto", "o3-pro", "/responses"),
        ("openai", "auto", "o3-pro-2025-06-10", "/responses"),
        ("openai", "auto", "nobody-knows-it", "/chat/completions"),
        ("openai", "chat", "o3-pro", "/chat/completions"),
        ("openai", "responses", "gpt-4o-mini", "/responses"),
        ("azure", "auto", "o3-pro", "/chat/completions"),
        ("azure", "responses", "o3-pro", "/responses"),
        ("vllm", "auto", "o3-pro", "/chat/completions"),
        ("vllm", "responses", "gpt-oss-20b", "/responses"),
    ],
)
async def test_the_wire_of_a_model(
    sessions: HttpSessions, kind: str, wire: str, model: str, expected: str
) -> None:
    """The settings choose the wire, and the catalog where they leave it open."""
    assert path(provider(sessions, kind=kind, wire=wire), model) == expected


async def test_deployments_have_one_address_for_responses(sessions: HttpSessions) -> None:
    """On Azure's dated API only chat completions name the deployment in the path."""
    dated = {"kind": "azure", "api_version": "2025-04-01-preview"}
    assert path(provider(sessions, **dated, wire="responses"), "mine") == "/responses"
    assert path(provider(sessions, **dated), "mine") == "/deployments/mine/chat/completions"


@pytest.mark.parametrize(("kind", "blocks"), [("openai", True), ("azure", False), ("vllm", False)])
async def test_domains_are_blocked_where_that_is_known(
    sessions: HttpSessions, kind: str, blocks: bool
) -> None:
    """Allowed domains are in every Responses API; blocked ones go only where they are known to be kept."""
    carried = provider(sessions, kind=kind, wire="responses").carries("gpt-5", USUAL_KNOBS)
    assert ALLOWED_DOMAINS in carried
    assert (BLOCKED_DOMAINS in carried) is blocks
