"""Room 4: operations that take more than one request to the provider.

A batch is split; a job is submitted, polled and fetched. A pure generator of the translator, the steps,
decides what to request and when; this module executes it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from ringmain_server.aio.tasks import together
from ringmain_server.errors import ContentFiltered, Overloaded, ProviderError, RingmainError
from ringmain_server.providers.unreadable import unreadable

Res = TypeVar("Res")

PARALLEL = 4
"""Most simultaneous requests of one operation."""
_COMPENSATE_WITHIN = 5.0
"""Seconds for a request that cancels work."""


@dataclass(frozen=True, slots=True)
class Send:
    """Requests that are sent together; the steps continue with their raw answers, in order.

    A ProviderError of any of them is thrown into the steps, which may catch it.

    Attributes:
        wires: The requests, as the transport accepts them.
        compensate: Builds from each answer the request that cancels the work that it began, or None if there
            is nothing to cancel. These requests are sent when the steps end, except for work that they have
            reported as `Ended`. None if the requests begin no work.
        each: Whether each request is independent: a failure, of the provider or of the gateway itself, is not
            thrown but takes its place among the answers, and does not end the other requests.
        paid: Whether each request is billed. Then no more are sent after one that failed, and the same
            failure stands for those that were not sent.
    """

    wires: Sequence[Any]
    compensate: Callable[[Any], Any] | None = None
    each: bool = False
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """A pause, after which the steps continue.

    Attributes:
        seconds: The length of the pause.
        within_deadline: Whether to throw `NoTimeLeft` into the steps at once if the pause would outlast the
            remaining time.
    """

    seconds: float
    within_deadline: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Reports that work has ended at the provider, so that it need not be cancelled.

    Attributes:
        compensations: The requests that would cancel it, as `Send.compensate` built them.
    """

    compensations: Sequence[Any]


Failure: TypeAlias = ProviderError | Overloaded
"""The reason why a request has no answer: a failure of the provider, or a shortage of the gateway itself."""


class NoTimeLeft(Exception):
    """A pause would outlast the remaining time."""


Steps: TypeAlias = Generator[Send | Sleep | Ended, Sequence[Any], Res]


async def run(
    steps: "Steps[Res]",
    send: Callable[[Any], Awaitable[Any]],
    *,
    deadline: float = math.inf,
    provider_id: str = "",
) -> Res:
    """Executes steps.

    Args:
        steps: The steps.
        send: Sends one request, as `Transport.send` does.
        deadline: The time after which nobody waits for the result, in seconds of the event loop's clock.
        provider_id: The provider that is asked.

    Returns:
        What the steps return.

    Raises:
        RingmainError: The steps raised it. Any other exception is a bug before the first request, and an
            unreadable answer after it.
    """
    begun: list[Any] = []
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                if step.within_deadline and asyncio.get_running_loop().time() + step.seconds >= deadline:
                    step = _go_on(steps.throw, NoTimeLeft(), provider_id)
                    continue
                await asyncio.sleep(step.seconds)
                step = _go_on(steps.send, (), provider_id)
                continue
            if isinstance(step, Ended):
                begun = [wire for wire in begun if wire not in step.compensations]
                step = _go_on(steps.send, (), provider_id)
                continue
            together = _each if step.each else _together
            try:
                answers = await together(step, _noting(send, step.compensate, begun))
            except ProviderError as exc:  # the steps decide whether it ends the operation
                step = _go_on(steps.throw, exc, provider_id)
            else:
                step = _go_on(steps.send, answers, provider_id)
    except StopIteration as end:
        result: Res = end.value
        return result
    # Also after success and cancellation: whatever is still running is not wanted any more.
    finally:
        steps.close()
        for wire in begun:
            _begin_compensation(wire, send)


def _go_on(resume: Callable[[Any], Any], value: object, provider_id: str) -> Any:
    """Resumes the steps with an answer or an exception, and returns their next step."""
    try:
        return resume(value)
    except (StopIteration, RingmainError, NoTimeLeft, MemoryError):
        raise
    except Exception as exc:
        raise unreadable(provider_id, exc) from exc


def _noting(
    send: Callable[[Any], Awaitable[Any]], compensate: Callable[[Any], Any] | None, begun: list[Any]
) -> Callable[[Any], Awaitable[Any]]:
    """Returns a `send` that records, for each answer, the request that cancels the work that it began."""
    if compensate is None:
        return send

    async def sent(wire: Any) -> Any:
        answer = await send(wire)
        try:
            back = compensate(answer)
        except Exception:  # noqa: BLE001 - the steps report an unreadable answer
            back = None
        # Recorded before anybody sees the answer, so that a cancellation in between cannot lose it.
        if back is not None:
            begun.append(back)
        return answer

    return sent


async def _together(step: Send, send: Callable[[Any], Awaitable[Any]]) -> Sequence[Any]:
    """Returns the answers to all requests; the first failure ends the others."""
    wires = step.wires
    if len(wires) == 1:
        return (await send(wires[0]),)
    slots = asyncio.Semaphore(PARALLEL)

    async def one(wire: Any) -> Any:
        async with slots:
            return await send(wire)

    return await together(one(wire) for wire in wires)


async def _each(step: Send, send: Callable[[Any], Awaitable[Any]]) -> Sequence[Any]:
    """Returns the answer to each request, or its failure."""
    slots = asyncio.Semaphore(PARALLEL)
    refused: list[Failure] = []

    async def one(wire: Any) -> Any:
        async with slots:
            if refused and step.paid:
                return refused[0]
            try:
                return await send(wire)
            except (ProviderError, Overloaded) as exc:
                # A safety system judges each request by itself; other failures would meet the next one, too.
                if not isinstance(exc, ContentFiltered):
                    refused.append(exc)
                return exc.with_traceback(None)

    return await together(one(wire) for wire in step.wires)


_COMPENSATING: set["asyncio.Task[None]"] = set()


def _begin_compensation(wire: Any, send: Callable[[Any], Awaitable[Any]]) -> None:
    """Cancels work in a task of its own, so that nobody waits for it."""
    _COMPENSATING.add(task := asyncio.create_task(_compensate(wire, send)))
    task.add_done_callback(_COMPENSATING.discard)


async def _compensate(wire: Any, send: Callable[[Any], Awaitable[Any]]) -> None:
    try:
        async with asyncio.timeout(_COMPENSATE_WITHIN):
            await send(wire)
    except Exception:  # noqa: BLE001, S110 - the work then runs to its end at the provider
        pass
