"""Tests, fakes: bodies of OpenAI's chat completions, built with the SDK's own response types.

Pure: an ``Answer`` goes in, JSON comes out. What the SDK's types do not hold cannot be sent by
mistake; what other servers add (`reasoning_content`) is added on purpose.
https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage
from openai.types.chat import chat_completion as whole
from openai.types.chat import chat_completion_chunk as chunked
from openai.types.chat.chat_completion_message_function_tool_call import (
    ChatCompletionMessageFunctionToolCall,
    Function,
)
from openai.types.chat.chat_completion_token_logprob import ChatCompletionTokenLogprob, TopLogprob
from openai.types.completion_usage import CompletionTokensDetails, PromptTokensDetails

from tests.fakes.script import Answer, FinishReason, ToolCall, Usage

CREATED = 1_790_000_000
FINGERPRINT = "fp_fake"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of a stream.

    Attributes:
        json: Its data.
        content: Whether it carries something of the answer, rather than its frame.
    """

    json: bytes
    content: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What all bodies of one answer have in common.

    Attributes:
        id: Of the completion.
        model: As the request named it.
        include_usage: Whether a stream ends with the counts.
    """

    id: str
    model: str
    include_usage: bool = False


def completion_usage(usage: Usage) -> CompletionUsage:
    """The counts as OpenAI writes them."""
    return CompletionUsage(
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        total_tokens=usage.prompt + usage.completion,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=usage.cached, audio_tokens=0),
        completion_tokens_details=CompletionTokensDetails(
            reasoning_tokens=usage.reasoning,
            audio_tokens=0,
            accepted_prediction_tokens=0,
            rejected_prediction_tokens=0,
        ),
    )


def completion(answer: Answer, head: Head, *, choices: bool = True) -> bytes:
    """The whole answer; `choices` False leaves it without any."""
    choice = whole.Choice(index=0, message=_message(answer), logprobs=None, finish_reason=answer.stop_reason)
    if answer.logprobs:
        choice.logprobs = whole.ChoiceLogprobs(content=[*map(_likely, answer.tokens)])
    body = ChatCompletion(
        id=head.id,
        object="chat.completion",
        created=CREATED,
        model=head.model,
        choices=[choice] if choices else [],
        service_tier="default",
        system_fingerprint=FINGERPRINT,
    )
    if answer.usage:
        body.usage = completion_usage(answer.usage)
    return body.model_dump_json(exclude_unset=True).encode()


def _message(answer: Answer) -> ChatCompletionMessage:
    message = ChatCompletionMessage(
        role="assistant",
        content=answer.text if answer.tokens else None,
        refusal=answer.refusal,
        annotations=[],
    )
    if answer.tool_calls:
        message.tool_calls = [_whole_tool_call(call) for call in answer.tool_calls]
    if answer.reasoning:
        setattr(message, answer.framing.reasoning_field, "".join(answer.reasoning))
    if answer.beside:
        fields = message.model_dump(exclude_unset=True)
        message = ChatCompletionMessage.model_validate({**fields, **answer.beside})
    return message


def _likely(token: str) -> ChatCompletionTokenLogprob:
    """A token with its probability, and the likelier one that it was chosen before."""
    top = [
        TopLogprob(token=one, logprob=logprob, bytes=list(one.encode()))
        for one, logprob in (("other", -0.25), (token, -1.5))
    ]
    return ChatCompletionTokenLogprob(token=token, logprob=-1.5, bytes=list(token.encode()), top_logprobs=top)


def _whole_tool_call(call: ToolCall) -> ChatCompletionMessageFunctionToolCall:
    function = Function(name=call.name, arguments="".join(call.arguments))
    return ChatCompletionMessageFunctionToolCall(id=call.id, type="function", function=function)


def opening(answer: Answer, head: Head) -> Chunk:
    """The first event of a stream: the role, and nothing of the answer yet."""
    content = "" if answer.tokens else None
    delta = chunked.ChoiceDelta(role="assistant", content=content, refusal=None)
    return _chunk(answer, head, delta, content=False)


def contents(answer: Answer, head: Head) -> Iterator[Chunk]:
    """The events that carry the answer: reasoning, text, what stands beside it, refusal, tool calls."""
    for piece in answer.reasoning:
        delta = chunked.ChoiceDelta.model_validate({answer.framing.reasoning_field: piece})
        yield _chunk(answer, head, delta)
    for token in answer.tokens:
        likely = chunked.ChoiceLogprobs(content=[_likely(token)]) if answer.logprobs else None
        yield _chunk(answer, head, chunked.ChoiceDelta(content=token), logprobs=likely)
    if answer.beside:
        yield _chunk(answer, head, chunked.ChoiceDelta.model_validate(answer.beside))
    if answer.refusal:
        yield _chunk(answer, head, chunked.ChoiceDelta(refusal=answer.refusal))
    for call in _tool_call_pieces(answer):
        yield _chunk(answer, head, chunked.ChoiceDelta(tool_calls=[call]))


def finish(answer: Answer, head: Head) -> Chunk:
    """The event that says why the model stopped."""
    delta = chunked.ChoiceDelta()
    return _chunk(answer, head, delta, content=False, finish_reason=answer.stop_reason)


def usage_chunk(answer: Answer, head: Head) -> Chunk | None:
    """The event with the counts, if the request asks for it and the answer has any."""
    if not (head.include_usage and answer.usage):
        return None
    event = _frame(answer, head, [])
    event.usage = completion_usage(answer.usage)
    return Chunk(event.model_dump_json(exclude_unset=True).encode(), content=False)


def empty_chunk(answer: Answer, head: Head) -> Chunk:
    """An event without any choice."""
    event = _frame(answer, head, [])
    return Chunk(event.model_dump_json(exclude_unset=True).encode(), content=False)


def text_chunk(answer: Answer, head: Head, text: str) -> Chunk:
    """An event that carries this text."""
    return _chunk(answer, head, chunked.ChoiceDelta(content=text))


def _tool_call_pieces(answer: Answer) -> Iterator[chunked.ChoiceDeltaToolCall]:
    calls = [list(_pieces_of(index, call)) for index, call in enumerate(answer.tool_calls)]
    if not answer.interleave_tool_calls:
        yield from (piece for pieces in calls for piece in pieces)
        return
    for row in zip_longest(*calls):
        yield from (piece for piece in row if piece is not None)


def _pieces_of(index: int, call: ToolCall) -> Iterator[chunked.ChoiceDeltaToolCall]:
    function = chunked.ChoiceDeltaToolCallFunction(name=call.name, arguments="")
    yield chunked.ChoiceDeltaToolCall(index=index, id=call.id, type="function", function=function)
    for piece in call.arguments:
        function = chunked.ChoiceDeltaToolCallFunction(arguments=piece)
        yield chunked.ChoiceDeltaToolCall(index=index, function=function)


def _chunk(
    answer: Answer,
    head: Head,
    delta: chunked.ChoiceDelta,
    *,
    content: bool = True,
    logprobs: chunked.ChoiceLogprobs | None = None,
    finish_reason: FinishReason | None = None,
) -> Chunk:
    choice = chunked.Choice(index=0, delta=delta, logprobs=logprobs, finish_reason=finish_reason)
    event = _frame(answer, head, [choice])
    if head.include_usage:
        event.usage = None
    return Chunk(event.model_dump_json(exclude_unset=True).encode(), content)


def _frame(answer: Answer, head: Head, choices: list[chunked.Choice]) -> ChatCompletionChunk:
    event = ChatCompletionChunk(
        id=head.id,
        object="chat.completion.chunk",
        created=CREATED,
        model=head.model,
        choices=choices,
        service_tier="default",
        system_fingerprint=FINGERPRINT,
    )
    if answer.framing.unknown_fields:
        event.obfuscation = "x7Qe"
        # Not in the SDK's type: pydantic keeps it as an extra field.
        setattr(event, "unheard_of", {"deep": [1, None, "ü"]})  # noqa: B010
    return event
