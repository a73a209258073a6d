"""Room 4, pure: reads the tool calls of a chat completion, whole or in pieces, into one assembler.

https://platform.openai.com/docs/api-reference/chat/streaming: the first piece of a call has its id and name,
all have its index. Other servers leave out the index or the id, number every call 0, or send the name after
the id. Google's endpoint signs a call in `extra_content`. The fields of OpenAI's first function calls
(`function_call`) are those of a call without an id.
"""

from collections.abc import Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest

from ringmain_server.errors import MalformedAnswer, ModelOutputInvalid
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.call_ids import CallIds
from ringmain_server.providers.json_reader import NotJson, read, written
from ringmain_server.providers.numbers import place
from ringmain_server.providers.openai.chat_state import call_state
from ringmain_server.text.excerpt import excerpt

Object = Mapping[str, object]

_LEGACY = -1
"""The index of a call in `function_call`."""


class _Call:
    """A call, as far as it has been read: without a name it has not begun."""

    __slots__ = ("arguments", "extra", "identity", "key", "name", "named_again", "unnamed")

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.name = ""
        self.unnamed = False
        self.named_again = False
        self.key = -1
        self.arguments: list[str] = []
        self.extra: object = None

    @property
    def is_complete(self) -> bool:
        """Whether the arguments are complete."""
        text = "".join(self.arguments)
        try:
            return text.rstrip().endswith("}") and isinstance(read(text), dict)
        except NotJson:
            return False


class ChatCalls:
    """The tool calls of one answer.

    Args:
        provider_id: The provider that answers.
        request: The caller's request.
        assembler: Takes what is read.
    """

    __slots__ = ("_assembler", "_calls", "_ids", "_provider_id")

    def __init__(self, provider_id: str, request: ChatRequest, assembler: ChatAssembler) -> None:
        self._provider_id = provider_id
        self._assembler = assembler
        self._ids = CallIds(request)
        self._calls: dict[int, _Call] = {}

    def read(self, calls: object, answer_id: object, *, whole: bool) -> None:
        """Reads calls, or pieces of them.

        Args:
            calls: The field `tool_calls` of a message or delta.
            answer_id: The id of the answer, from which missing ids are made.
            whole: Whether each is a call, whatever its index, and not a piece of one.

        Raises:
            MalformedAnswer: They have no known shape.
            ModelOutputInvalid: The model called what callers cannot answer.
        """
        if not isinstance(calls, list):
            raise self._malformed("tool calls of no known shape")
        named: set[int] = set()
        for position, call in enumerate(calls):
            if not isinstance(call, dict):
                raise self._malformed("a tool call of no known shape")
            index = None if whole else place(call.get("index"))
            index = position if index is None else index
            if self._piece(index, call, answer_id, repeats=index in named):
                named.add(index)

    def legacy(self, function: object, answer_id: object) -> None:
        """Reads the one call of `function_call`, or a piece of it. Raises as `read` does.

        Some servers write empty fields where there is no call.
        """
        if isinstance(function, dict) and not any(function.values()):
            return
        self._piece(_LEGACY, {"function": function}, answer_id, repeats=False)

    def end(self) -> None:
        """Checks at the end of an answer that every call has begun, and signs the calls.

        Raises:
            MalformedAnswer: One has no name.
            ModelOutputInvalid: One has an empty name.
        """
        for call in self._calls.values():
            if not call.name and call.unnamed:
                raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
            if not call.name:
                raise self._malformed("the arguments of a tool call that never began")
            self._sign(call)

    def _piece(self, index: int, piece: Object, answer_id: object, *, repeats: bool) -> bool:
        """Reads a piece of a call, and returns whether it had the call's name.

        Args:
            index: The place of the call.
            piece: The piece.
            answer_id: The id of the answer.
            repeats: Whether a piece with a name came at this place together with this one.
        """
        found = piece.get("id")
        identity = found if isinstance(found, str) else ""
        function = self._function(piece, identity)
        name, arguments = function.get("name"), function.get("arguments")
        if not isinstance(name, str | None):
            raise self._malformed("a tool call without a name")
        text = arguments if isinstance(arguments, str) else written(arguments) if arguments else ""
        call = self._calls.get(index)
        if call is None:
            call = self._calls[index] = _Call(identity)
        elif call.name and ((repeats and name) or _is_other(call, identity, name, text)):
            name = name or call.name
            self._sign(call)
            call = self._calls[index] = _Call(identity)
        call.identity = call.identity or identity
        call.unnamed |= name == ""
        call.extra = piece.get("extra_content") or call.extra
        call.named_again = bool(call.name and name) or call.named_again
        if name and not call.name:
            self._begin(call, name, answer_id)
        if text:
            call.arguments.append(text)
            if call.name:
                self._assembler.arguments(text, call.key)
        return bool(name)

    def _function(self, piece: Object, identity: str) -> Object:
        """Returns what a piece says of the function; an id may come before that."""
        function = piece.get("function")
        if isinstance(function, dict):
            return function
        kind = piece.get("type")
        if isinstance(kind, str) and kind not in ("", "function"):
            message = f"the model calls a tool of type {excerpt(kind)}, which no caller can answer"
            raise ModelOutputInvalid(self._provider_id, message)
        if function is not None or not identity:
            raise self._malformed("a tool call of no known shape")
        return {}

    def _begin(self, call: _Call, name: str, answer_id: object) -> None:
        call.name = name
        call.key = self._assembler.tool_calls  # not the server's index, which may repeat
        made_up = f"call_{answer_id}_{call.key}" if isinstance(answer_id, str) else f"call_{call.key}"
        self._assembler.tool_call(call.key, self._ids.unique(call.identity or made_up), name)
        for piece in call.arguments:
            self._assembler.arguments(piece, call.key)

    def _sign(self, call: _Call) -> None:
        """Adds what the server wants back with a call that is complete."""
        if call.name and call.extra is not None:
            self._assembler.signature(call_state(call.extra), call.key)

    def _malformed(self, what: str) -> MalformedAnswer:
        return MalformedAnswer(self._provider_id, f"answered {what}")


def has_objects(calls: object, function: object) -> bool:
    """Whether the arguments of calls are objects, as some servers write them. These become JSON again.

    Args:
        calls: The field `tool_calls` of a message or delta.
        function: The field `function_call`.
    """
    functions = (
        [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    )
    return any(
        isinstance(one, dict) and isinstance(one.get("arguments"), dict | list)
        for one in (*functions, function)
    )


def _is_other(call: _Call, identity: str, name: str | None, text: str) -> bool:
    """Whether a piece begins another call than the one before it, though the place is the same."""
    if name and identity and identity != call.identity:
        return True
    if name and not identity and name != call.name:
        return True
    # A server may repeat the name in every piece: only arguments after complete ones are another call's.
    return bool((name or call.named_again) and text.strip() and call.is_complete)
