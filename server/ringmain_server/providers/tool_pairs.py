"""Room 4, pure: gives every call of a conversation an id of its own and a result, as providers demand.

Some servers give several calls one id, and a caller may bring such calls together, for instance when it
continues from a stored conversation. Calls and results of one id belong together in their order. A caller may
also drop the result of a tool, for instance because its user spoke before the tool had ended. The model is
told so, in the place where the result belongs: right behind the turn with the call.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence

from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_TOOL, Message, Part, ToolResult

MISSING = "There is no result: the tool was not run, or did not end."
"""The result of a call that has none."""

Placed = tuple[int, Message]
"""A message with its place in the request, for error messages."""


def paired(messages: Sequence[Message]) -> Iterable[Placed]:
    """Returns the messages with their places, where each call has its own id and a result.

    A message that is added has the place of the turn with the calls. Nothing is copied unless ids repeat.
    """
    for message in messages:
        if message.role == ROLE_ASSISTANT:
            break
    else:
        return enumerate(messages)  # many a conversation is one question
    called = [call_id for message in messages for call_id in _calls(message)]
    if len(set(called)) < len(called):
        messages = _distinct(messages, set(called))
        called = [call_id for message in messages for call_id in _calls(message)]
    missing = set(called) - {part.tool_result.tool_call_id for message in messages for part in message.parts}
    return _completed(messages, missing) if missing else enumerate(messages)


def _calls(message: Message) -> Iterable[str]:
    if message.role != ROLE_ASSISTANT:
        return ()
    return (part.tool_call.tool_call_id for part in message.parts if part.HasField("tool_call"))


def _distinct(messages: Sequence[Message], taken: set[str]) -> list[Message]:
    """Returns copies in which no id repeats. A result belongs to the first call of its id without one."""
    counts: Counter[str] = Counter()
    waiting: defaultdict[str, deque[str]] = defaultdict(deque)
    latest: dict[str, str] = {}
    found: list[Message] = []
    for message in messages:
        copy = Message()
        copy.CopyFrom(message)
        for part in copy.parts:
            if part.HasField("tool_call"):
                given = part.tool_call.tool_call_id
                counts[given] += 1
                own = part.tool_call.tool_call_id = _own(given, counts[given], taken)
                waiting[given].append(own)
                latest[given] = own
            elif part.HasField("tool_result"):
                given = part.tool_result.tool_call_id
                queue = waiting[given]
                part.tool_result.tool_call_id = queue.popleft() if queue else latest.get(given, given)
        found.append(copy)
    return found


def _own(given: str, count: int, taken: set[str]) -> str:
    """Returns the id of a call: for the first of its id, that one."""
    if count == 1:
        return given
    found = f"{given}_{count}"
    while found in taken:
        found += "_"
    taken.add(found)
    return found


def _completed(messages: Sequence[Message], missing: set[str]) -> Iterator[Placed]:
    waiting: list[str] = []
    for index, message in enumerate(messages):
        # Neighboring messages of the model are one turn, and results come behind all of it.
        if waiting and message.role != ROLE_ASSISTANT:
            yield index - 1, _results(waiting)
            waiting.clear()
        yield index, message
        waiting += (call_id for call_id in _calls(message) if call_id in missing)
    if waiting:
        yield len(messages) - 1, _results(waiting)


def _results(call_ids: Iterable[str]) -> Message:
    results = (ToolResult(tool_call_id=one, parts=[Part(text=MISSING)], failed=True) for one in call_ids)
    return Message(role=ROLE_TOOL, parts=[Part(tool_result=result) for result in results])
