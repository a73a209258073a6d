"""Room 4, pure: classifies the errors of the image services, whose bodies differ but whose statuses agree."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ringmain_server.errors import JobFailed, ProviderError, ServerFault
from ringmain_server.providers import wording
from ringmain_server.providers.http_errors import by_status, clean, retry_after
from ringmain_server.providers.jobs.faults import FailureReport, Fault, FaultTable, fault_of_status, meant
from ringmain_server.providers.json_reader import NotJson, read

_TEXTS = ("detail", "error", "message", "msg", "title", "failure", "failure_reason")
_CODES = ("type", "name", "code", "error_type", "error_code", "failureCode")
_LISTS = ("errors", "detail", "issues", "error")
_PLACES = ("path", "loc", "field", "param", "property")
_NOT_YET = frozenset({404, 409})
"""Statuses for a job or a picture that was made a moment ago and is not available everywhere yet."""
_RUNS = re.compile(r"\bin progress\b|not (?:yet )?(?:ready|complete)", re.IGNORECASE)
"""Matches fal's message, with status 400, that a result is not available yet."""
_GONE = 410
_FINAL_HEADERS = ("x-fal-retryable", "x-fal-needs-retry")
"""Headers that say whether a retry helps: https://docs.fal.ai/errors."""


@dataclass(frozen=True, slots=True)
class JobErrors:
    """The error map of a service. See `ErrorMap`.

    Attributes:
        secrets: Texts that no message may contain.
        clock: The time of day, in seconds since the epoch.
        faults: The meanings of the service's own codes.
        accepted: Whether the request is about a job that the service has accepted and therefore must know.
    """

    secrets: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time
    faults: FaultTable = field(default_factory=FaultTable)
    accepted: bool = False

    def __call__(
        self, provider_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ProviderError:
        """Returns the error that an unsuccessful status means."""
        told = told_by(_document(body))
        if not told.message:
            told = replace(told, message=wording.told(body, status))
        error = self._meaning(provider_id, status, headers, told)
        if any(headers.get(name, "").lower() in ("false", "0") for name in _FINAL_HEADERS):
            error.final = True
        return error

    def _meaning(
        self, provider_id: str, status: int, headers: Mapping[str, str], told: FailureReport
    ) -> ProviderError:
        fault = fault_of_status(told, status, self.faults)
        if fault is not None and fault is not Fault.PROVIDER:
            return meant(provider_id, fault, told, self.secrets)
        # The service has accepted the job, so it must know it: these statuses mean "not yet", not "unknown".
        if self.accepted and (status in _NOT_YET or (status == 400 and _RUNS.search(told.message))):
            wait = retry_after(headers, self.clock())
            return ServerFault(provider_id, "does not have what it made, or not yet", retry_after=wait)
        if self.accepted and status == _GONE:
            return JobFailed(provider_id, "does not have what it made any more")
        return by_status(provider_id, status, headers, clean(told.message, self.secrets), self.clock())


def told_by(document: object) -> FailureReport:
    """Reads the body of an error: one text, several texts, or several objects with one text each."""
    parts = list(_parts(document))
    texts = dict.fromkeys(filter(None, (_words(part) for part in parts)))
    codes = [code for part in parts for name in _CODES if (code := _text(part, name))]
    categories = [one for part in parts for one in _categories(part)]
    return FailureReport("; ".join(texts), tuple(codes), tuple(categories))


def _parts(document: object) -> Iterator[object]:
    """Yields a body, and the objects and texts in it that describe single errors."""
    if isinstance(document, list):
        yield from document
    elif isinstance(document, Mapping):
        yield document
        for name in _LISTS:
            inner = document.get(name)
            if isinstance(inner, list):
                yield from inner
            elif isinstance(inner, Mapping):
                yield from _parts(inner)


def _words(part: object) -> str:
    """Returns the text of one part, with the field that it refers to."""
    if isinstance(part, str):
        return part
    text = "; ".join(dict.fromkeys(filter(None, (_text(part, name) for name in _TEXTS))))
    place = next(filter(None, (_place(part, name) for name in _PLACES)), "")
    return f"{place}: {text}" if place and text else text


def _place(part: object, name: str) -> str:
    """Returns the path of a field without a leading `body`; Leonardo's `$` is not a path."""
    found = part.get(name) if isinstance(part, Mapping) else None
    if isinstance(found, str) and found[:1].isalpha():
        return found
    steps = found if isinstance(found, list) else ()
    return ".".join(str(step) for step in steps if isinstance(step, str | int) and step != "body")


def _categories(part: object) -> Sequence[str]:
    if not isinstance(part, Mapping):
        return ()
    found = part.get("categories")
    if found is None and isinstance(context := part.get("ctx"), Mapping):
        found = context.get("categories")
    if isinstance(found, Mapping):
        return [str(name) for name, hit in found.items() if hit]
    found = [found] if isinstance(found, str) else found
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else ()


def _text(part: object, name: str) -> str:
    found = part.get(name) if isinstance(part, Mapping) else None
    return found if isinstance(found, str) else ""


def _document(body: bytes) -> object:
    try:
        return read(body)
    except NotJson:
        return None
