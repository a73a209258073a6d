"""Room 4, pure: submit, poll, fetch, for every service that a description tells of."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    ConnectionFailed,
    ContentFiltered,
    MalformedAnswer,
    NoAnswer,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
)
from ringmain_server.media.detect import detect
from ringmain_server.providers.dialogue import Ask, Dialogue, Pause
from ringmain_server.providers.http_errors import clean
from ringmain_server.providers.jobs.service import Cancel, Fetch, Job, Picture, Service, Submit
from ringmain_server.providers.transport import HttpRequest, Json

PATIENCE = 5
"""Failed looks in a row after which a job is given up: it is paid for, so a bad moment must not lose it."""

_PASSING = (ServerFault, ConnectionFailed, NoAnswer, RateLimited)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Images by jobs. See `DialogueTranslator`.

    Attributes:
        service: How the service is asked.
        submit: What begins the operation.
        response: The type of the operation's response.
        secrets: What no message may hold.
    """

    service: Service
    submit: Submit
    response: type[Any]
    secrets: tuple[str, ...] = ()

    def dialogue(self, request: Any, candidate: Candidate) -> "Dialogue[Any]":
        """Begins the jobs, waits for them, fetches their pictures."""
        jobs = yield from self._jobs(self.submit(request, candidate), candidate)
        self._check(jobs, candidate)
        pictures = [picture for job in jobs for picture in job.pictures]
        files = yield from _files(pictures, candidate)
        return self._answer(jobs, files, candidate)

    def _jobs(self, submissions: Sequence[HttpRequest], candidate: Candidate) -> "Dialogue[list[Job]]":
        service = self.service
        # Where nothing stops a job, its answer, which may hold whole pictures, is not read twice.
        undo = partial(_stop, service, service.cancel, candidate) if service.cancel else None
        answers = yield Ask(submissions, undo=undo)
        documents = [_document(answer, candidate) for answer in answers]
        jobs = [service.read(document) for document in documents]
        if service.poll is not None and not all(job.done for job in jobs):
            polls = [service.poll(document, candidate) for document in documents]
            yield from self._wait(jobs, polls, candidate)
            if service.result is not None:
                results = yield Ask([service.result(document, candidate) for document in documents])
                jobs = [service.read(_document(answer, candidate)) for answer in results]
        return jobs

    def _wait(self, jobs: list[Job], polls: Sequence[HttpRequest], candidate: Candidate) -> "Dialogue[None]":
        """Asks for news of the jobs, in place, until every one is done."""
        wait, later = self.service.interval
        failed = 0
        while not all(job.done for job in jobs):
            yield Pause(wait)
            wait = later
            open_ones = [index for index, job in enumerate(jobs) if not job.done]
            try:
                news = yield Ask([polls[index] for index in open_ones])
            except _PASSING:
                failed += 1
                if failed >= PATIENCE:
                    raise
                continue
            failed = 0
            for index, answer in zip(open_ones, news, strict=True):
                jobs[index] = self.service.read(_document(answer, candidate))

    def _check(self, jobs: Sequence[Job], candidate: Candidate) -> None:
        """Raises what went wrong; pictures beside a failure do not make an answer.

        Raises:
            ProviderError: A job failed, was stopped by a safety system, or brought nothing.
        """
        who = candidate.provider_id
        for job in jobs:
            if job.filtered is not None:
                category = clean(job.filtered) or "unspecified"
                raise ContentFiltered(who, "its safety system refused", metadata={"category": category})
            if job.error is not None:
                raise failure(who, job.error, self.secrets)
            if not job.done:
                raise MalformedAnswer(who, "answered with a job that has no end")
            if not job.pictures:
                raise MalformedAnswer(who, "answered without an image")

    def _answer(self, jobs: Sequence[Job], files: Sequence[bytes], candidate: Candidate) -> Any:
        response = self.response()
        if isinstance(response, image_pb2.UpscaleImageResponse):
            _fill(response.image, files[0], candidate)
        else:
            texts = [job.text for job in jobs for _ in job.pictures]
            for data, text in zip(files, texts, strict=True):
                image = response.images.add(revised_prompt=text)
                _fill(image.media, data, candidate)
        response.usage.image_count = len(files)
        return response


def failure(provider_id: str, message: str, secrets: Sequence[str] = ()) -> ProviderError:
    """What a job that failed means: a fault of the service, unless it says that the request is at fault."""
    text = clean(message, secrets)
    words = text.lower()
    if any(word in words for word in ("nsfw", "moderat", "safety", "content policy", "flagged")):
        return ContentFiltered(provider_id, "its safety system refused", metadata={"category": "unspecified"})
    if any(word in words for word in ("invalid", "must be", "not supported", "unsupported", "validation")):
        return Rejected(provider_id, text)
    return ServerFault(provider_id, "could not finish the job")


def _stop(service: Service, cancel: Cancel, candidate: Candidate, answer: bytes) -> HttpRequest | None:
    """What stops the job that the answer to its submission tells of; None where none runs."""
    try:
        document = _document(answer, candidate)
    except MalformedAnswer:
        return None
    return None if service.read(document).done else cancel(document, candidate)


def _files(pictures: Sequence[Picture], candidate: Candidate) -> "Dialogue[list[bytes]]":
    """The bytes of every picture, fetched where only an address is known."""
    addresses = [picture for picture in pictures if isinstance(picture, str)]
    remote = [address for address in addresses if not address.startswith("data:")]
    fetched = iter((yield Ask([Fetch(address) for address in remote])) if remote else ())
    files = []
    for picture in pictures:
        if isinstance(picture, bytes):
            files.append(picture)
        elif picture.startswith("data:"):
            files.append(_decoded(picture, candidate))
        else:
            files.append(next(fetched))
    return files


def _decoded(address: str, candidate: Candidate) -> bytes:
    """The bytes of a `data:` address (https://www.rfc-editor.org/rfc/rfc2397)."""
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except binascii.Error as exc:
        raise MalformedAnswer(candidate.provider_id, "answered with an image that cannot be decoded") from exc


def _document(answer: bytes, candidate: Candidate) -> Json:
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError as exc:
        raise MalformedAnswer(candidate.provider_id, "answered something that is not JSON") from exc
    if not isinstance(found, dict):
        raise MalformedAnswer(candidate.provider_id, "answered something that is not a JSON object")
    return found


def _fill(media: Any, data: bytes, candidate: Candidate) -> None:
    mime_type = detect(data)
    if not mime_type.startswith("image/"):
        raise MalformedAnswer(candidate.provider_id, "answered with something that is no image")
    media.mime_type = mime_type
    media.data = data
