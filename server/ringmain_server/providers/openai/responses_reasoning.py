"""Room 4, pure: translates reasoning items of OpenAI's responses wire into reasoning, and back.

A server that stores nothing needs the item back unchanged in the next turn: its id, its summary and its
encrypted content (https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items). Servers of
open models give the reasoning in plain `content` instead. `Part.signature` holds the item after a marker
that distinguishes it from the signatures of other wires.
"""

from collections.abc import Mapping

import orjson
from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.json_reader import written
from ringmain_server.providers.openai.chat_parts import Object

_MARK = b"responses:"
_KEPT = ("id", "summary", "content", "encrypted_content")
_STATE = ("content", "encrypted_content")


def signature(item: Mapping[str, object]) -> bytes:
    """Returns the state of a reasoning item; empty if it has none, since an id alone means nothing here."""
    if not any(map(item.get, _STATE)):
        return b""
    return _MARK + written({name: item[name] for name in _KEPT if item.get(name)}).encode()


def reasoning_item(part: Part, provider_id: str) -> Object | None:
    """Returns the item of an earlier turn's reasoning.

    Args:
        part: The reasoning as the caller sent it back.
        provider_id: The provider that is asked now. It would refuse what another provider signed.

    Returns:
        The item; None if it is from another provider or another wire.
    """
    if part.provider_id != provider_id or not part.signature.startswith(_MARK):
        return None
    try:
        kept = orjson.loads(part.signature[len(_MARK) :])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(kept, dict):
        return None
    if not all(_is_kept(kept[name]) for name in _KEPT if name in kept):
        return None
    return {"type": "reasoning", "summary": [], **{name: kept[name] for name in _KEPT if name in kept}}


def _is_kept(value: object) -> bool:
    """Whether a value has the form that `signature` writes, since callers can write anything into it."""
    if isinstance(value, str):
        return True
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(isinstance(inner, str) for inner in one.values()) for one in value
    )
