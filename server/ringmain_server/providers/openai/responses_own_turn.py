"""Room 4, pure: writes one turn of the model, as items of OpenAI's responses wire.

https://platform.openai.com/docs/guides/conversation-state. An item that this provider wrote goes back as it
was, from the signatures of its parts (`responses_state.py`); its texts, calls and images are those of the
parts. A text or a call without a signature is an item without an id. Media that another provider made keep
their place but become a user message, since the model's own turn holds no media.

The server refuses reasoning without the item that it led to, as in a turn that was cut short. So reasoning
waits for the next item, and is dropped if none follows. It also refuses the id of an item without the
reasoning that led to it, which callers may drop. Such an item goes back without its id, and a call of a tool
that the provider ran not at all.
"""

from collections.abc import Mapping

from ringmain.v1.content_pb2 import Part, ToolCall

from ringmain_server.errors import InvalidField
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.openai import responses_calls as calls
from ringmain_server.providers.openai.chat_messages import OWN_MEDIA
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.responses_parts import input_text, media_part
from ringmain_server.providers.openai.responses_shapes import FUNCTION_CALL, IMAGE_CALL, MESSAGE, REASONING
from ringmain_server.providers.openai.responses_state import State, state_of
from ringmain_server.providers.openai.tool_ids import up_to_64


class OwnTurn:
    """A turn of the model, as far as it has been written.

    Args:
        dialect: The form of the wire that the server accepts.
        provider_id: The provider that is asked; it gets back only its own state.

    Attributes:
        items: The items.
    """

    __slots__ = ("_dialect", "_messages", "_provider_id", "_reasoning", "_thought", "items")

    def __init__(self, dialect: Dialect, provider_id: str) -> None:
        self._dialect = dialect
        self._provider_id = provider_id
        self._messages: dict[str, list[object]] = {}
        self._reasoning: list[Object] = []
        self._thought = ""
        self.items: list[Object] = []

    def add(self, part: Part, path: str) -> None:
        """Adds a part.

        Args:
            part: The part.
            path: Its place in the request, for error messages.

        Raises:
            MediaInvalid: The server does not accept the medium.
            InvalidField: The part does not belong in a turn of the model.
        """
        kind = part.WhichOneof("content")
        state = state_of(part, self._provider_id)
        if kind == "reasoning":
            self._think(state)
        elif kind == "text":
            self._text(part.text, state)
        elif kind == "tool_call":
            self._append(_tool_call(part.tool_call, self._known(state, FUNCTION_CALL)))
        elif kind == "provider_tool_call":
            if state is not None and self._is_whole(state):
                self._append(calls.given_back(state.item, part.provider_tool_call.results))
        elif kind == "media":
            self._media(part, state, f"{path}.media")
        else:
            raise InvalidField.at(f"{path}.{kind}", "does not belong into this message")

    def _think(self, state: State | None) -> None:
        if state is not None and state.kind == REASONING:
            self._reasoning.append({"summary": [], **state.item})
            self._thought = state.item_id

    def _text(self, text: str, state: State | None) -> None:
        known = self._known(state, MESSAGE)
        if state is None or "id" not in known:
            self._append({"role": "assistant", "content": text, **_phase(known)})
            return
        content = _content(text, state.content)
        if (contents := self._messages.get(state.item_id)) is not None:
            contents.append(content)
            return
        contents = self._messages[state.item_id] = [content]
        self._append({**known, "role": "assistant", "content": contents})

    def _media(self, part: Part, state: State | None, path: str) -> None:
        known = self._known(state, IMAGE_CALL)
        if "id" in known and part.media.data:
            self._append(calls.image_call(known, part.media))
            return
        own = media_part(part, self._dialect, path)
        self.items.append({"role": "user", "content": [input_text(OWN_MEDIA), own]})

    def _known(self, state: State | None, kind: str) -> Object:
        """Returns what is known of an item: without its id, if the reasoning before it is missing."""
        if state is None or state.kind != kind:
            return {}
        if self._is_whole(state):
            return state.item
        return {name: value for name, value in state.item.items() if name != "id"}

    def _is_whole(self, state: State) -> bool:
        """Whether the reasoning that led to an item goes back too."""
        return not state.after or state.after == self._thought

    def _append(self, item: Object | None) -> None:
        if item is not None:
            self.items += [*self._reasoning, item]
            self._reasoning.clear()


def _phase(known: Mapping[str, object]) -> Object:
    """Returns the phase of a message, which belongs to the message with or without its id."""
    return {"phase": known["phase"]} if known.get("phase") else {}


def _content(text: str, content: Mapping[str, object]) -> Object:
    if content.get("type") == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": content.get("annotations") or []}


def _tool_call(call: ToolCall, known: Mapping[str, object]) -> Object:
    # Some models write no text at all for empty arguments, which servers refuse because it is not JSON.
    call_id, arguments = up_to_64(call.tool_call_id), call.arguments_json or "{}"
    return {**known, "type": FUNCTION_CALL, "call_id": call_id, "name": call.name, "arguments": arguments}
