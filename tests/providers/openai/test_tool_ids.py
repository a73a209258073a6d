"""Tests of the ids of tool calls: each server gets what it takes, and results stay with their calls."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai.tool_ids import WRITERS, nine_alphanumeric, up_to_40, up_to_64

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=120)


@given(IDS)
def test_what_comes_out_is_taken(tool_call_id: str) -> None:
    """An id has the length and the characters of its server."""
    assert len(up_to_40(tool_call_id)) <= 40
    assert len(up_to_64(tool_call_id)) <= 64
    assert re.fullmatch(r"[A-Za-z0-9]{9}", nine_alphanumeric(tool_call_id))


@given(st.lists(IDS, unique=True, max_size=5))
def test_different_ids_stay_different(ids: list[str]) -> None:
    """Two calls never become one."""
    for write in (up_to_40, up_to_64, nine_alphanumeric):
        assert len({write(each) for each in ids}) == len(ids)


@pytest.mark.parametrize("tool_call_id", ["call_oslo", "x" * 40])
def test_what_is_taken_is_unchanged(tool_call_id: str) -> None:
    """An id that the server takes is sent as it came."""
    assert up_to_40(tool_call_id) == up_to_64(tool_call_id) == tool_call_id
    assert nine_alphanumeric("abcDEF123") == "abcDEF123"


def test_the_limits_belong_to_servers() -> None:
    """OpenAI cuts, Mistral wants nine characters, and others take any id, so get their own back whole."""

    def written(kind: str) -> str:
        return WRITERS[openai_kind(kind).dialect.tool_ids](long)

    long = "chatcmpl-tool-0123456789abcdef0123456789abcdef"
    assert len(written("openai")) == 40
    assert len(written("mistral")) == 9
    assert written("vllm") == long
