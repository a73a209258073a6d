"""Room 4, the pure side of `anthropic`: keeps and writes back the blocks of the provider's own tools.

On this wire a call and its result are two blocks, often with others between them; in the contract they are
one part, a `ProviderToolCall`. Its signature keeps what the part has no field for, so that the blocks can
be sent back as they came and in their order:

    {"call": {"type": "server_tool_use", "name": "web_search", "caller": {…}}}
    {"result": {"type": "web_search_tool_result", "tool_use_id": "…", "content": […]}, "at": 2, "order": 3}

`at` counts the parts that began before the result, `order` the results. A result whose call was in an
earlier turn has a part of its own with the same id. A block that belongs to no tool but must come back,
such as the summary of a compaction, is a part that is named after its type: `{"held": {"type":
"compaction", …}}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.anthropic.blocks import Block, arguments, wire_id
from ringmain_server.providers.anthropic.server_results import RESULT
from ringmain_server.providers.anthropic.state import Json, only, packed, text, unpacked
from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.numbers import place
from ringmain_server.text.surrogates import Joiner

CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
"""Types of blocks with which the provider's own tools are called."""
HELD = frozenset({"compaction", "mcp_tool_listing", "fallback"})
"""Types of blocks that belong to no tool and must come back unchanged."""
_CALL_FIELDS = frozenset({"type", "name", "caller", "server_name"})
_RESULT_FIELDS = frozenset({"type", "tool_use_id", "content", "is_error", "caller"})
_HELD_FIELDS = {
    "compaction": frozenset({"type", "content", "encrypted_content", "signature", "tool_changes"}),
    "mcp_tool_listing": frozenset({"type", "mcp_server_name", "tools"}),
    "fallback": frozenset({"type", "from", "to", "trigger"}),
}

_INPUT = "partial_json"
"""The field of the pieces in which an input comes."""


@dataclass(slots=True)
class Blocks:
    """The blocks of one part, with the places of its results.

    Attributes:
        own: The block that stands where the part stands; None if the part has only results.
        results: Each result, with the number of parts before it and its order among all results.
    """

    own: Block | None = None
    results: list[tuple[int, int, Block]] = field(default_factory=list)


class HeldBlock:
    """A block that belongs to no tool, or is of an unknown type, and may come in pieces.

    Args:
        block: The block as it began.
    """

    __slots__ = ("_begun", "_pieces")

    def __init__(self, block: Json) -> None:
        self._begun = block
        self._pieces: dict[str, list[str]] = {}

    def grow(self, delta: Json) -> None:
        """Appends to the texts of the block."""
        for name in delta:
            if name != "type" and (piece := text(delta, name)):
                self._pieces.setdefault(name, [text(self._begun, name)]).append(piece)

    def block(self) -> Json:
        """Returns the whole block."""
        grown: dict[str, object] = {name: _joined(pieces) for name, pieces in self._pieces.items()}
        if _INPUT in grown:
            grown["input"] = arguments(str(grown.pop(_INPUT)))
        return {**self._begun, **grown}


def call_state(block: Json) -> bytes:
    """Returns the state of a call."""
    return packed({"call": only(block, _CALL_FIELDS)})


def result_state(block: Json, at: int, order: int) -> bytes:
    """Returns the state of a result.

    Args:
        block: The result.
        at: The number of parts that began before it.
        order: Its place among the results.
    """
    return packed({"result": only(block, _RESULT_FIELDS), "at": at, "order": order})


def held_state(block: Json) -> bytes:
    """Returns the state of a block that belongs to no tool."""
    return packed({"held": only(block, _HELD_FIELDS[text(block, "type")])})


def given_back(part: Part, provider_id: str) -> Blocks:
    """Returns the blocks of an earlier part; none if another provider made it or the caller changed it.

    A part is left out as a whole, because the wire refuses a result without its call.
    """
    lines = None if is_foreign(part, provider_id) else unpacked(part.signature)
    found = Blocks()
    for line in lines or ():
        if not _add(found, line, part):
            return Blocks()
    return found


def _joined(pieces: list[str]) -> str:
    joiner = Joiner()
    return joiner.feed(*pieces) + joiner.end()


def _add(found: Blocks, line: Json, part: Part) -> bool:
    """Adds the block of a line; returns whether the line is one that this module wrote."""
    call_id = part.provider_tool_call.tool_call_id
    match line:
        case {"call": dict(call)} if found.own is None and _is_call(call):
            own = {**call, "id": wire_id(call_id)}
            own["input"] = arguments(part.provider_tool_call.arguments_json)
            found.own = own
        case {"held": dict(held)} if found.own is None and _is_held(held):
            found.own = held
        case {"result": dict(result), "at": at, "order": order} if _is_result(result, call_id):
            before, nth = place(at), place(order)
            if before is None or nth is None:
                return False
            found.results.append((before, nth, {**result, "tool_use_id": wire_id(call_id)}))
        case _:
            return False
    return True


def _is_call(call: Mapping[str, object]) -> bool:
    return text(call, "type") in CALLS and bool(text(call, "name")) and call.keys() <= _CALL_FIELDS


def _is_held(held: Mapping[str, object]) -> bool:
    kind = text(held, "type")
    return kind in HELD and held.keys() <= _HELD_FIELDS[kind]


def _is_result(result: Mapping[str, object], call_id: str) -> bool:
    named = text(result, "type").endswith(RESULT) and result.get("tool_use_id") == call_id
    return named and result.keys() <= _RESULT_FIELDS
