"""Room 4, pure: keeps the ids of tool calls unique within a conversation.

Some servers number the calls of every answer from 0, and some give several calls one id. Results are matched
to calls by their ids, so a repeated id is replaced by one that depends only on the conversation: an answer
has the same ids whole and streamed.
"""

from collections.abc import Iterator

from ringmain.v1.chat_service_pb2 import ChatRequest


class CallIds:
    """The ids of the tool calls of one conversation.

    Args:
        request: The caller's request, which has the earlier calls. It is read only once a call needs an id.
    """

    __slots__ = ("_request", "_taken")

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._taken: set[str] | None = None

    def unique(self, tool_call_id: str) -> str:
        """Returns an id that no other call of the conversation has: the one given, if possible."""
        if self._taken is None:
            self._taken = set(_earlier(self._request))
        found, number = tool_call_id, 1
        while found in self._taken:
            number += 1
            found = f"{tool_call_id}_{number}"
        self._taken.add(found)
        return found


def _earlier(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        for part in message.parts:
            if part.HasField("tool_call"):
                yield part.tool_call.tool_call_id
