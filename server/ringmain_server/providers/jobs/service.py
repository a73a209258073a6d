"""Room 4, pure: the form of an image service's description, and helpers that the descriptions share.

A job is submitted to a service, polled until it is done, and its pictures are fetched; or the service answers
with the pictures at once. A description says how that looks on its wire; `engine.py` does the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.media.canvas import EditForm
from ringmain_server.operations import AnyOperation
from ringmain_server.providers.flags import flagged, flags
from ringmain_server.providers.jobs.faults import FailureReport, FaultTable
from ringmain_server.providers.jobs.found import Picture, pictures
from ringmain_server.providers.known_fields import Known
from ringmain_server.providers.transport import HttpRequest, Json

WHITE = EditForm("luminance")
"""White is redrawn, as most of these services expect."""

Submit = Callable[[Any, Candidate], Sequence[HttpRequest]]
"""Translates a request of the contract into the requests of its jobs, one for each job.

Raises CallerError for a value that the service cannot handle.
"""

Cancel = Callable[[Json, Candidate], HttpRequest]
"""Builds the request that cancels a job from the answer to its submission."""


@dataclass(frozen=True, slots=True)
class Job:
    """The state of a job according to an answer.

    Attributes:
        done: Whether the job has ended.
        pictures: Its pictures, without those that a safety system objects to.
        withheld: The number of pictures left out for that reason.
        error: The reason why it failed; None if it did not fail.
        filtered: The category for which a safety system stopped it; None if none did.
        text: The description that the service used in place of the caller's.
    """

    done: bool = False
    pictures: tuple[Picture, ...] = ()
    withheld: int = 0
    error: FailureReport | None = None
    filtered: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """The description of a service.

    Attributes:
        submits: Builds the requests that begin each operation. A missing key is a missing capability.
        read: Reads the state of a job from the answer to its submission or to a later request.
        fields: The fields of these answers that are known.
        headers: Makes the headers of every request from the key.
        poll: Builds the request for a job's state from the answer to its submission and the candidate; None
            for a service that always answers at once.
        result: Builds the request for the pictures of a finished job from the same arguments; None if the
            last answer to `poll` has them.
        cancel: Builds the request that cancels a job from the same arguments; None if jobs cannot be
            cancelled.
        result_hosts: Hosts of its pictures, written as for `media.fetch.Fetcher`.
        edits: The form in which it expects edits.
        interval: Seconds before the first poll of a job and before each later one.
        faults: The meanings of its codes.
        beside: The end of its base URL that is left out in requests about jobs; empty for none.
    """

    submits: Mapping[AnyOperation, Submit]
    read: Callable[[Json], Job]
    fields: Known
    headers: Callable[[str], Mapping[str, str]]
    poll: Callable[[Json, Candidate], HttpRequest] | None = None
    result: Callable[[Json, Candidate], HttpRequest] | None = None
    cancel: Cancel | None = None
    result_hosts: Sequence[str] = ()
    edits: EditForm = WHITE
    interval: tuple[float, float] = (1.0, 2.0)
    faults: FaultTable = field(default_factory=FaultTable)
    beside: str = ""


def finished(document: Json, place: object = None, *, text: str = "") -> Job:
    """Returns a finished job, its pictures without those that a safety system objects to.

    Args:
        document: The answer, whose flags are about all pictures, or about each by its position.
        place: The part of the answer that has the pictures; None for the whole answer.
        text: The description that the service used in place of the caller's.
    """
    found = pictures(document if place is None else place)
    # If the whole answer was searched, its own flags have already been applied to each picture.
    objected = flags(document, len(found)) if place is not None else [False] * len(found)
    good = tuple(one for (one, bad), more in zip(found, objected, strict=True) if not (bad or more))
    filtered = "nsfw" if not good and (found or flagged(document)) else None
    return Job(done=True, pictures=good, withheld=len(found) - len(good), filtered=filtered, text=text)


_FAILED = ("fail", "cancel", "abort", "reject", "expire", "error", "moderated", "block", "timed", "timeout")
"""Prefixes of the states that mean that a job has failed."""


def has_failed(status: str) -> bool:
    """Whether a job's state means that it has failed, so that polling can end."""
    return status.lower().startswith(_FAILED)


_SUCCEEDED = ("succe", "complete", "done", "finish", "ready", "ok")


def has_succeeded(status: str) -> bool:
    """Whether a job's state means, in any wording, that its pictures are available."""
    return status.lower().startswith(_SUCCEEDED)


def _at(document: object, path: Sequence[str]) -> object:
    """Returns the value at a path; None if a step is missing or has another shape."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


_LONGEST_ID = 500
"""Most characters of a job's id."""


def text_at(document: object, *path: str) -> str:
    """Returns a text inside a JSON document; empty if there is none."""
    found = _at(document, path)
    return found if isinstance(found, str) else ""


def id_at(document: object, candidate: Candidate, *path: str) -> str:
    """Returns a job's id inside a JSON document, escaped as one segment of a path.

    A service chooses its ids, and every request carries its key, so an id must not change the path.

    Raises:
        MalformedAnswer: There is no id, or it cannot be a segment of a path.
    """
    found = text_at(document, *path)
    if not found.strip(".") or len(found) > _LONGEST_ID or not found.isprintable():
        raise MalformedAnswer(candidate.provider_id, "answered with a job that has no usable id")
    return quote(found, safe=":")


def texts_at(document: object, *path: str) -> tuple[str, ...]:
    """Returns the texts inside a JSON document, also if there is a single one instead of a list."""
    found = _at(document, path)
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def items_at(document: object, *path: str) -> Sequence[Any]:
    """Returns a list inside a JSON document; empty if there is none."""
    found = _at(document, path)
    return found if isinstance(found, list) else ()


def bearer(key: str) -> Mapping[str, str]:
    """Returns the usual headers for a key."""
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}
