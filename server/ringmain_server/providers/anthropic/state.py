"""Room 4, the pure side of `anthropic`: packs what a part cannot hold into its signature.

A part of the contract holds less than a block of the wire: not who called a tool, not the encrypted content
of a search's results, and no order among blocks. The rest is in `Part.signature`, as JSON objects, one on a
line, since a stream sends some of them later than others.

A signature comes back from a caller, who may have changed it. So it is parsed as untrusted data: only known
fields are taken from it, and nothing in them may make the provider do more than read it.
"""

from collections.abc import Collection, Mapping

from ringmain_server.providers.state_json import read_state, write_state

Json = Mapping[str, object]

_BARRED_FIELD = "cache_control"
"""A field with which a block asks to be cached, which is billed and limited."""
_BARRED_TYPES = frozenset({"file", "url", "container_upload"})
"""Types of objects that name a stored file of the account, or an address to fetch."""


def packed(line: Json) -> bytes:
    """Returns one line of a signature; an empty one, which is void, of what is nested too deeply."""
    return write_state(line) + b"\n"


def unpacked(signature: bytes) -> list[Json] | None:
    """Returns the lines of a signature; None if they are not what `packed` wrote, or not harmless."""
    lines: list[Json] = []
    for raw in signature.splitlines():
        line = read_state(raw)
        if line is None or not _is_harmless(line):
            return None
        lines.append(line)
    return lines


def only(found: Json, fields: Collection[str]) -> dict[str, object]:
    """Returns the fields of an object that are known, as they are and in the object's order."""
    return {name: value for name, value in found.items() if name in fields}


def text(found: Json, key: str) -> str:
    """Returns a text field; empty if it is absent or something else."""
    value = found.get(key)
    return value if isinstance(value, str) else ""


def objects(found: Json, key: str) -> list[Json]:
    """Returns the objects in a list field; empty if it is absent or something else."""
    value = found.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_harmless(value: object) -> bool:
    """Whether a provider that reads a value does nothing else with it."""
    if isinstance(value, list):
        return all(map(_is_harmless, value))
    if not isinstance(value, dict):
        return True
    if _BARRED_FIELD in value or text(value, "type") in _BARRED_TYPES:
        return False
    return all(map(_is_harmless, value.values()))
