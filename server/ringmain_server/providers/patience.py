"""Room 4, pure: how work that is paid for is fetched.

A job that is done, and a picture that is drawn, cost nothing more to be asked for again, while another job
costs as much as the first. So a failure that may pass is waited out, each request for itself, before anybody
is asked to do the work anew. The vendors' clients do the same: fal's asks for a result up to ten times
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
"""Seconds after a first failure."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is asked for, and how long is waited in between.

    Attributes:
        tries: How often it is asked for.
        first: Seconds after the first failure; each further one doubles them,
        longest: up to these.
    """

    tries: int = 8
    first: float = FIRST
    longest: float = 8.0

    def wait(self, failures: int, named: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: At least one.
            named: Seconds that the provider asked for.
        """
        return max(min(self.first * float(2 ** (failures - 1)), self.longest), named)


def may_pass(error: object) -> bool:
    """Whether an answer is a failure that may be gone at the next try."""
    # What the gateway itself lacks for a moment must not cost the work either.
    return isinstance(error, Overloaded) or (isinstance(error, _PASSING) and not error.final)


def was_refused(error: object) -> bool:
    """Whether a request surely was not carried out, so that sending it again cannot pay for it twice.

    Not so: silence, and a connection that broke after the request had gone. None of the services has a key by
    which it would know a request again, so that nobody can tell whether such a one was taken.
    """
    if isinstance(error, ConnectionFailed):
        return not error.sent
    refused = isinstance(error, ServerFault | RateLimited) and not error.final
    return refused or isinstance(error, Overloaded)


def ordered(
    wires: Sequence[Any], patience: Patience, *, compensate: Callable[[Any], Any] | None = None
) -> Steps[list[Any]]:
    """Orders work by several requests, each of which is paid for.

    What was refused for the moment while others were taken is ordered again, by itself. What may have been
    taken is not. Where none was taken, nothing is lost, and it is for others to decide who is asked next.

    Args:
        wires: The requests.
        patience: How often those are sent again that were refused.
        compensate: See `Ask`.

    Returns:
        For each request its answer, or its failure.
    """
    found = list((yield Send(wires, compensate=compensate, each=True, paid=True)))
    refused = [index for index, answer in enumerate(found) if was_refused(answer)]
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
    """The failure that stands for several: one that another candidate may not share goes first."""
    return next((error for error in failures if not isinstance(error, ContentFiltered)), failures[0])


def missing(failures: Sequence[Failure], withheld: int = 0) -> str:
    """What is missing beside the images that are there, in words; empty where nothing is.

    Args:
        failures: Why images did not come.
        withheld: How many came that a safety system objected to.
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
    """Asks for something until it is there, or patience is used up. What is there is not asked for twice.

    Args:
        wires: The requests.
        patience: How often.
        read: What an answer says, or raises a ProviderError where it is none; None for the answers as they
            came.
        compensate: See `Ask`.
        again: Whether a failure is worth another try.

    Returns:
        For each request what its answer says, or the last failure.
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
    """Waits until something is worth another try, as long as the providers asked for; False without the time.

    Args:
        patience: How long.
        failures: How often it has failed.
        errors: The last failures, at least one.
    """
    named = max(error.retry_after or 0.0 for error in errors)
    try:
        yield Sleep(patience.wait(failures, named), within_deadline=True)
    except NoTimeLeft:
        return False
    return True


def read_one(answer: Any, read: Callable[[Any], Any] | None) -> Any:
    """What an answer says, or why it says nothing."""
    if read is None or isinstance(answer, Failure):
        return answer
    try:
        return read(answer)
    except ProviderError as exc:
        return exc.with_traceback(None)
