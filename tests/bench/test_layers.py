"""Tests, benchmark: the layers are compared with what they stand around."""

from contextlib import aclosing

from ringmain.v1.chat_service_pb2 import ChatEvent
from ringmain_server.operations import CHAT, STREAM_CHAT

from tests.bench import results
from tests.bench.answers import TOKEN, TOKEN_COUNT
from tests.bench.layers import Way, compare, ways
from tests.bench.load import text_of

TEXT = TOKEN * TOKEN_COUNT


async def _events(way: Way) -> list[ChatEvent]:
    async with aclosing(way.backend.stream(STREAM_CHAT, way.request, way.call())) as events:
        return [event async for event in events]


async def test_both_ways_give_the_same_answer() -> None:
    """The pipeline and the exchange alone do the same work, so that their difference is the layers."""
    async with ways() as both:
        for way in (both.pipeline, both.exchange):
            answer = await way.backend.call(CHAT, way.request, way.call())
            assert answer.message.parts[0].text == TEXT
            events = await _events(way)
            assert "".join(map(text_of, events)) == TEXT
            assert len(events) >= TOKEN_COUNT


async def test_figures() -> None:
    """A comparison gives what layers add to a call and to a token, each with its target."""
    figures = {figure.name: figure for figure in await compare(rounds=1)}
    assert figures[results.LAYERS_UNARY.name].limit == 80
    assert figures[results.LAYERS_TOKEN.name].limit == 3
    assert figures[results.EXCHANGE_UNARY.name].value > 0
    assert figures[results.EXCHANGE_TOKEN.name].value > 0
