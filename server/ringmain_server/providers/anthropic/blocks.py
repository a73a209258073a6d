"""Room 4, the pure side of `anthropic`: what all writers of content blocks share."""

import hashlib
import re
from collections.abc import Mapping

from ringmain_server.providers.json_reader import NotJson, read_again

Block = Mapping[str, object]
"""A content block of the wire."""

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_ID = re.compile(r"[^a-zA-Z0-9_-]")


def text_block(text: str) -> Block:
    """Returns a block of text."""
    return {"type": "text", "text": text}


def wire_id(tool_call_id: str) -> str:
    """Returns a tool call's id in the characters that this wire allows, which are fewer than elsewhere."""
    if _ID.fullmatch(tool_call_id):
        return tool_call_id
    digest = hashlib.blake2b(tool_call_id.encode(), digest_size=8).hexdigest()
    return f"{_NOT_ID.sub('_', tool_call_id)[:40]}_{digest}"


def arguments(text: str) -> Block:
    """Returns the arguments of an earlier call as an object.

    The wire requires an object, but the model that wrote them may have written something else.
    """
    if not text.strip():
        return {}
    try:
        found = read_again(text)
    except NotJson:
        return {"invalid_json": text}
    return found if isinstance(found, dict) else {"value": found}
