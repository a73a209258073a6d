"""Room 4, pure: reads what all answers except chat have in common."""

from collections.abc import Mapping

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers import numbers
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.wording import report_of

_ANSWERS = frozenset({"data", "results", "text", "segments", "embeddings", "type"})
"""Fields of answers and events; each answer or event has at least one of them."""


def document(raw: bytes, provider_id: str, errors: OpenAIErrors) -> Mapping[str, object]:
    """Returns an answer that is a JSON object and reports no error.

    Raises:
        ProviderError: The answer is something else.
    """
    try:
        # As a memoryview, because the parser accepts no subclass of bytes.
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
    """Returns the failure of an answer that breaks the wire's rules."""
    return MalformedAnswer(provider_id, f"answered {what}")


def count(counts: object, *names: str) -> int:
    """Returns a count of the usage, under the first name that is present; zero if none is."""
    return numbers.count_of(counts, *names) or 0


def seconds(value: object) -> float:
    """Returns a duration in seconds, zero if the value is none."""
    return numbers.seconds(value) or 0.0


def text(value: object) -> str:
    """Returns a value that is text; empty for any other value."""
    return value if isinstance(value, str) else ""
