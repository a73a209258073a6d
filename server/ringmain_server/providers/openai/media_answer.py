"""Room 4, pure: what the answers beside chat have in common."""

from collections.abc import Mapping

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers import numbers
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.wording import report_of

_ANSWERS = frozenset({"data", "results", "text", "segments", "embeddings", "type"})
"""Fields of answers and events, one of which each has."""


def document(raw: bytes, provider_id: str, errors: OpenAIErrors) -> Mapping[str, object]:
    """An answer that is a JSON object and no error.

    Raises:
        ProviderError: It is something else.
    """
    try:
        # A memoryview, since the parser takes no subclass of bytes.
        found = read(memoryview(raw))
    except NotJson as exc:
        raise malformed(provider_id, "what is no JSON") from exc
    if not isinstance(found, dict):
        raise malformed(provider_id, "what is no JSON object")
    if found.get("error") is not None:
        raise errors.reported(provider_id, found["error"])
    if found.keys().isdisjoint(_ANSWERS) and (report := report_of(found)) is not None:
        raise errors.reported(provider_id, report)
    return found


def malformed(provider_id: str, what: str) -> MalformedAnswer:
    """The failure of an answer that breaks the wire's rules."""
    return MalformedAnswer(provider_id, f"answered {what}")


def count(counts: object, *names: str) -> int:
    """A count within a usage, by the first of its names that is there; zero where it is none."""
    return numbers.count_of(counts, *names) or 0


def seconds(value: object) -> float:
    """A span in seconds, zero where it is none."""
    return numbers.seconds(value) or 0.0


def text(value: object) -> str:
    """A text, empty where it is none."""
    return value if isinstance(value, str) else ""
