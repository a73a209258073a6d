"""The router: candidates in order, failover by class, and the story told in the route."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER, Part
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT
from ringmain.v1.usage_pb2 import Usage
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import FlatPrice
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.operations.chat_fold import fold
from ringmain_server.routing.models import Models
from ringmain_server.routing.router import Router

from tests.fakes.backend import HANG, ScriptedBackend
from tests.routing.routing import new_call, router_of, target

REQUEST = chat_pb2.ChatRequest(model="m")


def _answer(text: str = "hello") -> chat_pb2.ChatResponse:
    response = fold(_events(text))
    response.ClearField("route")
    return response


def _events(text: str = "hello") -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    assembler.text(text)
    usage = Usage(input_token_count=1000, output_token_count=100)
    return assembler.finish(FINISH_REASON_STOP, usage)


def _router(*backends: ScriptedBackend, contexts: Sequence[int] = ()) -> Router:
    candidates = []
    for index, backend in enumerate(backends):
        context = contexts[index] if contexts else 0
        candidate = Candidate(f"p{index}", "openai", f"model-{index}", context_tokens=context)
        candidates.append(target(backend, candidate))
    return router_of(candidates)


def _down(provider_id: str = "p0") -> errors.ProviderError:
    return errors.ServerFault(provider_id, "answered 503")


async def test_the_first_candidate_answers_and_the_route_says_so() -> None:
    """A healthy primary answers; the route names it and holds one attempt without an error."""
    first, second = ScriptedBackend([[_answer()]]), ScriptedBackend([[_answer()]])
    response = await _router(first, second).call(CHAT, REQUEST, new_call())
    assert response.message.parts[0].text == "hello"
    assert response.response_id == "resp_1"
    assert (response.route.provider_id, response.route.provider_model) == ("p0", "model-0")
    assert len(response.route.attempts) == 1
    assert not response.route.attempts[0].HasField("error")
    assert second.requests == []


async def test_failover_tells_the_story_of_every_attempt() -> None:
    """When the primary fails the next candidate answers, and the route tells why the first did not."""
    response = await _router(ScriptedBackend([[_down()]]), ScriptedBackend([[_answer()]])).call(
        CHAT, REQUEST, new_call()
    )
    assert response.route.provider_id == "p1"
    failed, succeeded = response.route.attempts
    assert failed.error.message == "p0: answered 503"
    assert failed.error.code == 14
    assert not succeeded.HasField("error")


def _incapable(provider_id: str) -> errors.ProviderError:
    return errors.Incapable(provider_id, "no web search", metadata={"capability": "web_search"})


async def test_a_candidate_that_cannot_be_asked_is_passed_over() -> None:
    """What a wire cannot express goes to the next candidate, and nothing of it shows in the route."""
    for stream in (False, True):
        first = ScriptedBackend([[_incapable("p0")]])
        second = ScriptedBackend([_events() if stream else [_answer()]])
        router, call = _router(first, second), new_call()
        if stream:
            response = fold([event async for event in router.stream(STREAM_CHAT, REQUEST, call)])
        else:
            response = await router.call(CHAT, REQUEST, call)
        assert [attempt.provider_id for attempt in response.route.attempts] == ["p1"]
        assert [attempt.candidate.provider_id for attempt in call.attempts] == ["p1"]


async def test_a_capability_is_missing_only_if_no_candidate_has_it() -> None:
    """The caller is told so if nobody could be asked; otherwise what became of those that were."""
    nobody = _router(ScriptedBackend([[_incapable("p0")]]), ScriptedBackend([[_incapable("p1")]]))
    with pytest.raises(errors.Incapable) as missing:
        await nobody.call(CHAT, REQUEST, new_call())
    assert missing.value.reason == "CAPABILITY_MISSING"
    assert missing.value.metadata["capability"] == "web_search"
    for backends in (([_incapable("p0")], [_down("p1")]), ([_down("p0")], [_incapable("p1")])):
        with pytest.raises(errors.ProvidersUnavailable):
            await _router(*(ScriptedBackend([each]) for each in backends)).call(CHAT, REQUEST, new_call())


async def test_a_request_is_looked_through_for_media_once() -> None:
    """However many candidates are tried, and whatever they may lack, one look serves every room."""
    looks, told = [], []

    def look(request: chat_pb2.ChatRequest) -> bool:
        looks.append(request)
        return CHAT.may_hold_media(request)

    def needs(request: chat_pb2.ChatRequest, may_hold_media: bool) -> frozenset[int]:
        told.append(may_hold_media)
        return CHAT.needs(request, may_hold_media)

    op = replace(CHAT, may_hold_media=look, needs=needs)
    backends = ScriptedBackend([[_down()]]), ScriptedBackend([[_answer()]])
    modest = Candidate("p0", "openai", "m", capabilities=frozenset({CAPABILITY_CHAT}))
    targets = [replace(target(one, modest), operations=frozenset({op})) for one in backends]
    call = new_call()
    await router_of(targets).call(op, REQUEST, call)
    assert (looks, told, call.may_hold_media) == ([REQUEST], [False], False)
    assert len(call.attempts) == 2


async def test_a_rejected_request_is_not_tried_elsewhere() -> None:
    """A request that a provider rejects as malformed goes no further: others would reject it too."""
    second = ScriptedBackend([[_answer()]])
    with pytest.raises(errors.Rejected):
        await _router(ScriptedBackend([[errors.Rejected("p0", "no such field")]]), second).call(
            CHAT, REQUEST, new_call()
        )
    assert second.requests == []


async def test_exhausted_candidates_name_the_last_failure_of_each() -> None:
    """When every candidate fails, the error is PROVIDERS_UNAVAILABLE with each provider's failure."""
    with pytest.raises(errors.ProvidersUnavailable) as caught:
        await _router(ScriptedBackend([[_down("p0")]]), ScriptedBackend([[_down("p1")]])).call(
            CHAT, REQUEST, new_call()
        )
    assert caught.value.metadata == {"p0": "p0: answered 503", "p1": "p1: answered 503"}
    assert caught.value.retry_after == 1.0


@pytest.mark.parametrize(("contexts", "tried"), [((10, 10), 0), ((10, 20), 1), ((10, 0), 1), ((0, 10), 0)])
async def test_too_long_an_input_goes_only_to_a_larger_context(contexts: tuple[int, int], tried: int) -> None:
    """After CONTEXT_TOO_LONG only a candidate with a larger or unknown context is tried."""
    second = ScriptedBackend([[_answer()]])
    first = ScriptedBackend([[errors.ContextTooLong("p0", "too long")]])
    chosen = _router(first, second, contexts=contexts)
    if tried:
        assert (await chosen.call(CHAT, REQUEST, new_call())).route.provider_id == "p1"
    else:
        with pytest.raises(errors.ContextTooLong):
            await chosen.call(CHAT, REQUEST, new_call())
    assert len(second.requests) == tried


async def test_failover_can_be_disabled_by_the_request() -> None:
    """With failover_disabled the first failure is final."""
    request = chat_pb2.ChatRequest(model="m")
    request.routing_policy.failover_disabled = True
    second = ScriptedBackend([[_answer()]])
    with pytest.raises(errors.ProvidersUnavailable):
        await _router(ScriptedBackend([[_down()]]), second).call(CHAT, request, new_call())
    assert second.requests == []


async def test_the_request_may_choose_and_order_providers() -> None:
    """routing_policy.provider_ids picks candidates and their order; a stranger is named as a bad field."""
    request = chat_pb2.ChatRequest(model="m")
    request.routing_policy.provider_ids.extend(["p1", "p0"])
    chosen = _router(ScriptedBackend([[_answer()]]), ScriptedBackend([[_answer()]]))
    assert (await chosen.call(CHAT, request, new_call())).route.provider_id == "p1"
    request.routing_policy.provider_ids.append("nobody")
    with pytest.raises(errors.InvalidField) as caught:
        await chosen.call(CHAT, request, new_call())
    assert caught.value.violations[0].field == "routing_policy.provider_ids[2]"


async def test_an_operation_nobody_has_is_a_missing_capability() -> None:
    """A model none of whose candidates has the operation is refused, naming what is missing."""
    request = chat_pb2.CountTokensRequest(chat=REQUEST)
    with pytest.raises(errors.CapabilityMissing) as caught:
        await _router(ScriptedBackend([[_answer()]])).call(COUNT_TOKENS, request, new_call())
    assert caught.value.metadata == {"model": "m", "capability": "count_tokens"}


async def test_usage_is_priced_by_the_candidate_that_answered() -> None:
    """The cost is that of the answering candidate, and absent where its price is unknown."""
    price = FlatPrice(Decimal("0.15"), Decimal("0.6"))
    candidates = [
        target(ScriptedBackend([[_down()]]), Candidate("p0", "openai", "m0")),
        target(ScriptedBackend([[_answer()]]), Candidate("p1", "openai", "m1", price=price)),
    ]
    priced = await router_of(candidates).call(CHAT, REQUEST, new_call())
    assert priced.usage.cost_nano_usd == 150_000 + 60_000
    unpriced = await _router(ScriptedBackend([[_answer()]])).call(CHAT, REQUEST, new_call())
    assert not unpriced.usage.HasField("cost_nano_usd")


@pytest.mark.parametrize(("configured", "cost"), [(False, 7), (True, 150_000 + 60_000)])
async def test_a_cost_that_the_provider_tells_is_the_cost(configured: bool, cost: int) -> None:
    """It takes precedence over the list's price, and the operator's price over both."""
    answer = _answer()
    answer.usage.cost_nano_usd = 7
    price = FlatPrice(Decimal("0.15"), Decimal("0.6"))
    candidate = Candidate("p0", "openai", "m0", price=price, price_configured=configured)
    chosen = router_of([target(ScriptedBackend([[answer]]), candidate)])
    assert (await chosen.call(CHAT, REQUEST, new_call())).usage.cost_nano_usd == cost


async def test_a_stream_shows_nothing_of_a_candidate_that_failed_before_content() -> None:
    """The stream of the second candidate starts as if it were the first; `started` comes with its content."""
    chosen = _router(ScriptedBackend([[_down()]]), ScriptedBackend([_events()]))
    seen = [event async for event in chosen.stream(STREAM_CHAT, REQUEST, new_call())]
    assert [event.WhichOneof("event") for event in seen] == [
        "started",
        "part_started",
        "part_finished",
        "finished",
    ]
    assert seen[0].started.provider_id == "p1"
    assert [a.provider_id for a in seen[-1].finished.route.attempts] == ["p0", "p1"]


async def test_a_stream_that_breaks_after_content_is_interrupted() -> None:
    """After content a failure ends the stream with STREAM_INTERRUPTED; nothing is spliced in."""
    broken = ScriptedBackend([[*_events()[:1], errors.StreamBroken("p0", "closed")]])
    second = ScriptedBackend([_events()])
    call = new_call()
    seen = []
    with pytest.raises(errors.StreamInterrupted) as caught:
        async for event in _router(broken, second).stream(STREAM_CHAT, REQUEST, call):
            seen.append(event)  # noqa: PERF401 - what came before the error counts
    assert [event.WhichOneof("event") for event in seen] == ["started", "part_started"]
    assert caught.value.metadata == {"provider_id": "p0"}
    assert second.requests == []
    assert isinstance(call.attempts[0].error, errors.StreamBroken)


async def test_a_stream_without_end_is_never_a_success() -> None:
    """A candidate whose events just stop counts as failed: before content the next one is tried."""
    chosen = _router(ScriptedBackend([[]]), ScriptedBackend([_events()]))
    seen = [event async for event in chosen.stream(STREAM_CHAT, REQUEST, new_call())]
    assert seen[0].started.provider_id == "p1"
    with pytest.raises(errors.StreamInterrupted):
        _ = [
            e
            async for e in _router(ScriptedBackend([_events()[:1]])).stream(STREAM_CHAT, REQUEST, new_call())
        ]


async def test_closing_the_stream_closes_the_candidates_stream() -> None:
    """A caller that leaves ends the provider's work at once."""
    backend = ScriptedBackend([[*_events()[:1], HANG]])
    stream = _router(backend).stream(STREAM_CHAT, REQUEST, new_call())
    await anext(stream)
    await stream.aclose()
    assert backend.closed == 1


async def test_cancelling_reaches_the_candidate() -> None:
    """A cancelled unary call cancels the candidate's work and starts no other."""
    first, second = ScriptedBackend([[HANG]]), ScriptedBackend([[_answer()]])
    task = asyncio.ensure_future(_router(first, second).call(CHAT, REQUEST, new_call()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (first.closed, second.requests) == (1, [])


async def test_direct_names_reach_any_model_of_a_provider_and_nothing_else() -> None:
    """`provider/model` addresses a candidate; an unknown provider or an empty model is not found."""
    made = target(ScriptedBackend([[_answer()]]), Candidate("p", "openai", "x/y"))
    models = Models({}, {"p": lambda name: made}, ["p/listed"])
    assert models.resolve("p/x/y") == (made,)
    assert list(models.names()) == ["p/listed"]
    for unknown in ("q/x", "p/", "p", ""):
        with pytest.raises(errors.ModelNotFound):
            models.resolve(unknown)


def test_parts_and_text_are_kept_by_the_answer_helper() -> None:
    """The answers these tests script are the fold of the events they script."""
    assert _answer().message.parts[0] == Part(text="hello")


@pytest.mark.parametrize("paused_at", ["p0", "p1"])
async def test_an_unfinished_turn_goes_on_at_its_provider(paused_at: str) -> None:
    """Only the provider that paused a turn can read its state, so it is tried first, and others after it."""
    request = chat_pb2.ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="search")
    request.messages.add(role=ROLE_ASSISTANT).parts.add(text="hm", provider_id=paused_at, signature=b"s")
    backends = {"p0": ScriptedBackend([[_answer()]]), "p1": ScriptedBackend([[_answer()]])}
    backends[paused_at] = ScriptedBackend([[_down(paused_at)]])
    response = await _router(*backends.values()).call(CHAT, request, new_call())
    asked = [attempt.provider_id for attempt in response.route.attempts]
    assert (asked[0], len(asked)) == (paused_at, 2)
