"""Room 4, pure: what the answers beside chat have in common."""

from collections.abc import Mapping

import orjson

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.openai.errors import OpenAIErrors

MOST = 2**63 - 1


def document(raw: bytes, provider_id: str, errors: OpenAIErrors) -> Mapping[str, object]:
    """An answer that is a JSON object and no error.

    Raises:
        ProviderError: It is something else.
    """
    try:
        # A memoryview, since the parser takes no subclass of bytes.
        found = orjson.loads(memoryview(raw))
    except orjson.JSONDecodeError as exc:
        raise malformed(provider_id, "what is no JSON") from exc
    if not isinstance(found, dict):
        raise malformed(provider_id, "what is no JSON object")
    if found.get("error") is not None:
        raise errors.reported(provider_id, found["error"])
    return found


def malformed(provider_id: str, what: str) -> MalformedAnswer:
    """The failure of an answer that breaks the wire's rules."""
    return MalformedAnswer(provider_id, f"answered {what}")


def count(counts: object, *names: str) -> int:
    """A count within a usage, by the first of its names that is there; zero where it is none."""
    for name in names:
        value = counts.get(name) if isinstance(counts, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
            return value
    return 0


def seconds(value: object) -> float:
    """A span in seconds, zero where it is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < 1e9 else 0.0  # type: ignore[operator, arg-type]


def text(value: object) -> str:
    """A text, empty where it is none."""
    return value if isinstance(value, str) else ""
