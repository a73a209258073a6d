"""Room 4, pure: keeps an output item of OpenAI's responses wire in the signatures of its parts.

A server that stores nothing needs each item of its answer back as it was. What a part of the contract cannot
hold of its item is in `Part.signature`, as JSON after a marker that distinguishes it from the signatures of
other wires:

    responses:{"item": {"type": "message", "id": "msg_1", "phase": "commentary"}, "after": "rs_1",
    "content": {"type": "output_text", "annotations": […]}}

`after` is the id of the reasoning that led to the item: the server refuses the item's id without that
reasoning. `content` is there only for a part of a message. A signature comes back from callers, who can write
anything into it, so it is reduced to known shapes (`responses_shapes.py`).
"""

from dataclasses import dataclass, field

from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.openai import responses_shapes as shapes
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.state_json import read_state, write_state

_MARK = b"responses:"
_LARGEST = 8 << 20
"""Most bytes of a signature that is read."""


@dataclass(frozen=True, slots=True)
class State:
    """The state in a signature.

    Attributes:
        item: The item, without what its part holds.
        after: The id of the reasoning that led to it; empty if none did.
        content: The content of a message that the part is, without its text.
    """

    item: Object
    after: str = ""
    content: Object = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The type of the item."""
        return str(self.item["type"])

    @property
    def item_id(self) -> str:
        """The id of the item."""
        return str(self.item["id"])


def packed(item: object, *, after: str = "", content: object = None) -> bytes:
    """Returns the signature of a part.

    Args:
        item: The part's item, or more than is kept of it.
        after: The id of the reasoning that led to it; empty if none did.
        content: The content of a message that the part is.

    Returns:
        The signature; empty if the item is of no known shape.
    """
    kept = shapes.item(item)
    if kept is None:
        return b""
    state: Object = {"item": kept}
    if after:
        state["after"] = after
    if content is not None:
        state["content"] = shapes.fields(content, shapes.CONTENT)
    return _MARK + write_state(state)


def state_of(part: Part, provider_id: str) -> State | None:
    """Returns what the signature of an earlier turn's part holds.

    Args:
        part: The part as the caller sent it back.
        provider_id: The provider that is asked now. It would refuse what another provider signed.

    Returns:
        The state; None if it is from another provider or another wire, or the caller changed its shape.
    """
    signature = part.signature
    if not signature or is_foreign(part, provider_id):
        return None
    if not signature.startswith(_MARK) or len(signature) > _LARGEST:
        return None
    found = read_state(signature[len(_MARK) :])
    if found is None:
        return None
    item, after = shapes.item(found.get("item")), found.get("after")
    if item is None:
        return None
    content = shapes.fields(found.get("content"), shapes.CONTENT)
    return State(item, after if isinstance(after, str) else "", content or {})
