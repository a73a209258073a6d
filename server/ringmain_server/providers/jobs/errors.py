"""Room 4, pure: what the errors of the image services mean. Their bodies differ, their statuses hardly do."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from ringmain_server.errors import ContentFiltered, ProviderError
from ringmain_server.providers.http_errors import by_status, clean
from ringmain_server.providers.jobs.service import items_at, text_at

_MODERATION = ("content_moderation", "content_policy_violation", "moderation")
"""Names by which Stability AI (`name`) and fal (`type`) say that a safety system refused."""


@dataclass(frozen=True, slots=True)
class JobErrors:
    """The error map of a service. See `ErrorMap`.

    Attributes:
        secrets: What no message may hold.
        clock: The time of day, in seconds since the epoch.
    """

    secrets: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time

    def __call__(
        self, provider_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ProviderError:
        """What a status that is not a success means."""
        document = _document(body)
        if _refused_by_safety(document):
            category = {"category": "unspecified"}
            return ContentFiltered(provider_id, "its safety system refused", metadata=category)
        return by_status(provider_id, status, headers, clean(_message(document), self.secrets), self.clock())


def _document(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _refused_by_safety(document: object) -> bool:
    names = [text_at(document, "name"), *(text_at(one, "type") for one in items_at(document, "detail"))]
    return any(name in _MODERATION for name in names)


def _message(document: object) -> str:
    """What a body says: one text, several, or several objects with one each."""
    found = [text_at(document, name) for name in ("detail", "error", "message", "title")]
    found += map(_words, (*items_at(document, "errors"), *items_at(document, "detail")))
    return "; ".join(filter(None, found))


def _words(one: object) -> str:
    return one if isinstance(one, str) else text_at(one, "msg") or text_at(one, "message")
