"""Room 4, pure: retries requests for work that is billed.

A finished job and a drawn picture can be requested again at no cost, while another job costs as much as the
first. So a failure that may pass is waited out, for each request separately, before the work is ordered
again. The vendors' clients do the same: fal's requests a result up to ten times
(https://github.com/fal-ai/fal/tree/main/projects/fal_client).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ringmain_server.errors import (
    ConnectionFailed,
    ContentFiltered,
    MalformedAnswer,
    NoAnswer,
    Overloaded,
    ProviderError,
    RateLimited,
    ServerFault,
)
from ringmain_server.providers.multi_step import Failure, NoTimeLeft, Send, Sleep, Steps

_PASSING = (ServerFault, ConnectionFailed, NoAnswer, RateLimited, MalformedAnswer)


FIRST = 0.25
"""Seconds to wait after the first failure."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The number of tries and the time between them.

    Attributes:
        tries: Most tries.
        first: Seconds after the first failure, doubled after each further one.
        longest: Most seconds between two tries.
    """

    tries: int = 8
    first: float = FIRST
    longest: float = 8.0

    def wait(self, failures: int, named: float = 0.0) -> float:
        """Returns the seconds to wait after this many failures in a row.

        Args:
            failures: The number of failures, at least one.
            named: Seconds that the provider asked for.
        """
        return max(min(self.first * float(2 ** (failures - 1)), self.longest), named)


def may_pass(error: object) -> bool:
    """Whether an answer is a failure that a retry may resolve."""
    # A momentary shortage of the gateway itself must not waste the work either.
    return isinstance(error, Overloaded) or (isinstance(error, _PASSING) and not error.final)


def was_refused(error: object) -> bool:
    """Whether a request was certainly not carried out, so that sending it again cannot bill it twice.

    That is not certain after silence, or if a connection broke after the request was sent. None of the
    services has an idempotency key, so nobody can tell whether such a request was accepted.
    """
    if isinstance(error, ConnectionFailed):
        return not error.sent
    refused = isinstance(error, ServerFault | RateLimited) and not error.final
    return refused or isinstance(error, Overloaded)


def ordered(
    wires: Sequence[Any], patience: Patience, *, compensate: Callable[[Any], Any] | None = None
) -> Steps[list[Any]]:
    """Orders work by several requests, each of which is billed.

    Requests that were refused for the moment while others were accepted are sent again, one by one. Requests
    that may have been accepted are not. If none was accepted, nothing is lost, and the outer layers decide
    what to do.

    Args:
        wires: The requests.
        patience: The number of tries for refused requests.
        compensate: See `Send`.

    Returns:
        For each request its answer, or its failure.
    """
    found = list((yield Send(wires, compensate=compensate, each=True, paid=True)))
    refused = [index for index, answer in enumerate(found) if was_refused(answer)]
    # With no request accepted, another candidate can still take over the whole work.
    if not refused or all(isinstance(answer, Failure) for answer in found):
        return found
    if not (yield from rest(patience, 1, [found[index] for index in refused])):
        return found
    more = [wires[index] for index in refused]
    again = yield from patiently(more, patience, compensate=compensate, again=was_refused)
    for index, answer in zip(refused, again, strict=True):
        found[index] = answer
    return found


def chosen(failures: Sequence[Failure]) -> Failure:
    """Returns the failure that stands for several, preferably one that another candidate may not share."""
    return next((error for error in failures if not isinstance(error, ContentFiltered)), failures[0])


def missing(failures: Sequence[Failure], withheld: int = 0) -> str:
    """Returns a note about the images that are missing among those that were drawn; empty if none are.

    Args:
        failures: The reasons why images did not arrive.
        withheld: The number of images to which a safety system objected.
    """
    objected = sum(isinstance(error, ContentFiltered) for error in failures)
    notes = []
    if withheld or objected:
        notes.append("the provider's safety system withheld other images")
    if len(failures) > objected:
        notes.append("other images were lost at the provider")
    return "; ".join(notes)


def patiently(
    wires: Sequence[Any],
    patience: Patience,
    read: Callable[[Any], Any] | None = None,
    *,
    compensate: Callable[[Any], Any] | None = None,
    again: Callable[[object], bool] = may_pass,
) -> Steps[list[Any]]:
    """Requests something until it is available or the tries are used up, and never requests it twice.

    Args:
        wires: The requests.
        patience: The number of tries and the time between them.
        read: Reads an answer, and raises a ProviderError if it is none; None for raw answers.
        compensate: See `Send`.
        again: Whether a failure is worth another try.

    Returns:
        For each request the result of its answer, or the last failure.
    """
    found: list[Any] = [None] * len(wires)
    left = list(range(len(wires)))
    for failures in range(1, patience.tries + 1):
        answers = yield Send(
            [wires[index] for index in left], compensate=compensate, each=True, paid=compensate is not None
        )
        for index, answer in zip(left, answers, strict=True):
            found[index] = read_one(answer, read)
        left = [index for index in left if again(found[index])]
        if not left or failures == patience.tries:
            break
        if not (yield from rest(patience, failures, [found[index] for index in left])):
            break
    return found


def rest(patience: Patience, failures: int, errors: Sequence[Failure]) -> Steps[bool]:
    """Waits before another try, as long as the providers asked for; returns False if time is too short.

    Args:
        patience: The time between tries.
        failures: The number of failures so far.
        errors: The last failures, at least one.
    """
    named = max(error.retry_after or 0.0 for error in errors)
    try:
        yield Sleep(patience.wait(failures, named), within_deadline=True)
    except NoTimeLeft:
        return False
    return True


def read_one(answer: Any, read: Callable[[Any], Any] | None) -> Any:
    """Returns the result of an answer, or the failure to read it."""
    if read is None or isinstance(answer, Failure):
        return answer
    try:
        return read(answer)
    except ProviderError as exc:
        return exc.with_traceback(None)
