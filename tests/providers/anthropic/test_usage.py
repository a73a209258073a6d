"""Tests of the counts and costs of requests that took several steps."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.catalog.prices import list_price
from ringmain_server.operations.chat_fold import fold

from tests.providers.anthropic.golden import answer, candidate, events, stream_of

MODEL = "claude-sonnet-4-6"
CLAUDE = replace(candidate(MODEL), price=list_price("anthropic", MODEL))
TEXT = {"type": "text", "text": "Yes."}


def step(kind: str, read: int, written: int, **more: Any) -> dict[str, Any]:
    """One step, as the wire counts it."""
    return {"type": kind, "input_tokens": read, "output_tokens": written, **more}


def cost(read: int, written: int, model: str = MODEL) -> int:
    """What a request costs that took one step."""
    price = list_price("anthropic", model)
    assert price is not None
    found = price.cost_nano_usd(Usage(input_token_count=read, output_token_count=written))
    assert found
    return found


def counted(usage: dict[str, Any]) -> Usage:
    """The usage of an answer with these counts, which is the same whole and streamed."""
    whole = answer(
        orjson.dumps({"content": [TEXT], "stop_reason": "end_turn", "usage": usage}), of=CLAUDE
    ).usage
    stream: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": TEXT},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    assert fold(events(stream_of(stream), of=CLAUDE)).usage == whole
    return whole


def test_compaction() -> None:
    """The summary of a conversation is not in the counts of the answer, and is billed."""
    steps = [step("compaction", 99_195, 81), step("message", 162, 11)]
    found = counted({"input_tokens": 162, "output_tokens": 11, "iterations": steps})
    assert (found.input_token_count, found.output_token_count) == (99_357, 92)
    assert found.cost_nano_usd == cost(99_195, 81) + cost(162, 11)


def test_an_advisor() -> None:
    """What another model was asked on the way is counted, at that model's price."""
    steps = [
        step("message", 1051, 35),
        step("advisor_message", 2728, 874, model="claude-opus-4-1"),
        step("message", 1363, 3165),
    ]
    found = counted({"input_tokens": 2414, "output_tokens": 3200, "iterations": steps})
    assert (found.input_token_count, found.output_token_count) == (5142, 4074)
    assert found.cost_nano_usd == cost(1051, 35) + cost(2728, 874, "claude-opus-4-1") + cost(1363, 3165)


@pytest.mark.parametrize(("began", "read", "written"), [(0, 412, 264), (9, 820, 273)])
def test_another_model_answers(began: int, read: int, written: int) -> None:
    """A model that refused before it wrote is not billed; one that began to write is."""
    refused = step("message", 408, began)
    served = step("fallback_message", 412, 264, model="claude-opus-4-1")
    found = counted({"input_tokens": 412, "output_tokens": 264, "iterations": [refused, served]})
    assert (found.input_token_count, found.output_token_count) == (read, written)
    billed = cost(408, began) if began else 0
    assert found.cost_nano_usd == cost(412, 264, "claude-opus-4-1") + billed


def test_steps_with_a_cache() -> None:
    """Reads and writes of the prompt cache are counted in every step."""
    cache = {"cache_read_input_tokens": 500, "cache_creation_input_tokens": 20}
    steps = [step("compaction", 100, 5, **cache), step("message", 10, 3, cache_read_input_tokens=None)]
    found = counted({"input_tokens": 10, "output_tokens": 3, "iterations": steps})
    assert (found.input_token_count, found.output_token_count) == (630, 8)
    assert (found.cached_input_token_count, found.cache_write_input_token_count) == (500, 20)


def test_a_model_without_a_price() -> None:
    """Without the price of a step, the total is left to the price of the model that was asked."""
    steps = [step("advisor_message", 5, 5, model="nobody"), step("message", 2, 2)]
    found = counted({"input_tokens": 2, "output_tokens": 2, "iterations": steps})
    assert (found.input_token_count, found.HasField("cost_nano_usd")) == (7, False)


@pytest.mark.parametrize("odd", [None, [], {}, "many", [None], [step("message", 9, 4)]])
def test_nothing_beside_the_answer(odd: object) -> None:
    """Steps that are none, and those of a plain answer, leave the counts and the cost as they are."""
    found = counted({"input_tokens": 9, "output_tokens": 4, "iterations": odd})
    assert (found.input_token_count, found.output_token_count) == (9, 4)
    assert not found.HasField("cost_nano_usd")
