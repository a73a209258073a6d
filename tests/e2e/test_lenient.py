"""Odd answers of providers through a whole gateway: read as SDKs read them, and nobody else's affair."""

import json
from typing import Any

import grpc.aio
import pytest
from ringmain.v1.chat_service_pb2 import CountTokensRequest
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import ask, gateway, upstreams
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer, Canned, Fault, FaultKind
from tests.fakes.waiting import until

NUMBERS: list[Any] = [-1, 2**63, float("inf"), 1.5, True, "5", None, [], {}]


def message(text: str, usage: object) -> dict[str, Any]:
    """A whole answer of the Messages wire."""
    return {
        "type": "message",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": usage, "output_tokens": usage},
        "logprob": float("-inf"),
    }


def streamed(*texts: bytes, count: object = 1) -> Canned:
    """A stream of the chat wire whose contents are these pieces of JSON text."""
    chunks = [
        b'{"id":"x","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":""}]}' % one
        for one in texts
    ]
    chunks.append(b'{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
    usage = {"prompt_tokens": count, "completion_tokens": count}
    chunks += [json.dumps({"choices": [], "usage": usage}).encode(), b"[DONE]"]
    body = b"\xef\xbb\xbf" + b"".join(b"data: " + chunk + b"\n\n" for chunk in chunks)
    return Canned(body=body, content_type="text/event-stream")


async def test_odd_counts_reach_nobody() -> None:
    """Counts that are none are absent: no caller sees them, and metrics and other calls go on."""
    async with FakeAnthropic() as claude, FakeOpenAI() as openai:
        config = upstreams(up=openai.base_url)
        config["providers"] = {
            **config["providers"],  # type: ignore[dict-item]
            "claude": {"kind": "anthropic", "base_url": claude.base_url, "api_key": "k"},
            "sandbox": {"kind": "sandbox"},
        }
        async with gateway(config) as ringmain:
            for number in NUMBERS:
                body = json.dumps(message("Hi", number)).encode()
                claude.models["claude-x"] = Canned(body=body)
                openai.default = streamed(b"Hi", count=number)
                whole = await ringmain.stub.Chat(ask("claude/claude-x"))
                found = fold([event async for event in ringmain.stub.StreamChat(ask("m"))])
                for usage in (whole.usage, found.usage):
                    assert usage.estimated
                    assert min(usage.input_token_count, usage.output_token_count) > 0
                claude.models["claude-y"] = Canned(body=json.dumps({"input_tokens": number}).encode())
                count = CountTokensRequest(chat=ask("claude/claude-y"))
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await ringmain.stub.CountTokens(count)
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            for _ in range(100):
                await ringmain.stub.Chat(ask("sandbox/echo"))
            tokens = ringmain.metric("ringmain_tokens_total", provider="claude", direction="input")
            assert tokens is not None
            assert tokens > 0
            assert not ringmain.events("fault")


async def test_characters_and_marks_within_a_stream() -> None:
    """An emoji cut in two, a byte that is no UTF-8, a byte order mark, empty reasons: all are read."""
    async with FakeOpenAI() as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        upstream.default = streamed(
            b"rld \\ud83d", b"\\ude42 and", b" \xff ", b"\xf0\x9f", b"\x99\x82 \\ude42"
        )
        found = fold([event async for event in ringmain.stub.StreamChat(ask("m"))])
        assert found.message.parts[0].text == "rld 🙂 and \ufffd 🙂 \ufffd"
        assert found.finish_reason == FINISH_REASON_STOP


async def test_an_empty_reason_ends_no_stream() -> None:
    """A stream with empty reasons that is cut is broken, as one without reasons is."""
    async with FakeOpenAI() as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        whole = streamed(b"cut")
        upstream.default = Canned(body=whole.body[:90], content_type=whole.content_type)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in ringmain.stub.StreamChat(ask("m")):
                pass
        assert caught.value.code() is grpc.StatusCode.ABORTED


async def test_an_event_as_large_as_an_answer() -> None:
    """A content of megabytes comes in one event as it comes whole."""
    giant = Answer(fault=Fault(kind=FaultKind.GIANT, size=3 << 20))
    async with FakeOpenAI(giant) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        found = fold([event async for event in ringmain.stub.StreamChat(ask("m"))])
        assert len(found.message.parts[0].text) >= 3 << 20


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
async def test_errors_in_odd_encodings(encoding: str) -> None:
    """An error is told by its body, however that is encoded."""
    error = {
        "error": {"message": "Ünsupported \ud83d", "code": "context_length_exceeded", "more": float("nan")}
    }
    body = json.dumps(error, ensure_ascii=False).replace("\ud83d", "\\ud83d").encode(encoding)
    refusal = Canned(status=400, body=body)
    async with FakeOpenAI(refusal) as upstream, gateway(upstreams(up=upstream.base_url)) as ringmain:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ringmain.stub.Chat(ask("m"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "nsupported" in str(caught.value.details())


async def test_unknown_fields_and_blocks() -> None:
    """Unknown fields are counted and told once, whole and streamed; an unknown block is also passed on."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "Hi", "mood": "calm"}, "finish_reason": "stop"}]}
    body = b"data: %b\n\ndata: [DONE]\n\n" % json.dumps(chunk).encode()
    block = {"type": "sketch", "strokes": [1, 2]}
    async with FakeAnthropic() as claude, FakeOpenAI() as openai:
        config = upstreams(up=openai.base_url)
        config["providers"] = {
            **config["providers"],  # type: ignore[dict-item]
            "claude": {"kind": "anthropic", "base_url": claude.base_url, "api_key": "k"},
        }
        async with gateway(config) as ringmain:
            whole = {**message("Hi", 1), "content": [{"type": "text", "text": "Hi", "mood": "calm"}, block]}
            claude.models["claude-x"] = Canned(body=json.dumps(whole).encode())
            openai.default = Canned(body=body, content_type="text/event-stream")
            for _ in range(2):
                found = await ringmain.stub.Chat(ask("claude/claude-x"))
                assert found.message.parts[1].provider_tool_call.name == "sketch"
                async for _ in ringmain.stub.StreamChat(ask("m")):
                    pass
            name = "ringmain_unknown_answer_fields_total"
            assert ringmain.metric(name, wire="messages", field="content.mood") == 2
            assert ringmain.metric(name, wire="messages", field="content[sketch]") == 2
            assert ringmain.metric(name, wire="chat_completions", field="choices.message.mood") == 2
            expected = ["choices.message.mood", "content.mood", "content[sketch]", "logprob"]
            await until(lambda: len(ringmain.events("provider")) >= len(expected))
            assert sorted(str(line["field"]) for line in ringmain.events("provider")) == expected
