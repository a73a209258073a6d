"""Room 4, pure: what a description of an image service says, and what all of them share.

A service is asked for a job, asked again until the job is done, and its pictures are fetched; or it answers
with the pictures at once. A description says how that looks on its wire; `engine.py` does the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.media.canvas import EditForm
from ringmain_server.providers.flags import flagged, flags
from ringmain_server.providers.jobs.faults import Faults, Told
from ringmain_server.providers.jobs.found import Picture, pictures
from ringmain_server.providers.transport import HttpRequest, Json

WHITE = EditForm("luminance")
"""White is redrawn: the habit of these services."""

Submit = Callable[[Any, Candidate], Sequence[HttpRequest]]
"""A request of the contract to the jobs it takes, one request each.

Raises CallerError for a value that the service cannot do.
"""

Cancel = Callable[[Json, Candidate], HttpRequest]
"""The answer to a job's submission to what stops the job."""


@dataclass(frozen=True, slots=True)
class Job:
    """What an answer says about a job.

    Attributes:
        done: Whether nothing more will happen.
        pictures: What came of it, without what a safety system objects to.
        withheld: How many pictures were left out for that.
        error: Why nothing came of it; None when nothing failed.
        filtered: The category for which a safety system stopped it; None when it did not.
        text: A description that the service drew in place of the caller's.
    """

    done: bool = False
    pictures: tuple[Picture, ...] = ()
    withheld: int = 0
    error: Told | None = None
    filtered: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is asked.

    Attributes:
        submits: Operation to what begins it. A missing key is a missing capability.
        read: What an answer says about its job: that to the submission, and each later one.
        poll: What asks for news of a job, made from the answer to its submission and the candidate; None for
            a service that always answers at once.
        result: What asks for the pictures of a job that is done, made likewise; None where the last news has
            them.
        cancel: What stops a job, made likewise; None where nothing does.
        headers: What every request carries, made from the key.
        result_hosts: Where its pictures are, as `media.fetch.Fetcher` writes hosts.
        edits: How it is told where to change an image.
        interval: Seconds until the first and until each later look at a job.
        faults: What its codes mean.
        beside: The end of its base address that is left out where a job is asked for; empty for none.
    """

    submits: Mapping[object, Submit]
    read: Callable[[Json], Job]
    headers: Callable[[str], Mapping[str, str]]
    poll: Callable[[Json, Candidate], HttpRequest] | None = None
    result: Callable[[Json, Candidate], HttpRequest] | None = None
    cancel: Cancel | None = None
    result_hosts: Sequence[str] = ()
    edits: EditForm = WHITE
    interval: tuple[float, float] = (1.0, 2.0)
    faults: Faults = field(default_factory=Faults)
    beside: str = ""


def finished(document: Json, place: object = None, *, text: str = "") -> Job:
    """A job that is done, its pictures without those that a safety system objects to.

    Args:
        document: The answer, whose flags are about all pictures, or about each by its place.
        place: The part of it that has the pictures; None for the whole answer.
        text: A description that the service drew in place of the caller's.
    """
    found = pictures(document if place is None else place)
    # Where the whole answer was looked through, its own flags are told with each picture.
    objected = flags(document, len(found)) if place is not None else [False] * len(found)
    good = tuple(one for (one, bad), more in zip(found, objected, strict=True) if not (bad or more))
    filtered = "nsfw" if not good and (found or flagged(document)) else None
    return Job(done=True, pictures=good, withheld=len(found) - len(good), filtered=filtered, text=text)


_FAILED = ("fail", "cancel", "abort", "reject", "expire", "error", "moderated", "block", "timed", "timeout")
"""How words begin by which services say that a job came to nothing."""


def has_failed(status: str) -> bool:
    """Whether a job's status says that it came to nothing, so that it is waited for no longer."""
    return status.lower().startswith(_FAILED)


_SUCCEEDED = ("succe", "complete", "done", "finish", "ready", "ok")


def has_succeeded(status: str) -> bool:
    """Whether a job's status says, in whichever word, that its pictures are there."""
    return status.lower().startswith(_SUCCEEDED)


def _at(document: object, path: Sequence[str]) -> object:
    """The value at a path; None where something on the way is missing or of another shape."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


_LONGEST_ID = 500
"""Characters of a job's id."""


def text_at(document: object, *path: str) -> str:
    """A text inside a JSON document; empty where there is none."""
    found = _at(document, path)
    return found if isinstance(found, str) else ""


def id_at(document: object, candidate: Candidate, *path: str) -> str:
    """A job's id inside a JSON document, as one step of the path that it is asked for by.

    A service chooses its ids, and every request has its key: an id must not choose another path.

    Raises:
        MalformedAnswer: There is none, or it is no step of a path.
    """
    found = text_at(document, *path)
    if not found.strip(".") or len(found) > _LONGEST_ID or not found.isprintable():
        raise MalformedAnswer(candidate.provider_id, "answered with a job that has no usable id")
    return quote(found, safe=":")


def texts_at(document: object, *path: str) -> tuple[str, ...]:
    """Texts inside a JSON document, also where there is one alone."""
    found = _at(document, path)
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def items_at(document: object, *path: str) -> Sequence[Any]:
    """A list inside a JSON document; empty where there is none."""
    found = _at(document, path)
    return found if isinstance(found, list) else ()


def bearer(key: str) -> Mapping[str, str]:
    """The usual header of a key."""
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}
