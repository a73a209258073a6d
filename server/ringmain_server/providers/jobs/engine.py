"""Room 4, pure: submits, polls and fetches for every service that has a description.

An accepted job is billed. So the engine polls patiently, and handles each picture by itself: a picture that
is lost, or that a safety system objects to, does not affect the others. A failure of the whole is marked
final, so that the same candidate is not asked again.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    ConnectionFailed,
    ContentFiltered,
    MalformedAnswer,
    ModelOutputInvalid,
    NoAnswer,
    ProviderError,
)
from ringmain_server.media.detect import detect
from ringmain_server.providers.jobs.faults import fault_of_job, filtered, meant
from ringmain_server.providers.jobs.found import Picture
from ringmain_server.providers.jobs.service import Cancel, Job, Service, Submit
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.multi_step import Ended, Failure, Sleep, Steps
from ringmain_server.providers.patience import (
    FIRST,
    Patience,
    chosen,
    missing,
    ordered,
    patiently,
    read_one,
)
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.transport import Fetch, HttpRequest, Json
from ringmain_server.providers.unknown_fields import look

Found = Job | Failure
"""The state of a job, or the reason why it is unknown."""


@dataclass(frozen=True, slots=True)
class JobTranslator(MultiStepTranslator[Any, Any]):
    """A translator of images made by jobs. See `MultiStepTranslator`.

    Attributes:
        service: The description of the service.
        submit: Builds the requests that begin the operation.
        response: The type of the operation's response.
        secrets: Texts that no message may contain.
    """

    service: Service
    submit: Submit
    response: type[Any]
    secrets: tuple[str, ...] = ()

    def steps(self, request: Any, candidate: Candidate) -> "Steps[Any]":
        """Submits the jobs, waits for them and fetches their pictures."""
        submissions = self.submit(request, candidate)
        documents = yield from self._submitted(submissions, candidate)
        try:
            jobs = yield from self._done(documents, candidate)
            failures = [error for job in jobs if (error := self._failure(job, candidate)) is not None]
            drawn = [(job, picture) for job in jobs if isinstance(job, Job) for picture in job.pictures]
            files = yield from self._files([picture for _, picture in drawn], candidate)
            failures += [file for file in files if isinstance(file, Failure)]
            made = [
                (job.text, file)
                for (job, _), file in zip(drawn, files, strict=True)
                if not isinstance(file, Failure)
            ]
            if not made:
                raise chosen(failures)
            withheld = sum(job.withheld for job in jobs if isinstance(job, Job))
            return self._answer(made, missing(failures, withheld))
        except ProviderError as exc:
            exc.final = True  # another job would be billed as well
            raise

    @property
    def _patience(self) -> Patience:
        return Patience(first=min(FIRST, self.service.interval[0]))

    def _submitted(self, wires: Sequence[HttpRequest], candidate: Candidate) -> "Steps[list[Json | Failure]]":
        """Submits the jobs, and returns the answer to each, or the reason why it was refused.

        Raises:
            ProviderError: No job was accepted, or some failed before anything was drawn; running jobs are
                then cancelled.
        """
        read = partial(self._document, candidate=candidate)
        # Without a way to cancel, the answer, which may hold whole pictures, is not parsed a second time.
        cancel = self.service.cancel
        compensate = partial(_stop, self.service, cancel, candidate) if cancel else None
        found = yield from ordered(wires, self._patience, compensate=compensate)
        documents = [read_one(answer, read) for answer in found]
        self._check_submitted(documents)
        return documents

    def _check_submitted(self, documents: Sequence[Json | Failure]) -> None:
        failures = [one for one in documents if isinstance(one, Failure)]
        accepted = [one for one in documents if not isinstance(one, Failure)]
        hard = [error for error in failures if not isinstance(error, ContentFiltered)]
        if not failures or (accepted and not hard) or any(self.service.read(one).done for one in accepted):
            return
        # Reached only if nothing is drawn yet and another candidate can serve the whole request.
        error = (hard or failures)[0]
        if isinstance(error, ProviderError) and (accepted or any(map(_may_be_accepted, failures))):
            error.final = True
        raise error

    def _done(self, documents: Sequence[Json | Failure], candidate: Candidate) -> "Steps[list[Found]]":
        """Returns every job in its last known state, when it has ended or its state cannot be learned."""
        service = self.service
        jobs = [one if isinstance(one, Failure) else service.read(one) for one in documents]
        # The answers that describe running jobs, by the job's index.
        running = {
            index: one
            for index, (one, job) in enumerate(zip(documents, jobs, strict=True))
            if not isinstance(one, Failure) and isinstance(job, Job) and not job.done
        }
        if service.poll is None or not running:
            return jobs
        yield from self._wait(jobs, dict(running), candidate)
        if service.result is not None:
            ended = [index for index in running if isinstance(jobs[index], Job)]
            wires = [service.result(running[index], candidate) for index in ended]
            results = yield from patiently(wires, self._patience, partial(self._result, candidate=candidate))
            for index, result in zip(ended, results, strict=True):
                jobs[index] = result
        return jobs

    def _wait(self, jobs: list[Found], running: dict[int, Json], candidate: Candidate) -> "Steps[None]":
        """Polls the jobs and updates them in place, until each has ended or can no longer be polled."""
        poll, cancel = self.service.poll, self.service.cancel
        assert poll is not None
        wait, later = self.service.interval
        while running:
            yield Sleep(wait)
            wait = later
            asked = list(running)
            wires = [poll(running[index], candidate) for index in asked]
            news = yield from patiently(wires, self._patience, partial(self._job, candidate=candidate))
            for index, told in zip(asked, news, strict=True):
                jobs[index] = told  # a failure here means that polling gave up, not that the job failed
                if isinstance(told, Job) and not told.done:
                    continue
                document = running.pop(index)
                # A job that has ended need not be cancelled if a later step fails; a lost one must be.
                if isinstance(told, Job) and cancel is not None:
                    yield Ended([cancel(document, candidate)])

    def _job(self, answer: bytes, candidate: Candidate) -> Job:
        return self.service.read(self._document(answer, candidate))

    def _document(self, answer: bytes, candidate: Candidate) -> Json:
        found = _document(answer, candidate)
        look(candidate.kind, candidate.provider_id, found, self.service.fields)
        return found

    def _result(self, answer: bytes, candidate: Candidate) -> Job:
        job = self._job(answer, candidate)
        if not job.done:
            raise MalformedAnswer(candidate.provider_id, "answered with a job that has no end")
        return job

    def _failure(self, job: Found, candidate: Candidate) -> Failure | None:
        """Returns the reason why a job brought nothing; None if it brought pictures."""
        who = candidate.provider_id
        if isinstance(job, Failure):
            return job
        if job.filtered is not None:
            return filtered(who, (job.filtered,))
        if job.error is not None:
            return meant(who, fault_of_job(job.error, self.service.faults), job.error, self.secrets)
        if not job.done:
            return MalformedAnswer(who, "answered with a job that has no end")
        return None if job.pictures else ModelOutputInvalid(who, "the model drew nothing")

    def _files(self, pictures: Sequence[Picture], candidate: Candidate) -> "Steps[list[bytes | Failure]]":
        """Returns the bytes of every picture, fetched where necessary, or the reason why they are missing."""
        check = partial(_image, candidate=candidate)
        remote = [one for one in pictures if isinstance(one, str) and not one.startswith("data:")]
        fetched: Iterator[bytes | Failure] = iter(())
        if remote:
            wires = [Fetch(address) for address in remote]
            fetched = iter((yield from patiently(wires, self._patience, check)))
        return [
            next(fetched)
            if isinstance(picture, str) and not picture.startswith("data:")
            else _held(picture, candidate)
            for picture in pictures
        ]

    def _answer(self, made: Sequence[tuple[str, bytes]], note: str) -> Any:
        response = self.response()
        if isinstance(response, image_pb2.UpscaleImageResponse):
            _fill(response.image, made[0][1])
        else:
            for text, data in made:
                image = response.images.add(revised_prompt=text, note=note)
                _fill(image.media, data)
        response.usage.image_count = len(made)
        return response


def _may_be_accepted(error: Failure) -> bool:
    """Whether a job may be running although its submission failed."""
    lost = isinstance(error, ConnectionFailed) and error.sent
    return lost or isinstance(error, NoAnswer | MalformedAnswer)


def _stop(service: Service, cancel: Cancel, candidate: Candidate, answer: bytes) -> HttpRequest | None:
    """Returns the request that cancels the job of a submission's answer; None if no job is running."""
    try:
        document = _document(answer, candidate)
    except MalformedAnswer:
        return None
    return None if service.read(document).done else cancel(document, candidate)


def _held(picture: Picture, candidate: Candidate) -> bytes | Failure:
    """Returns a picture that came within the answer."""
    try:
        data = picture if isinstance(picture, bytes) else _decoded(picture, candidate)
        return _image(data, candidate)
    except MalformedAnswer as exc:
        return exc.with_traceback(None)


def _decoded(address: str, candidate: Candidate) -> bytes:
    """Returns the bytes of a `data:` URL (https://www.rfc-editor.org/rfc/rfc2397)."""
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except ValueError as exc:
        raise MalformedAnswer(candidate.provider_id, "answered with an image that cannot be decoded") from exc


def _document(answer: bytes, candidate: Candidate) -> Json:
    try:
        found = read(answer)
    except NotJson as exc:
        raise MalformedAnswer(candidate.provider_id, "answered something that is not JSON") from exc
    if not isinstance(found, dict):
        raise MalformedAnswer(candidate.provider_id, "answered something that is not a JSON object")
    return found


def _image(data: bytes, candidate: Candidate) -> bytes:
    """Returns the bytes after a check that they are an image."""
    if not detect(data).startswith("image/"):
        raise MalformedAnswer(candidate.provider_id, "answered with something that is no image")
    return data


def _fill(media: Any, data: bytes) -> None:
    media.mime_type = detect(data)
    media.data = data
