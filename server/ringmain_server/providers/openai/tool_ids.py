"""Room 4, pure: writes ids of tool calls as a server accepts them.

The id of a call that another provider made may be longer than a server allows, or contain other characters.
It is then replaced by one that depends only on the original, so that calls and results stay linked and a
conversation keeps its prefix from turn to turn. No documentation states the limits; they are taken from the
servers' error messages (https://github.com/microsoft/autogen/issues/6377,
https://github.com/decolua/9router/issues/393, https://github.com/langchain-ai/langchain/pull/24668).
"""

import hashlib
import re
import string
from collections.abc import Callable, Mapping

from ringmain_server.kinds.openai import ToolIds

_ALPHABET = string.digits + string.ascii_letters
_NINE = re.compile(r"[A-Za-z0-9]{9}")


def unchanged(tool_call_id: str) -> str:
    """Returns the id unchanged, for servers that accept any id."""
    return tool_call_id


def up_to_40(tool_call_id: str) -> str:
    """Returns an id of at most 40 characters, for OpenAI's chat completions."""
    return _shortened(tool_call_id, 40)


def up_to_64(tool_call_id: str) -> str:
    """Returns an id of at most 64 characters, for OpenAI's responses."""
    return _shortened(tool_call_id, 64)


def nine_alphanumeric(tool_call_id: str) -> str:
    """Returns an id of nine letters and digits, for Mistral."""
    if _NINE.fullmatch(tool_call_id):
        return tool_call_id
    number = int.from_bytes(hashlib.blake2b(tool_call_id.encode(), digest_size=8).digest())
    letters: list[str] = []
    for _ in range(9):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


WRITERS: Mapping[ToolIds, Callable[[str], str]] = {
    "any": unchanged,
    "up_to_40": up_to_40,
    "nine_alphanumeric": nine_alphanumeric,
}
"""Writes an id as a dialect takes it."""


def _shortened(tool_call_id: str, longest: int) -> str:
    if len(tool_call_id) <= longest:
        return tool_call_id
    digest = hashlib.blake2b(tool_call_id.encode(), digest_size=8).hexdigest()
    return f"{tool_call_id[: longest - len(digest) - 1]}_{digest}"
