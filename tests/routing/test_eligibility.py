"""Which candidates can serve a request."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from ringmain.v1 import chat_service_pb2 as pb
from ringmain.v1.content_pb2 import ROLE_USER
from ringmain.v1.generation_pb2 import FunctionTool, Tool, WebSearchTool
from ringmain.v1.model_service_pb2 import (
    CAPABILITY_CHAT,
    CAPABILITY_DOCUMENT,
    CAPABILITY_EMBEDDING,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_TOOLS,
    CAPABILITY_VISION,
    CAPABILITY_WEB_SEARCH,
)
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import ALLOWED_DOMAINS
from ringmain_server.errors import CapabilityMissing
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT, AnyOperation, Unary
from ringmain_server.routing.eligibility import capable

EMBED: Unary[pb.ChatRequest, object] = Unary(
    name="embed",
    capability=CAPABILITY_EMBEDDING,
    cacheable=False,
    routed=lambda request: request,
    accounted=lambda _: None,
)


@dataclass(frozen=True)
class Fake:
    """A candidate and its provider's operations."""

    candidate: Candidate
    operations: frozenset[AnyOperation] = frozenset({CHAT, STREAM_CHAT})


def fake(*capabilities: int, context: int = 0, unknown: bool = False) -> Fake:
    """A candidate that can chat and what is listed, or of which nothing is known."""
    known = None if unknown else frozenset({CAPABILITY_CHAT, *capabilities})
    return Fake(Candidate("p", "openai", "m", capabilities=known, context_tokens=context))


def plain(tokens: int = 10) -> pb.ChatRequest:
    """A text of about so many tokens."""
    request = pb.ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="x" * 4 * (tokens - 4))
    return request


def rich() -> pb.ChatRequest:
    """A request that needs vision and tools."""
    request = plain()
    request.messages[0].parts.add().media.uri = "https://example.com/cat.png"
    request.tools.append(Tool(function=FunctionTool(name="f")))
    return request


def missing(target: Sequence[Fake], request: pb.ChatRequest) -> str:
    """What a refusal names."""
    with pytest.raises(CapabilityMissing) as caught:
        capable("smart", target, CHAT, request)
    assert caught.value.metadata["model"] == "smart"
    return caught.value.metadata["capability"]


def test_a_candidate_that_lacks_what_is_needed_is_skipped() -> None:
    """Only candidates with every needed capability are left, in their order."""
    blind, seeing, both = (
        fake(CAPABILITY_TOOLS),
        fake(CAPABILITY_VISION),
        fake(CAPABILITY_VISION, CAPABILITY_TOOLS),
    )
    assert capable("m", [blind, seeing, both, blind, both], CHAT, rich()) == [both, both]
    assert capable("m", [blind, seeing], CHAT, plain()) == [blind, seeing]


def test_what_is_unknown_is_tried() -> None:
    """A candidate of which nothing is known is never skipped."""
    unknown = fake(unknown=True)
    assert capable("m", [fake(), unknown], CHAT, rich()) == [unknown]
    assert capable("m", [unknown], CHAT, rich()) == [unknown]


def searching(*domains: str) -> pb.ChatRequest:
    """A request that may search the web, or some domains of it."""
    request = plain()
    request.tools.append(Tool(web_search=WebSearchTool(allowed_domains=domains)))
    return request


def test_what_a_wire_cannot_carry_counts_for_unknown_models_too() -> None:
    """Nobody tries a model for what its provider could not even be told, whatever the model can do."""
    lacking = Candidate("p", "openai", "m", lacks=frozenset({CAPABILITY_WEB_SEARCH, ALLOWED_DOMAINS}))
    restless = Candidate("q", "gemini", "m", lacks=frozenset({ALLOWED_DOMAINS}))
    able = Candidate("r", "anthropic", "m")
    targets = [Fake(lacking), Fake(restless), Fake(able)]
    assert capable("m", targets, CHAT, plain()) == targets
    assert capable("m", targets, CHAT, rich()) == targets
    assert capable("m", targets, CHAT, searching()) == targets[1:]
    assert capable("m", targets, CHAT, searching("example.com")) == targets[2:]
    assert missing(targets[:1], searching()) == "web_search"
    restricted = searching("example.com")
    assert missing(targets[:2], restricted) == "web_search.allowed_domains"


def test_candidates_that_can_all_serve_stay_as_they_are() -> None:
    """The same list comes back where nobody is left out, so that no plan is made anew."""
    targets = [fake(CAPABILITY_TOOLS), fake(CAPABILITY_TOOLS)]
    assert capable("m", targets, CHAT, plain()) is targets


def test_a_model_that_does_not_chat_is_skipped_for_chat() -> None:
    """The operation's own capability counts, whatever else a model can do."""
    embedder = Fake(Candidate("p", "openai", "e", capabilities=frozenset({CAPABILITY_EMBEDDING})))
    assert missing([embedder], plain()) == "chat"


def test_a_refusal_names_what_every_candidate_lacks() -> None:
    """What no candidate has is named by the contract's names; else what the first one lacks."""
    assert missing([fake()], rich()) == "vision,tools"
    assert missing([fake(CAPABILITY_TOOLS), fake()], rich()) == "vision"
    assert missing([fake(CAPABILITY_TOOLS), fake(CAPABILITY_VISION)], rich()) == "vision"


def test_an_operation_that_no_provider_has_is_named() -> None:
    """A whole capability by its name; a method beside others of its capability by the operation's."""
    with pytest.raises(CapabilityMissing) as embedding:
        capable("m", [fake()], EMBED, plain())
    assert embedding.value.metadata["capability"] == "embedding"
    with pytest.raises(CapabilityMissing) as counting:
        capable("m", [fake()], COUNT_TOKENS, pb.CountTokensRequest(chat=plain()))
    assert counting.value.metadata["capability"] == "count_tokens"


def test_an_operation_that_says_nothing_needs_nothing() -> None:
    """Operations without needs and sizes of their own are served by whoever has them."""
    small, large = (
        Fake(Candidate("p", "openai", "e", context_tokens=context), frozenset({EMBED})) for context in (1, 2)
    )
    assert capable("m", [small, large], EMBED, plain(1000)) == [small, large]


ALL = (CAPABILITY_VISION, CAPABILITY_TOOLS, CAPABILITY_JSON_SCHEMA, CAPABILITY_DOCUMENT)


@pytest.mark.parametrize(
    ("contexts", "left"),
    [
        ((100, 1000), (1000,)),
        ((140, 1000), (140, 1000)),
        ((100, 0), (0,)),
        ((0, 100), (0,)),
        ((100, 100), (100, 100)),
        ((50, 100), (50, 100)),
        ((50,), (50,)),
    ],
)
def test_only_a_context_far_too_small_is_skipped(contexts: tuple[int, ...], left: tuple[int, ...]) -> None:
    """About 200 tokens skip a context of 100 while another candidate may take them, never one of 140."""
    target = [fake(*ALL, context=context) for context in contexts]
    found = capable("m", target, CHAT, plain(200))
    assert tuple(one.candidate.context_tokens for one in found) == left
