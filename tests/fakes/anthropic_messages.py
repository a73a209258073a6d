"""Tests, fakes: bodies of the Messages wire, built with the SDK's own response types.

Pure: an answer goes in, JSON comes out. https://platform.claude.com/docs/en/api/messages/create and
https://platform.claude.com/docs/en/build-with-claude/streaming.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from anthropic.types import (
    ContentBlock,
    InputJSONDelta,
    Message,
    MessageDeltaUsage,
    RawContentBlockDelta,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    RedactedThinkingBlock,
    RefusalStopDetails,
    ServerToolUsage,
    SignatureDelta,
    TextBlock,
    TextDelta,
    ThinkingBlock,
    ThinkingDelta,
    ToolUseBlock,
    Usage,
)
from anthropic.types.output_tokens_details import OutputTokensDetails
from anthropic.types.raw_message_delta_event import Delta
from pydantic import BaseModel

from tests.fakes.anthropic_blocks import streamed
from tests.fakes.anthropic_script import Claude

Group = tuple[bytes, ...]
"""The events that come with one content: the content itself, and the frame of the blocks around it."""


def message(answer: Claude, message_id: str, model: str) -> bytes:
    """The whole answer."""
    body = Message(
        id=message_id,
        type="message",
        role="assistant",
        model=model,
        content=list(_blocks(answer)),
        stop_reason=answer.stop_word,
        stop_sequence=answer.stop_sequence,
        stop_details=_details(answer),
        usage=usage(answer),
    )
    if answer.usage is None:
        del body.usage
    if not answer.blocks:
        return _json(body, answer)
    found: dict[str, Any] = orjson.loads(_json(body, answer))
    found["content"] = [*answer.blocks, *found["content"]]
    return orjson.dumps(found)


def usage(answer: Claude) -> Usage:
    """The counts as this wire has them: what a cache gave or took stands beside the input."""
    counts = answer.usage
    if counts is None:
        return Usage(input_tokens=0, output_tokens=0)
    return Usage(
        input_tokens=counts.prompt - counts.cached - answer.cache_written,
        cache_read_input_tokens=counts.cached,
        cache_creation_input_tokens=answer.cache_written,
        output_tokens=counts.completion,
        output_tokens_details=OutputTokensDetails(thinking_tokens=counts.reasoning),
        server_tool_use=_searches(answer),
        service_tier="standard",
    )


def opening(answer: Claude, message_id: str, model: str) -> Group:
    """`message_start`: the frame, and the counts of what was read."""
    counts = usage(answer)
    counts.output_tokens = 1
    counts.output_tokens_details = None
    counts.server_tool_use = None
    frame = Message(id=message_id, type="message", role="assistant", model=model, content=[], usage=counts)
    if answer.usage is None:
        del frame.usage
    return (_json(RawMessageStartEvent(type="message_start", message=frame), answer),)


def contents(answer: Claude) -> Iterator[Group]:
    """The events that carry the answer, block after block: they never interleave on this wire."""
    for index, one in enumerate(answer.blocks):
        yield from ((orjson.dumps(event),) for event in streamed(one, index))
    for index, (block, deltas) in enumerate(_begun(answer), len(answer.blocks)):
        frame = [RawContentBlockStartEvent(type="content_block_start", index=index, content_block=block)]
        events = [
            RawContentBlockDeltaEvent(type="content_block_delta", index=index, delta=delta)
            for delta in deltas
        ]
        groups: list[list[BaseModel]] = [[event] for event in events] or [[]]
        groups[0] = [*frame, *groups[0]]
        groups[-1].append(RawContentBlockStopEvent(type="content_block_stop", index=index))
        yield from (tuple(_json(event, answer) for event in group) for group in groups)


def closing(answer: Claude) -> Group:
    """`message_delta`: why it stopped, and every count."""
    counts = usage(answer)
    event = RawMessageDeltaEvent(
        type="message_delta",
        delta=Delta(
            stop_reason=answer.stop_word, stop_sequence=answer.stop_sequence, stop_details=_details(answer)
        ),
        usage=MessageDeltaUsage(
            input_tokens=counts.input_tokens,
            cache_read_input_tokens=counts.cache_read_input_tokens,
            cache_creation_input_tokens=counts.cache_creation_input_tokens,
            output_tokens=counts.output_tokens,
            output_tokens_details=counts.output_tokens_details,
            server_tool_use=counts.server_tool_use,
        ),
    )
    if answer.usage is None:
        del event.usage
    return (_json(event, answer),)


def stop() -> bytes:
    """`message_stop`."""
    return RawMessageStopEvent(type="message_stop").model_dump_json(exclude_unset=True).encode()


def text_event(text: str, index: int = 0) -> bytes:
    """An event that carries this text."""
    delta = TextDelta(type="text_delta", text=text)
    event = RawContentBlockDeltaEvent(type="content_block_delta", index=index, delta=delta)
    return event.model_dump_json(exclude_unset=True).encode()


def _blocks(answer: Claude) -> Iterator[ContentBlock]:
    """The blocks of a whole answer."""
    if _thinks(answer):
        yield ThinkingBlock(type="thinking", thinking="".join(answer.reasoning), signature=answer.signature)
    for data in answer.redacted:
        yield RedactedThinkingBlock(type="redacted_thinking", data=data)
    if answer.tokens:
        yield TextBlock(type="text", text=answer.text)
    if answer.refusal:
        yield TextBlock(type="text", text=answer.refusal)
    for call in answer.tool_calls:
        arguments = orjson.loads("".join(call.arguments) or "{}")
        yield ToolUseBlock(type="tool_use", id=call.id, name=call.name, input=arguments)


def _begun(answer: Claude) -> Iterator[tuple[ContentBlock, list[RawContentBlockDelta]]]:
    """Each block as it begins in a stream, and the deltas that follow."""
    if _thinks(answer):
        thoughts: list[RawContentBlockDelta] = [
            ThinkingDelta(type="thinking_delta", thinking=piece) for piece in answer.reasoning
        ]
        if answer.signature:
            thoughts.append(SignatureDelta(type="signature_delta", signature=answer.signature))
        yield ThinkingBlock(type="thinking", thinking="", signature=""), thoughts
    for data in answer.redacted:
        yield RedactedThinkingBlock(type="redacted_thinking", data=data), []
    for texts in (answer.tokens, (answer.refusal,) if answer.refusal else ()):
        if texts:
            yield (
                TextBlock(type="text", text=""),
                [TextDelta(type="text_delta", text=piece) for piece in texts],
            )
    for call in answer.tool_calls:
        block = ToolUseBlock(type="tool_use", id=call.id, name=call.name, input={})
        # The real server opens with an empty piece.
        pieces = ("", *call.arguments)
        yield block, [InputJSONDelta(type="input_json_delta", partial_json=piece) for piece in pieces]


def _searches(answer: Claude) -> ServerToolUsage | None:
    if not answer.searches:
        return None
    return ServerToolUsage(web_search_requests=answer.searches, web_fetch_requests=0)


def _thinks(answer: Claude) -> bool:
    return bool(answer.reasoning) or answer.hidden_reasoning


def _details(answer: Claude) -> RefusalStopDetails | None:
    if answer.stop_word != "refusal":
        return None
    return RefusalStopDetails.model_validate(
        {"type": "refusal", "category": answer.category, "explanation": None}
    )


def _json(event: BaseModel, answer: Claude) -> bytes:
    if answer.framing.unknown_fields:
        # Not in the SDK's types: pydantic keeps it as an extra field.
        setattr(event, "unheard_of", {"deep": [1, None, "ü"]})  # noqa: B010
    return event.model_dump_json(exclude_unset=True).encode()
