"""Room 4, pure: passes on what an answer holds in blocks of types that no translator knows.

Such a block is a part of its own: a `ProviderToolCall` that is named after the block's type, with the rest of
the block as JSON in its result. It has no state, because what is not known to be harmless does not go back to
the provider.
"""

from collections.abc import Hashable, Mapping

from ringmain.v1.content_pb2 import Part

from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.state_json import write_state

NAME_LIMIT = 256
"""Most characters of a name, as the contract promises."""
_ABOUT = frozenset({"type", "id", "call_id", "status", "index"})
"""Fields that say nothing by themselves."""


def shown(block: Mapping[str, object]) -> str:
    """Returns what a block holds, as JSON; empty if it holds nothing."""
    content = {name: value for name, value in block.items() if name != "type" and value}
    return write_state(content).decode() if content.keys() - _ABOUT else ""


def pass_on(block: Mapping[str, object], key: Hashable, assembler: ChatAssembler) -> bool:
    """Adds a block to an answer; returns whether it holds anything.

    Args:
        block: The block.
        key: The key for its part.
        assembler: The assembler of the answer.
    """
    said = shown(block)
    if said:
        kind = block.get("type")
        name = kind[:NAME_LIMIT] if isinstance(kind, str) and kind else "unknown"
        assembler.provider_tool_call(key, "", name)
        assembler.result(Part(text=said), key)
    return bool(said)
