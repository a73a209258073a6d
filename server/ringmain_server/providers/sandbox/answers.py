"""Room 4, the sandbox, pure: reads answers in JSON for its translators."""

import binascii
from collections.abc import Mapping

import orjson

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.transport import Json


def malformed(candidate: Candidate, what: str) -> MalformedAnswer:
    """Returns the error for an answer that breaks the wire's rules.

    Args:
        candidate: The candidate that answered.
        what: The description of what it sent.
    """
    return MalformedAnswer(candidate.provider_id, f"sent {what}")


def document(raw: bytes, candidate: Candidate) -> Json:
    """Returns an answer that is an object.

    Raises:
        MalformedAnswer: It is anything else.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise malformed(candidate, "something that is not JSON") from exc
    if not isinstance(found, Mapping):
        raise malformed(candidate, "something that is no object")
    return found


def decoded(encoded: object, candidate: Candidate) -> bytes:
    """Decodes base64 into at least one byte.

    Raises:
        MalformedAnswer: It is anything else.
    """
    try:
        # Unlike b64decode, this checks without a regular expression over megabytes.
        found = binascii.a2b_base64(encoded if isinstance(encoded, str) else "", strict_mode=True)
    except ValueError as exc:
        raise malformed(candidate, "something that is not base64") from exc
    if not found:
        raise malformed(candidate, "an answer with nothing in it")
    return found


def objects(value: object, candidate: Candidate) -> list[Json]:
    """Returns a list of at least one object.

    Raises:
        MalformedAnswer: It is anything else.
    """
    found = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    if not found:
        raise malformed(candidate, "an answer without anything in it")
    return found


def count(answer: Json, name: str) -> int:
    """Returns a count of an answer's usage; 0 where it is absent."""
    usage = answer.get("usage")
    value = usage.get(name) if isinstance(usage, Mapping) else None
    return value if isinstance(value, int) else 0
