"""Room 4, pure: gives every call of a conversation an id of its own and a result, as providers demand.

Some servers give several calls one id, and a caller may bring such calls together, for instance when it
continues from a stored conversation. Calls and results of one id belong together in their order. A caller may
also drop the result of a tool, for instance because its user spoke before the tool had ended. The model is
told so, in the place where the result belongs: right behind the turn with the call. A result that comes later
is moved there.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_TOOL, Message, Part, ToolResult

MISSING = "There is no result: the tool was not run, or did not end."
"""The result of a call that has none."""

Placed = tuple[int, Message]
"""A message with its place in the request, for error messages."""


def paired(messages: Sequence[Message]) -> Iterable[Placed]:
    """Returns the messages with their places, where each call has its own id and a result right behind it.

    A message that is added has the place of the turn with the calls. Nothing is copied unless ids repeat, or
    a result comes behind another turn of the model than the one with its call.
    """
    for message in messages:
        if message.role == ROLE_ASSISTANT:
            break
    else:
        return enumerate(messages)  # many a conversation is one question
    called = [call_id for message in messages for call_id in _calls(message)]
    if not called:
        return enumerate(messages)  # nearly every conversation
    if len(set(called)) < len(called):
        messages = _distinct(messages, set(called))
        called = [call_id for message in messages for call_id in _calls(message)]
    late = _late(messages)
    missing = set(called) - {
        part.tool_result.tool_call_id for message in messages for part in message.parts
    }.difference(late)
    if not missing:
        return enumerate(messages)
    return _completed(_without(messages, late) if late else enumerate(messages), missing, late)


def _calls(message: Message) -> Iterable[str]:
    if message.role != ROLE_ASSISTANT:
        return ()
    return (part.tool_call.tool_call_id for part in message.parts if part.HasField("tool_call"))


def _distinct(messages: Sequence[Message], taken: set[str]) -> list[Message]:
    """Returns copies in which no id repeats.

    A result belongs to the first call of its id without one, among the model's turns right before it.
    """
    counts: Counter[str] = Counter()
    waiting: defaultdict[str, deque[str]] = defaultdict(deque)
    latest: dict[str, str] = {}
    found: list[Message] = []
    is_own = False
    for message in messages:
        if message.role == ROLE_ASSISTANT and not is_own:
            waiting.clear()
        is_own = message.role == ROLE_ASSISTANT
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


def _late(messages: Sequence[Message]) -> Mapping[str, Sequence[Part]]:
    """Returns all results of each call that has one behind another turn of the model, by the call's id."""
    late: set[str] = set()
    earlier: set[str] = set()
    present: set[str] = set()
    is_own = False
    for message in messages:
        if message.role == ROLE_ASSISTANT:
            if not is_own:
                earlier |= present
                present = set()
            present.update(_calls(message))
        else:
            late.update(part.tool_result.tool_call_id for part in message.parts if _answers(part, earlier))
        is_own = message.role == ROLE_ASSISTANT
    found: defaultdict[str, list[Part]] = defaultdict(list)
    for part in (part for message in messages for part in message.parts if _answers(part, late)):
        found[part.tool_result.tool_call_id].append(part)
    return found


def _answers(part: Part, calls: Collection[str]) -> bool:
    """Whether a part is a result of one of the calls."""
    return part.HasField("tool_result") and part.tool_result.tool_call_id in calls


def _without(messages: Sequence[Message], late: Collection[str]) -> Iterator[Placed]:
    """Yields the messages without late results; one that had nothing else still parts two turns."""
    for index, message in enumerate(messages):
        kept = [part for part in message.parts if not _answers(part, late)]
        is_whole = len(kept) == len(message.parts)
        yield index, message if is_whole else Message(role=message.role, parts=kept)


def _completed(
    messages: Iterable[Placed], missing: Collection[str], late: Mapping[str, Sequence[Part]]
) -> Iterator[Placed]:
    waiting: list[str] = []
    turn = 0
    for index, message in messages:
        # Neighboring messages of the model are one turn, and results come behind all of it.
        if waiting and message.role != ROLE_ASSISTANT:
            yield turn, _results(waiting, late)
            waiting.clear()
        if message.parts:
            yield index, message
        if message.role == ROLE_ASSISTANT:
            turn = index
            waiting += (call_id for call_id in _calls(message) if call_id in missing)
    if waiting:
        yield turn, _results(waiting, late)


def _results(call_ids: Iterable[str], late: Mapping[str, Sequence[Part]]) -> Message:
    """Returns the results of calls: those that come late, and for others, that there is none."""
    found = Message(role=ROLE_TOOL)
    for call_id in call_ids:
        none = ToolResult(tool_call_id=call_id, parts=[Part(text=MISSING)], failed=True)
        found.parts.extend(late.get(call_id) or [Part(tool_result=none)])
    return found
