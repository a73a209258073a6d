"""Room 4: operations that take more than one request at the provider.

A batch is split, a job is submitted, polled and fetched. What is asked when is decided by a pure generator,
the dialogue, which a translator makes; here it is acted upon.
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
"""Most requests of one dialogue under way at once."""
_COMPENSATE_WITHIN = 5.0
"""Seconds for the request that takes back what was begun."""


@dataclass(frozen=True, slots=True)
class Send:
    """Requests sent together; the dialogue goes on with their raw answers, in order.

    A ProviderError of any of them is thrown into the dialogue, which may catch it.

    Attributes:
        wires: The requests, as the transport takes them.
        compensate: Makes of each answer the request that takes back what it began at the provider, or None
            where there is nothing to take back. These are sent when the steps end, unless they were told that
            it has `Ended`. None for requests that begin nothing.
        each: Whether each request stands for itself: a failure is not thrown, but stands in its place among
            the answers, and does not end the others. So does what the gateway itself lacked for it.
        paid: Whether each request is paid for. No more is sent after one that failed, then; what was not
            sent stands as the same failure.
    """

    wires: Sequence[Any]
    compensate: Callable[[Any], Any] | None = None
    each: bool = False
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """The dialogue goes on after a while.

    Attributes:
        seconds: How long that is.
        within_deadline: Whether a pause that would outlast the time there is left is not begun:
            `NoTimeLeft` is thrown into the dialogue at once.
    """

    seconds: float
    within_deadline: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Tells that what was begun has ended at the provider, so that it is not taken back any more.

    Attributes:
        undoes: The requests that would take it back, as `Ask.undo` made them.
    """

    compensations: Sequence[Any]


Failure: TypeAlias = ProviderError | Overloaded
"""Why a request has no answer: the provider's fault, or that the gateway could not even ask."""


class NoTimeLeft(Exception):
    """A pause would outlast the time that is left."""


Steps: TypeAlias = Generator[Send | Sleep | Ended, Sequence[Any], Res]


async def run(
    steps: "Steps[Res]",
    send: Callable[[Any], Awaitable[Any]],
    *,
    deadline: float = math.inf,
    provider_id: str = "",
) -> Res:
    """Acts a dialogue out.

    Args:
        steps: What to ask.
        send: The transport's.
        deadline: When nobody waits any more, in seconds of the event loop's clock.
        provider_id: Who is asked.

    Returns:
        What the dialogue returns.

    Raises:
        RingmainError: What the dialogue raises. Before its first request anything else is a mistake of ours;
            afterwards it is an answer that cannot be read.
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
            except ProviderError as exc:
                step = _go_on(steps.throw, exc, provider_id)
            else:
                step = _go_on(steps.send, answers, provider_id)
    except StopIteration as end:
        result: Res = end.value
        return result
    finally:
        steps.close()
        for wire in begun:
            _begin_compensation(wire, send)


def _go_on(resume: Callable[[Any], Any], value: object, provider_id: str) -> Any:
    """What a dialogue does next, once an answer is there."""
    try:
        return resume(value)
    except (StopIteration, RingmainError, NoTimeLeft, MemoryError):
        raise
    except Exception as exc:
        raise unreadable(provider_id, exc) from exc


def _noting(
    send: Callable[[Any], Awaitable[Any]], compensate: Callable[[Any], Any] | None, begun: list[Any]
) -> Callable[[Any], Awaitable[Any]]:
    """A `send` that notes at once what takes back what each answer tells of."""
    if compensate is None:
        return send

    async def sent(wire: Any) -> Any:
        answer = await send(wire)
        try:
            back = compensate(answer)
        except Exception:  # noqa: BLE001 - whoever reads the answer next says that it cannot be read
            back = None
        if back is not None:
            begun.append(back)
        return answer

    return sent


async def _together(step: Send, send: Callable[[Any], Awaitable[Any]]) -> Sequence[Any]:
    """The answers to all requests; the first failure ends the others."""
    wires = step.wires
    if len(wires) == 1:
        return (await send(wires[0]),)
    workers = asyncio.Semaphore(PARALLEL)

    async def one(wire: Any) -> Any:
        async with workers:
            return await send(wire)

    return await together(one(wire) for wire in wires)


async def _each(step: Send, send: Callable[[Any], Awaitable[Any]]) -> Sequence[Any]:
    """The answer to each request, or its failure."""
    workers = asyncio.Semaphore(PARALLEL)
    refused: list[Failure] = []

    async def one(wire: Any) -> Any:
        async with workers:
            if refused and step.paid:
                return refused[0]
            try:
                return await send(wire)
            except (ProviderError, Overloaded) as exc:
                # A safety system looks at each by itself; anything else would meet the next one as well.
                if not isinstance(exc, ContentFiltered):
                    refused.append(exc)
                return exc.with_traceback(None)

    return await together(one(wire) for wire in step.wires)


_COMPENSATING: set["asyncio.Task[None]"] = set()


def _begin_compensation(wire: Any, send: Callable[[Any], Awaitable[Any]]) -> None:
    """Takes back in a task of its own: whoever left does not wait for that."""
    _COMPENSATING.add(task := asyncio.create_task(_compensate(wire, send)))
    task.add_done_callback(_COMPENSATING.discard)


async def _compensate(wire: Any, send: Callable[[Any], Awaitable[Any]]) -> None:
    try:
        async with asyncio.timeout(_COMPENSATE_WITHIN):
            await send(wire)
    except Exception:  # noqa: BLE001, S110 - what was begun then runs to its end at the provider
        pass
