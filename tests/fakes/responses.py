"""Tests, fakes: bodies of OpenAI's responses wire, built with the SDK's own response types.

Pure: an ``Answer`` goes in, JSON comes out. Its reasoning becomes a reasoning item, its text and refusal a
message, each tool call an item. https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from openai import BaseModel
from openai.types import responses as wire
from openai.types.responses import response_reasoning_item as reasoning_item
from openai.types.responses import response_reasoning_summary_part_added_event as part_added
from openai.types.responses import response_reasoning_summary_part_done_event as part_done
from openai.types.responses.response import IncompleteDetails
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

from tests.fakes import responses_items
from tests.fakes.completions import CREATED
from tests.fakes.script import Answer, ToolCall

Status = Literal["in_progress", "completed", "incomplete"]
Part = wire.ResponseOutputText | wire.ResponseOutputRefusal
Item = wire.ResponseOutputItem


@dataclass(frozen=True, slots=True)
class Head:
    """What all bodies of one answer have in common.

    Attributes:
        id: Of the response.
        model: As the request named it.
        encrypted: Whether reasoning items carry their encrypted content.
    """

    id: str
    model: str
    encrypted: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream, without its number.

    Attributes:
        value: The event.
        content: Whether it carries a piece of the answer.
    """

    value: BaseModel
    content: bool = False


def encrypted(item_id: str) -> str:
    """The encrypted content of the reasoning item with this id."""
    return f"gAAAAA-fake-{item_id}"


def response(answer: Answer, head: Head) -> bytes:
    """The whole response."""
    return _json(_response(answer, head, output(answer, head)))


def _json(value: BaseModel) -> bytes:
    return value.model_dump_json(exclude_unset=True, by_alias=True).encode()


def _response(answer: Answer, head: Head, items: Iterable[Item] | None) -> wire.Response:
    """A response with these items; without any, one that is in progress."""
    done = items is not None
    body = wire.Response(
        id=head.id,
        object="response",
        created_at=CREATED,
        model=head.model,
        status=_status(answer) if done else "in_progress",
        error=None,
        incomplete_details=_incomplete(answer) if done else None,
        instructions=None,
        output=list(items or ()),
        parallel_tool_calls=True,
        tool_choice="auto",
        tools=[],
        usage=_usage(answer) if done else None,
    )
    if answer.framing.unknown_fields:
        # Not in the SDK's type: pydantic keeps it as an extra field.
        setattr(body, "unheard_of", {"deep": [1, None, "ü"]})  # noqa: B010
    return body


def _status(answer: Answer) -> Status:
    return "completed" if answer.stop_reason in ("stop", "tool_calls", "function_call") else "incomplete"


def _incomplete(answer: Answer) -> IncompleteDetails | None:
    if _status(answer) == "completed":
        return None
    return IncompleteDetails(
        reason="max_output_tokens" if answer.stop_reason == "length" else "content_filter"
    )


def _usage(answer: Answer) -> wire.ResponseUsage | None:
    counts = answer.usage
    if counts is None:
        return None
    return wire.ResponseUsage(
        input_tokens=counts.prompt,
        input_tokens_details=InputTokensDetails(cached_tokens=counts.cached, cache_write_tokens=0),
        output_tokens=counts.completion,
        output_tokens_details=OutputTokensDetails(reasoning_tokens=counts.reasoning),
        total_tokens=counts.prompt + counts.completion,
    )


# --- items -------------------------------------------------------------------------------------


def output(answer: Answer, head: Head) -> list[Item]:
    """The items of the answer in their order."""
    found: list[Item] = [responses_items.parsed(item) for item in answer.items]
    if found:
        return found
    if answer.reasoning:
        found.append(_reasoning(answer, head))
    if answer.tokens or answer.refusal:
        found.append(_message(answer, head, _parts(answer), "completed"))
    found += [_call(call, head, index, "completed") for index, call in enumerate(answer.tool_calls)]
    return found


def _reasoning(answer: Answer, head: Head) -> wire.ResponseReasoningItem:
    item_id = _id("rs", head)
    text = "".join(answer.reasoning)
    summary = [reasoning_item.Summary(type="summary_text", text=text)] if text else []
    item = wire.ResponseReasoningItem(id=item_id, type="reasoning", summary=summary)
    if head.encrypted:
        item.encrypted_content = encrypted(item_id)
    return item


def _message(answer: Answer, head: Head, parts: list[Part], status: Status) -> wire.ResponseOutputMessage:
    return wire.ResponseOutputMessage(
        id=_id("msg", head), type="message", role="assistant", status=status, content=list(parts)
    )


def _parts(answer: Answer) -> list[Part]:
    parts: list[Part] = [_text_part(answer.text)] if answer.tokens else []
    if answer.refusal:
        parts.append(wire.ResponseOutputRefusal(type="refusal", refusal=answer.refusal))
    return parts


def _text_part(text: str) -> wire.ResponseOutputText:
    return wire.ResponseOutputText(type="output_text", text=text, annotations=[], logprobs=[])


def _call(call: ToolCall, head: Head, index: int, status: Status) -> wire.ResponseFunctionToolCall:
    return wire.ResponseFunctionToolCall(
        id=f"{_id('fc', head)}_{index}",
        type="function_call",
        call_id=call.id,
        name=call.name,
        arguments="" if status == "in_progress" else "".join(call.arguments),
        status=status,
    )


def _id(prefix: str, head: Head) -> str:
    return f"{prefix}_{head.id.removeprefix('resp_')}"


# --- events ------------------------------------------------------------------------------------


def numbered(event: Event, number: int) -> bytes:
    """An event's JSON, with its place in the stream."""
    return _json(event.value.model_copy(update={"sequence_number": number}))


def opening(answer: Answer, head: Head) -> Iterator[Event]:
    """The events before any content."""
    body = _response(answer, head, None)
    yield Event(wire.ResponseCreatedEvent(type="response.created", sequence_number=0, response=body))
    yield Event(wire.ResponseInProgressEvent(type="response.in_progress", sequence_number=0, response=body))


def contents(answer: Answer, head: Head) -> Iterator[Event]:
    """The events that carry the answer, item by item."""
    if answer.items:
        yield from (Event(event, piece) for event, piece in responses_items.events(answer.items))
        return
    index = 0
    if answer.reasoning:
        yield from _reasoning_events(answer, head)
        index += 1
    if answer.tokens or answer.refusal:
        yield from _message_events(answer, head, index)
        index += 1
    yield from _call_events(answer, head, index)


def closing(answer: Answer, head: Head) -> Event:
    """The last event."""
    body = _response(answer, head, output(answer, head))
    if _status(answer) == "completed":
        return Event(wire.ResponseCompletedEvent(type="response.completed", sequence_number=0, response=body))
    return Event(wire.ResponseIncompleteEvent(type="response.incomplete", sequence_number=0, response=body))


def text_event(answer: Answer, head: Head, text: str) -> Event:
    """A piece of the message's text."""
    return _text_delta(answer, head, 1 if answer.reasoning else 0, text)


def _added(item: Item, index: int) -> Event:
    kind: Literal["response.output_item.added"] = "response.output_item.added"
    return Event(
        wire.ResponseOutputItemAddedEvent(type=kind, sequence_number=0, output_index=index, item=item)
    )


def _done(item: Item, index: int) -> Event:
    kind: Literal["response.output_item.done"] = "response.output_item.done"
    return Event(
        wire.ResponseOutputItemDoneEvent(type=kind, sequence_number=0, output_index=index, item=item)
    )


def _reasoning_events(answer: Answer, head: Head) -> Iterator[Event]:
    whole = _reasoning(answer, head)
    begun = whole.model_copy(update={"summary": []})
    yield _added(begun, 0)
    for summary in whole.summary:
        yield from _summary_events(answer, whole.id, summary.text)
    yield _done(whole, 0)


def _summary_events(answer: Answer, item_id: str, text: str) -> Iterator[Event]:
    yield Event(
        wire.ResponseReasoningSummaryPartAddedEvent(
            type="response.reasoning_summary_part.added",
            sequence_number=0,
            item_id=item_id,
            output_index=0,
            summary_index=0,
            part=part_added.Part(type="summary_text", text=""),
        )
    )
    for piece in answer.reasoning:
        yield Event(
            wire.ResponseReasoningSummaryTextDeltaEvent(
                type="response.reasoning_summary_text.delta",
                sequence_number=0,
                item_id=item_id,
                output_index=0,
                summary_index=0,
                delta=piece,
            ),
            content=True,
        )
    yield Event(
        wire.ResponseReasoningSummaryTextDoneEvent(
            type="response.reasoning_summary_text.done",
            sequence_number=0,
            item_id=item_id,
            output_index=0,
            summary_index=0,
            text=text,
        )
    )
    yield Event(
        wire.ResponseReasoningSummaryPartDoneEvent(
            type="response.reasoning_summary_part.done",
            sequence_number=0,
            item_id=item_id,
            output_index=0,
            summary_index=0,
            part=part_done.Part(type="summary_text", text=text),
        )
    )


def _message_events(answer: Answer, head: Head, index: int) -> Iterator[Event]:
    yield _added(_message(answer, head, [], "in_progress"), index)
    for position, part in enumerate(_parts(answer)):
        yield _part_event("response.content_part.added", head, index, position, _emptied(part))
        if isinstance(part, wire.ResponseOutputText):
            yield from (_text_delta(answer, head, index, token) for token in answer.tokens)
            yield _text_done(head, index, part.text)
        else:
            yield from _refusal_events(head, index, position, part.refusal)
        yield _part_event("response.content_part.done", head, index, position, part)
    yield _done(_message(answer, head, _parts(answer), "completed"), index)


def _emptied(part: Part) -> Part:
    if isinstance(part, wire.ResponseOutputText):
        return _text_part("")
    return wire.ResponseOutputRefusal(type="refusal", refusal="")


def _part_event(
    kind: Literal["response.content_part.added", "response.content_part.done"],
    head: Head,
    index: int,
    position: int,
    part: Part,
) -> Event:
    event = (
        wire.ResponseContentPartAddedEvent
        if kind == "response.content_part.added"
        else wire.ResponseContentPartDoneEvent
    )
    return Event(
        event.model_validate(
            {
                "type": kind,
                "sequence_number": 0,
                "item_id": _id("msg", head),
                "output_index": index,
                "content_index": position,
                "part": part,
            }
        )
    )


def _text_delta(answer: Answer, head: Head, index: int, text: str) -> Event:
    event = wire.ResponseTextDeltaEvent(
        type="response.output_text.delta",
        sequence_number=0,
        item_id=_id("msg", head),
        output_index=index,
        content_index=0,
        delta=text,
        logprobs=[],
    )
    if answer.framing.unknown_fields:
        setattr(event, "obfuscation", "x7Qe")  # noqa: B010 - what OpenAI pads its events with
    return Event(event, content=True)


def _text_done(head: Head, index: int, text: str) -> Event:
    return Event(
        wire.ResponseTextDoneEvent(
            type="response.output_text.done",
            sequence_number=0,
            item_id=_id("msg", head),
            output_index=index,
            content_index=0,
            text=text,
            logprobs=[],
        )
    )


def _refusal_events(head: Head, index: int, position: int, refusal: str) -> Iterator[Event]:
    yield Event(
        wire.ResponseRefusalDeltaEvent(
            type="response.refusal.delta",
            sequence_number=0,
            item_id=_id("msg", head),
            output_index=index,
            content_index=position,
            delta=refusal,
        ),
        content=True,
    )
    yield Event(
        wire.ResponseRefusalDoneEvent(
            type="response.refusal.done",
            sequence_number=0,
            item_id=_id("msg", head),
            output_index=index,
            content_index=position,
            refusal=refusal,
        )
    )


def _call_events(answer: Answer, head: Head, first: int) -> Iterator[Event]:
    calls = [list(_events_of_call(call, head, index, first)) for index, call in enumerate(answer.tool_calls)]
    if not answer.interleave_tool_calls:
        yield from (event for events in calls for event in events)
        return
    for row in zip_longest(*calls):
        yield from (event for event in row if event is not None)


def _events_of_call(call: ToolCall, head: Head, index: int, first: int) -> Iterator[Event]:
    whole = _call(call, head, index, "completed")
    yield _added(_call(call, head, index, "in_progress"), first + index)
    for piece in call.arguments:
        yield Event(
            wire.ResponseFunctionCallArgumentsDeltaEvent(
                type="response.function_call_arguments.delta",
                sequence_number=0,
                item_id=str(whole.id),
                output_index=first + index,
                delta=piece,
            ),
            content=True,
        )
    yield Event(
        wire.ResponseFunctionCallArgumentsDoneEvent(
            type="response.function_call_arguments.done",
            sequence_number=0,
            item_id=str(whole.id),
            output_index=first + index,
            arguments=whole.arguments,
        )
    )
    yield _done(whole, first + index)
