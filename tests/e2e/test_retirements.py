"""Ends of models end to end: the log warns of them, and callers learn what replaces a model."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from ringmain import NotFound

from tests.e2e.gateway import ask, gateway, upstreams
from tests.e2e.test_reload import reload
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.rejections import MODEL_NOT_FOUND
from tests.fakes.script import Answer

PAST = "2026-10-23"


def days_from_now(days: int) -> str:
    """A day in ISO 8601."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def candidate(model: str, **facts: str) -> dict[str, str]:
    """A candidate of the provider `up`."""
    return {"provider": "up", "model": model, **facts}


async def test_the_start_and_each_reload_warn_of_ends() -> None:
    """Of a candidate that has ended or ends within 90 days, once for each; of others not."""
    soon, later = days_from_now(80), days_from_now(100)
    first = candidate("old", retire_date=PAST, replaced_by="new")
    models = {
        "a": {"candidates": [first, candidate("fine", retire_date=later), candidate("new")]},
        "b": {"candidates": [first, candidate("soon", retire_date=soon)]},
    }
    async with (
        FakeOpenAI(Answer()) as upstream,
        gateway({**upstreams(up=upstream.base_url), "models": models}) as ringmain,
    ):
        told = ringmain.events("config")
        assert [(line["level"], line["message"]) for line in told] == [
            ("warning", f"up/old, a candidate of a, b, ended on {PAST}; up/new replaces it"),
            ("warning", f"up/soon, a candidate of b, ends on {soon}"),
        ]
        assert (told[0]["provider"], told[0]["provider_model"], told[0]["models"]) == ("up", "old", "a b")
        assert (told[0]["retire_date"], told[0]["replaced_by"]) == (PAST, "up/new")
        await reload(ringmain, models={"b": models["b"]})
        messages = [str(line["message"]) for line in ringmain.events("config")[2:]]
        assert f"up/old, a candidate of b, ended on {PAST}; up/new replaces it" in messages
        assert f"up/soon, a candidate of b, ends on {soon}" in messages


async def test_a_caller_of_an_ended_model_learns_what_replaces_it() -> None:
    """Each caller is told, also while the candidate is left alone, and under a response id of its own."""
    models = {"m": {"candidates": [candidate("old", retire_date=PAST, replaced_by="new")]}}
    async with (
        FakeOpenAI(MODEL_NOT_FOUND) as upstream,
        gateway({**upstreams(up=upstream.base_url), "models": models}) as ringmain,
    ):
        ids = set()
        for _ in range(3):
            with pytest.raises(NotFound) as caught:
                await ringmain.client.chat("Hello", model="m")
            assert f"the model ended on {PAST}, and up/new replaces it" in str(caught.value)
            assert caught.value.metadata["retire_date"] == PAST
            assert caught.value.metadata["replaced_by"] == "up/new"
            ids.add(caught.value.response_id)
        assert len(upstream.requests) == 1
        assert len(ids) == 3


async def test_the_operators_successor_wins() -> None:
    """A model of the gateway that is replaced by another says so when nobody serves it."""
    models = {
        "old": {
            "candidates": [candidate("old", retire_date=PAST, replaced_by="new")],
            "replaced_by": "smart",
        },
        "smart": {"candidates": ["sandbox/echo"]},
    }
    async with (
        FakeOpenAI(MODEL_NOT_FOUND) as upstream,
        gateway({**upstreams(up=upstream.base_url), "models": models}) as ringmain,
    ):
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ringmain.stub.Chat(ask("old"))
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
            details = caught.value.details() or ""
            assert details.endswith("; use smart instead of this model")
            assert details.count("smart") == 1
