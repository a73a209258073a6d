"""Room 4, the pure side of `anthropic`: writes the model's calls of the caller's tools.

The wire says with a call who made it, the model or code that the provider runs
(https://platform.claude.com/docs/en/agents-and-tools/tool-use/programmatic-tool-calling), and of which
toolset the tool is. The signature of a part keeps both.
"""

from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.anthropic.blocks import Block, arguments, wire_id
from ringmain_server.providers.anthropic.state import Json, only, packed, unpacked
from ringmain_server.providers.foreign import is_foreign

_KEY = "tool_use"
_FIELDS = frozenset({"caller", "toolset_name"})


def state(block: Json) -> bytes:
    """Returns the state of a call; empty if it has none."""
    known = {name: value for name, value in only(block, _FIELDS).items() if value is not None}
    return packed({_KEY: known}) if known else b""


def block(part: Part, provider_id: str) -> Block:
    """Returns the block of a call of an earlier turn."""
    call = part.tool_call
    return {
        "type": "tool_use",
        "id": wire_id(call.tool_call_id),
        "name": call.name,
        "input": arguments(call.arguments_json),
        **(_given_back(part, provider_id) if part.signature else {}),
    }


def _given_back(part: Part, provider_id: str) -> Block:
    """Returns the wire's own fields of a call; none if they are another provider's, or changed."""
    lines = None if is_foreign(part, provider_id) else unpacked(part.signature)
    match lines:
        case [{"tool_use": dict(known)}] if known.keys() <= _FIELDS:
            return known
    return {}
