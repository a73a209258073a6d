"""Room 4, pure: gives a result to every call of a conversation, since providers refuse a call without one.

A caller may drop the result of a tool, for instance because its user spoke before the tool had ended. The
model is told so, in the place where the result belongs: right behind the turn with the call.
"""

from collections.abc import Iterable, Iterator, Sequence

from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_TOOL, Message, Part, ToolResult

MISSING = "There is no result: the tool was not run, or did not end."
"""The result of a call that has none."""

Placed = tuple[int, Message]
"""A message with its place in the request, for error messages."""


def answered(messages: Sequence[Message]) -> Iterable[Placed]:
    """Returns the messages with their places, and a result for each call that has none.

    A message that is added has the place of the turn with the calls.
    """
    missing = _asked(messages)
    if missing:
        missing -= {part.tool_result.tool_call_id for message in messages for part in message.parts}
    return _completed(messages, missing) if missing else enumerate(messages)


def _asked(messages: Sequence[Message]) -> set[str]:
    """Returns the ids of all calls."""
    return {call_id for message in messages if message.role == ROLE_ASSISTANT for call_id in _calls(message)}


def _calls(message: Message) -> Iterator[str]:
    return (part.tool_call.tool_call_id for part in message.parts if part.HasField("tool_call"))


def _completed(messages: Sequence[Message], missing: set[str]) -> Iterator[Placed]:
    waiting: list[str] = []
    for index, message in enumerate(messages):
        # Neighboring messages of the model are one turn, and results come behind all of it.
        if waiting and message.role != ROLE_ASSISTANT:
            yield index - 1, _results(waiting)
            waiting.clear()
        yield index, message
        if message.role == ROLE_ASSISTANT:
            waiting += (call_id for call_id in _calls(message) if call_id in missing)
    if waiting:
        yield len(messages) - 1, _results(waiting)


def _results(call_ids: Iterable[str]) -> Message:
    results = (ToolResult(tool_call_id=one, parts=[Part(text=MISSING)], failed=True) for one in call_ids)
    return Message(role=ROLE_TOOL, parts=[Part(tool_result=result) for result in results])
