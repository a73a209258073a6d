"""What a gateway says of its models, from configuration and catalog; and what it does with it."""

from importlib import metadata
from typing import Any, cast

import pytest
from ringmain import errors
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import model_service_pb2 as pb
from ringmain.v1 import model_service_pb2_grpc as model_grpc
from ringmain.v1.content_pb2 import ROLE_USER
from ringmain_server.contract import CONTRACT_VERSION

from tests.e2e.gateway import Gateway, ask, gateway, health_names
from tests.fakes import pictures

OPENAI = {"kind": "openai", "api_key": "sk-x"}
ELSEWHERE = {**OPENAI, "base_url": "http://127.0.0.1:9/v1"}
PNG = pictures.saved(pictures.scene(), "PNG")
ALL_OF_GPT_4O = [
    pb.CAPABILITY_CHAT,
    pb.CAPABILITY_VISION,
    pb.CAPABILITY_DOCUMENT,
    pb.CAPABILITY_TOOLS,
    pb.CAPABILITY_JSON_SCHEMA,
]


async def names(ringmain: Gateway, *capabilities: str) -> set[str]:
    """The names of every model that can all of this."""
    return {model.model async for model in ringmain.client.models(capabilities)}


async def configured(ringmain: Gateway, *capabilities: str) -> set[str]:
    """The names that are not the sandbox's own, which can do everything."""
    return {name for name in await names(ringmain, *capabilities) if not name.startswith("sandbox/")}


def look(model: str) -> chat_pb2.ChatRequest:
    """A request with a picture."""
    request = chat_pb2.ChatRequest(model=model)
    request.messages.add(role=ROLE_USER).parts.add().media.data = PNG
    return request


async def test_a_known_model_shows_what_the_catalog_knows() -> None:
    """Capabilities, context and output limit of a model without configuration come from the catalog."""
    async with gateway({"providers": {"up": ELSEWHERE}}) as ringmain:
        model = await ringmain.client.model("up/gpt-4o-2024-08-06")
    assert list(model.capabilities) == ALL_OF_GPT_4O
    assert model.candidates[0].context_token_count == 128_000
    assert model.candidates[0].max_output_token_count == 16_384


async def test_configuration_wins_over_the_catalog() -> None:
    """An operator's word counts; what only chats can be given implies chat."""
    told = {"capabilities": ["vision"], "context_tokens": 5, "max_output_tokens": 6}
    models = {"m": {"candidates": [{"provider": "up", "model": "gpt-4o", **told}]}}
    async with gateway({"providers": {"up": ELSEWHERE}, "models": models}) as ringmain:
        model = await ringmain.client.model("m")
    assert list(model.capabilities) == [pb.CAPABILITY_CHAT, pb.CAPABILITY_VISION]
    found = model.candidates[0]
    assert (found.context_token_count, found.max_output_token_count) == (5, 6)


async def test_a_model_can_what_every_candidate_can() -> None:
    """Capabilities are those that all candidates share; an unknown model shares what its provider serves."""
    models = {
        "both": {"candidates": ["up/gpt-4o", "up/gpt-4"]},
        "partly": {"candidates": ["up/gpt-4o", "up/our-own"]},
    }
    async with gateway({"providers": {"up": ELSEWHERE}, "models": models}) as ringmain:
        both = await ringmain.client.model("both")
        partly = await ringmain.client.model("partly")
    assert list(both.capabilities) == [pb.CAPABILITY_CHAT, pb.CAPABILITY_TOOLS]
    assert list(partly.capabilities) == [pb.CAPABILITY_CHAT]
    assert partly.candidates[1].context_token_count == 0


async def test_a_models_end_is_that_of_its_last_candidate() -> None:
    """The catalog's dates and an operator's own are told; a candidate without an end keeps its model."""
    sandbox = {"provider": "sandbox", "model": "chat"}
    mine = {**sandbox, "retire_date": "2028-01-01", "replaced_by": "echo"}
    models = {
        "both": {"candidates": ["openai/gpt-4o", mine], "replaced_by": "one"},
        "one": {"candidates": ["openai/gpt-4o", sandbox]},
        "own": {"candidates": [{"provider": "openai", "model": "gpt-4o", "retire_date": "2026-12-24"}]},
    }
    async with gateway({"providers": {"openai": OPENAI, "up": ELSEWHERE}, "models": models}) as ringmain:
        found = {name: await ringmain.client.model(name) for name in models}
        direct = await ringmain.client.model("openai/gpt-5-mini")
        elsewhere = await ringmain.client.model("up/gpt-5-mini")
    assert {name: (one.retire_date, one.replaced_by) for name, one in found.items()} == {
        "both": ("2028-01-01", "one"),
        "one": ("", ""),
        "own": ("2026-12-24", ""),
    }
    first, second = found["both"].candidates
    assert (first.retire_date, first.replaced_by) == ("2027-01-14", "gpt-6-luna")
    assert (second.retire_date, second.replaced_by) == ("2028-01-01", "echo")
    assert (direct.retire_date, direct.replaced_by) == ("2026-12-11", "openai/gpt-6.1-terra")
    assert (elsewhere.retire_date, elsewhere.replaced_by) == ("", "")


SEARCH, CODE = pb.CAPABILITY_WEB_SEARCH, pb.CAPABILITY_CODE_EXECUTION
HEAR, SPEAK, DRAW = pb.CAPABILITY_AUDIO_INPUT, pb.CAPABILITY_AUDIO_OUTPUT, pb.CAPABILITY_IMAGE_OUTPUT
CLAUDE, GEMINI = {"kind": "anthropic", "api_key": "k"}, {"kind": "gemini", "api_key": "k"}
VERTEX = {"kind": "vertex", "project": "p", "location": "global", "insecure": True, "endpoint": "127.0.0.1:9"}
AZURE = {**OPENAI, "kind": "azure", "base_url": "http://127.0.0.1:9/openai/v1"}


@pytest.mark.parametrize(
    ("provider", "model", "features"),
    [
        (CLAUDE, "claude-sonnet-5", {SEARCH, CODE}),
        ({**CLAUDE, "platform": "vertex", "project": "p", "location": "l"}, "claude-sonnet-5", {SEARCH}),
        ({**CLAUDE, "platform": "bedrock", "location": "l"}, "claude-sonnet-5", set()),
        (OPENAI, "gpt-5.5", {SEARCH, CODE, DRAW}),
        (OPENAI, "gpt-5.1", set()),
        ({**OPENAI, "wire": "responses"}, "gpt-5.1", {SEARCH, CODE, DRAW}),
        ({**OPENAI, "wire": "chat"}, "gpt-5.5", set()),
        (OPENAI, "gpt-audio", {HEAR, SPEAK}),
        ({**OPENAI, "wire": "responses"}, "gpt-audio", {SEARCH, CODE, DRAW}),
        (AZURE, "gpt-5.1", set()),
        ({**AZURE, "wire": "responses"}, "gpt-5.1", set()),
        ({"kind": "groq", "api_key": "k"}, "openai/gpt-oss-20b", set()),
        ({"kind": "openrouter", "api_key": "k"}, "openai/gpt-5.1", {SEARCH}),
        ({"kind": "openrouter", "api_key": "k"}, "google/gemini-3-pro-image", {DRAW}),
        (GEMINI, "gemini-3.8-flash", {SEARCH, CODE, HEAR}),
        (VERTEX, "gemini-3.8-flash", {SEARCH, CODE, HEAR}),
        (GEMINI, "gemini-3-pro-image", {DRAW}),
        ({"kind": "sandbox"}, "chat", {SEARCH, CODE, HEAR, SPEAK, DRAW}),
    ],
)
async def test_what_of_a_chat_not_every_wire_carries(
    provider: dict[str, object], model: str, features: set[int]
) -> None:
    """Tools that a provider runs come with its wire; audio and images are what model and wire both can."""
    async with gateway({"providers": {"up": provider}}) as ringmain:
        found = await ringmain.client.model(f"up/{model}")
    assert set(found.capabilities) & {SEARCH, CODE, HEAR, SPEAK, DRAW} == features


async def test_what_a_wire_cannot_carry_is_refused_whatever_the_model() -> None:
    """A web search never reaches a provider whose wire has none: it would answer without searching."""
    request = ask("up/unheard-of")
    request.tools.add().web_search.SetInParent()
    models = {"m": {"candidates": [{"provider": "up", "model": "x", "capabilities": ["chat", "web_search"]}]}}
    async with gateway({"providers": {"up": ELSEWHERE}, "models": models}) as ringmain:
        for name in ("up/unheard-of", "m"):
            request.model = name
            with pytest.raises(errors.RingmainError) as caught:
                await ringmain.client.chat(request)
            assert caught.value.reason == "CAPABILITY_MISSING"
            assert caught.value.metadata["capability"] == "web_search"


async def test_a_vendors_current_models_are_listed_where_its_provider_serves_them() -> None:
    """With a key alone the vendor's models are listed, but not those that no operation here is for."""
    async with gateway({"providers": {"openai": OPENAI, "up": ELSEWHERE}}) as ringmain:
        found = await names(ringmain)
        embedder = await ringmain.client.model("openai/text-embedding-3-small")
    assert {"openai/gpt-6.1-sol", "openai/gpt-4o-mini"} <= found
    # Once embeddings are served here, the embedding model is listed.
    assert ("openai/text-embedding-3-small" in found) == bool(embedder.capabilities)
    assert not {name for name in found if name.startswith("up/")}


async def test_models_are_found_by_capability() -> None:
    """A list is filtered by everything that a model must be able to do."""
    models = {"new": {"candidates": ["up/gpt-4o"]}, "old": {"candidates": ["up/gpt-4"]}}
    async with gateway({"providers": {"up": ELSEWHERE}, "models": models}) as ringmain:
        assert await configured(ringmain, "tools") == {"new", "old"}
        assert await configured(ringmain, "tools", "vision") == {"new"}
        assert await configured(ringmain, "reasoning") == set()


async def test_a_request_that_no_candidate_can_serve_is_refused_by_name() -> None:
    """A picture for a model known to be blind is refused before its provider is asked."""
    async with gateway({"providers": {"up": ELSEWHERE}}) as ringmain:
        with pytest.raises(errors.RingmainError) as caught:
            await ringmain.client.chat(look("up/gpt-4"))
    assert caught.value.reason == "CAPABILITY_MISSING"
    assert caught.value.metadata["model"] == "up/gpt-4"
    assert caught.value.metadata["capability"] == "vision"


async def test_a_candidate_that_cannot_serve_a_request_is_skipped() -> None:
    """The picture goes to the next candidate at once, and the route shows one attempt."""
    config = {
        "providers": {"up": ELSEWHERE, "sandbox": {"kind": "sandbox"}},
        "models": {"m": {"candidates": ["up/gpt-4", "sandbox/chat"]}},
    }
    async with gateway(config) as ringmain:
        answer = await ringmain.stub.Chat(look("m"))
    assert [attempt.provider_id for attempt in answer.route.attempts] == ["sandbox"]


async def test_the_longest_answer_is_known_for_an_estimate() -> None:
    """What a request may cost at most follows from the output limit; who cannot serve it does not count."""
    models = {"m": {"candidates": ["up/gpt-4", "up/gpt-4o"]}}
    async with gateway({"providers": {"up": ELSEWHERE}, "models": models}) as ringmain:
        plain = await ringmain.stub.EstimateCost(chat_pb2.EstimateCostRequest(chat=ask("up/gpt-4o")))
        seen = await ringmain.stub.EstimateCost(chat_pb2.EstimateCostRequest(chat=look("m")))
    # 16,384 tokens at 10 dollars a million, and the little that is asked
    assert 163_840_000 < plain.max_cost_nano_usd < 164_000_000
    assert 163_840_000 < seen.max_cost_nano_usd < 168_000_000


async def test_an_unknown_capability_is_what_no_model_has() -> None:
    """A caller of a newer contract finds nothing instead of being refused, whatever else it asks for."""
    async with gateway() as ringmain:
        stub: Any = model_grpc.ModelServiceStub(ringmain.channel)
        for unknown in (0, 99):
            request = pb.ListModelsRequest(capabilities=[pb.CAPABILITY_CHAT, unknown])  # type: ignore[list-item]
            assert not (await stub.ListModels(request)).models


async def server_info(ringmain: Gateway) -> pb.GetServerInfoResponse:
    """What the gateway says of itself."""
    stub: Any = model_grpc.ModelServiceStub(ringmain.channel)
    return cast("pb.GetServerInfoResponse", await stub.GetServerInfo(pb.GetServerInfoRequest()))


async def test_a_server_says_what_it_is() -> None:
    """Versions, the services of the callers' port, and the limits that the operator set."""
    config = {
        "server": {"max_receive_bytes": "8MiB", "default_deadline": "90s"},
        "media": {"max_image_bytes": "3MiB", "max_document_bytes": "5MiB", "max_recording_bytes": "4MiB"},
    }
    async with gateway(config) as ringmain:
        info = await server_info(ringmain)
        listed = await health_names(ringmain.channel)
    assert info.version == metadata.version("ringmain-server")
    assert info.contract_version == CONTRACT_VERSION
    assert set(info.services) == listed - {"", "readiness", "liveness"}
    limits, mib = info.limits, 2**20
    assert (limits.max_message_bytes, limits.max_media_bytes) == (8 * mib, 3 * mib)
    assert limits.max_upload_bytes == 5 * mib
    assert limits.default_deadline.ToTimedelta().total_seconds() == 90
    assert not limits.HasField("max_deadline")
    assert not info.authentication_methods
    assert not info.HasField("http_uri")


async def test_a_server_can_what_one_of_its_listed_models_can() -> None:
    """A capability is named exactly if ListModels finds a model that has it."""
    async with gateway(
        {"providers": {"up": ELSEWHERE}, "models": {"m": {"candidates": ["up/gpt-4"]}}}
    ) as ringmain:
        info = await server_info(ringmain)
        for capability in list(pb.Capability.values())[1:]:
            name = pb.Capability.Name(capability).removeprefix("CAPABILITY_").lower()
            assert (capability in info.capabilities) == bool(await names(ringmain, name))


async def test_limits_that_a_reload_changes_are_told() -> None:
    """What is told is what holds for the next call, also where a change waits for the next start."""
    async with gateway() as ringmain:
        ringmain.config["server"] = {
            **cast("dict[str, object]", ringmain.config["server"]),
            "default_deadline": 7,
        }
        before = (await server_info(ringmain)).limits
        ringmain.config["media"] = {"max_image_bytes": 1, "max_document_bytes": "1GiB"}
        await ringmain.app.reload()
        after = (await server_info(ringmain)).limits
        assert after.default_deadline.seconds == 7
        assert (after.max_media_bytes, after.max_upload_bytes) == (before.max_media_bytes, 2**30)
