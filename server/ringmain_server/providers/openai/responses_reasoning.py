"""Room 4, pure: reasoning items of OpenAI's responses wire as `Reasoning`, and back for the next turn.

A server that stores nothing wants the item back as it was: its id, its summary and its encrypted content
(https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items). Servers of open models give the
reasoning in plain `content` instead. `Reasoning.signature` holds the item, and opens with a mark, so that
nobody else's signature is taken for one.
"""

from collections.abc import Mapping

import orjson
from ringmain.v1.content_pb2 import Reasoning

from ringmain_server.providers.json_reader import written
from ringmain_server.providers.openai.chat_parts import Object

_MARK = b"responses:"
_KEPT = ("id", "summary", "content", "encrypted_content")
_STATE = ("content", "encrypted_content")


def signature(item: Mapping[str, object]) -> bytes:
    """The state of a reasoning item, empty if it has none: where nothing is stored, an id means nothing."""
    if not any(map(item.get, _STATE)):
        return b""
    return _MARK + written({name: item[name] for name in _KEPT if item.get(name)}).encode()


def reasoning_item(reasoning: Reasoning, provider_id: str) -> Object | None:
    """The item of an earlier turn's reasoning, None if it is not this provider's, or not of this wire.

    Args:
        reasoning: As the caller sent it back.
        provider_id: Who is asked now. What another signed would be refused, so it is dropped.
    """
    if reasoning.provider_id != provider_id or not reasoning.signature.startswith(_MARK):
        return None
    try:
        kept = orjson.loads(reasoning.signature[len(_MARK) :])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(kept, dict):
        return None
    if not all(_is_kept(kept[name]) for name in _KEPT if name in kept):
        return None
    return {"type": "reasoning", "summary": [], **{name: kept[name] for name in _KEPT if name in kept}}


def _is_kept(value: object) -> bool:
    """Whether a value is of the form that we keep: callers can write anything into a signature."""
    if isinstance(value, str):
        return True
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(isinstance(inner, str) for inner in one.values()) for one in value
    )
