"""Room 3: a repeated request joins the running call or gets its stored answer (docs/reliability.md).

The key is the tenant and the request id, not the method: a stream repeated as a whole answer gets what its
events fold to, and the reverse. The upstream's work runs in a task of its own (`layers.singleflight`) that
lasts while any caller is left. Its answer is written to a log (`layers.replay_log`), which every caller reads
from the start.
"""

import asyncio
import copy
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.errors import InvalidField, RingmainError, release
from ringmain_server.layers.singleflight import Flight
from ringmain_server.operations.base import Replay, Streamed, Unary
from ringmain_server.stores.answers import Answers, Key, StoredAnswer

KEEP = 32 << 20
"""The most bytes of any answer that can be joined or stored. A repeat of a larger one runs again."""

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")

# A running work may be whole or streamed, of any operation: equal fingerprints mean equal types.
_Work = Flight[Any]
_Produce = Callable[[_Work], Awaitable[bytes | None]]


class Idempotency:
    """Answers a repeated request with the answer of the first request with its id. A `Backend`.

    A failure is given to the callers that wait for it and then forgotten: a repeat after it runs again. A
    request without an id, or of an operation without `replay`, passes through at no cost.

    Args:
        inner: The backend that answers first requests.
        answers: Stores answers.
        keep: The most bytes of an answer that can be joined or stored, whatever the operation allows.
    """

    def __init__(self, inner: Backend, answers: Answers, *, keep: int = KEEP) -> None:
        self._inner = inner
        self._answers = answers
        self._keep = keep
        self._running: dict[Key, _Work] = {}
        self._looking: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    def around(self, inner: Backend) -> "Idempotency":
        """Returns the same layer around another backend; both know each other's requests."""
        twin = copy.copy(self)
        twin._inner = inner
        return twin

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Asks for a whole answer."""
        if op.replay is None or not op.replay.request_id(request):
            return self._inner.call(op, request, call)
        return self._whole(op, op.replay, request, call)

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Asks for an answer in events."""
        if op.replay is None or not op.replay.request_id(request):
            return self._inner.stream(op, request, call)
        return self._events(op, op.replay, request, call)

    async def _whole(
        self, op: Unary[Req, Res], replay: Replay[Req, Res, Any], request: Req, call: Call
    ) -> Res:
        key, work = self._prepare(replay, request, call, streamed=False)
        found = await self._find(key, work, call, partial(self._ask, op, replay, request))
        if isinstance(found, StoredAnswer):
            return replay.parse(found.body)
        async with found.joined(call) as reader:
            items = [item async for item in reader]
        response: Res = replay.fold(items) if found.streamed else items[0]
        return response

    async def _events(
        self, op: Streamed[Req, Event], replay: Replay[Req, Any, Event], request: Req, call: Call
    ) -> AsyncGenerator[Event, None]:
        key, work = self._prepare(replay, request, call, streamed=True)
        found = await self._find(key, work, call, partial(self._relay, op, replay, request))
        if isinstance(found, StoredAnswer):
            for event in replay.unfold(replay.parse(found.body)):
                yield event
            return
        async with found.joined(call) as reader:
            async for item in reader:
                for event in (item,) if found.streamed else replay.unfold(item):
                    yield event

    def _prepare(
        self, replay: Replay[Req, Any, Any], request: Req, call: Call, *, streamed: bool
    ) -> tuple[Key, _Work]:
        """Returns the key of a request, and the work to begin if nothing is found under the key."""
        call.detached = True  # other callers may wait for the answer longer than this one
        fingerprint = hashlib.sha256(replay.essence(request)).digest()
        work: _Work = Flight(call, fingerprint, streamed=streamed, keep=min(self._keep, replay.keep))
        return Key(call.principal.owner, replay.request_id(request)), work

    async def _find(self, key: Key, work: _Work, call: Call, produce: _Produce) -> _Work | StoredAnswer:
        """Returns the work that runs or the answer that is stored under a key; else begins the caller's own.

        Raises:
            InvalidField: The id belongs to another request.
        """
        found: _Work | StoredAnswer | None = self._joinable(key)
        if found is None:
            # One at a time: a caller that finds nothing must have begun its work before the next one looks.
            async with self._looking.setdefault(key, asyncio.Lock()):
                found = self._joinable(key) or await self._answers.get(key) or self._begin(key, work, produce)
        if found.fingerprint != work.fingerprint:
            raise InvalidField.at("request_id", "was used for another request; choose a new one")
        if isinstance(found, StoredAnswer):
            call.replayed, call.answer_id = True, found.response_id
        return found

    def _joinable(self, key: Key) -> _Work | None:
        work = self._running.get(key)
        return work if work is not None and work.joinable else None

    def _begin(self, key: Key, work: _Work, produce: _Produce) -> _Work:
        self._running[key] = work
        task = work.start(self._run(key, work, produce))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return work

    async def _run(self, key: Key, work: _Work, produce: _Produce) -> None:
        """Produces and stores an answer. Callers see the end of the log once the answer is stored."""
        failure: BaseException | None = None
        try:
            body = await produce(work)
            if body is not None and work.log.whole:
                await self._answers.put(key, StoredAnswer(work.fingerprint, work.call.response_id, body))
        except BaseException as exc:
            # Every caller raises it. Here it only ends the task, as a cancellation does.
            failure = exc
            if isinstance(exc, RingmainError | asyncio.CancelledError):
                release(exc)
            elif not isinstance(exc, Exception):
                raise
        finally:
            # Before the log ends: a caller that repeats a failed request at once must find nothing running.
            self._forget(key, work)
            work.log.end(failure)

    async def _ask(
        self, op: Unary[Req, Res], replay: Replay[Req, Res, Any], request: Req, work: _Work
    ) -> bytes:
        response = await self._inner.call(op, request, work.call)
        work.complete = True
        body = replay.serialize(response)
        await work.log.write(response, len(body))
        return body

    async def _relay(
        self, op: Streamed[Req, Event], replay: Replay[Req, Any, Event], request: Req, work: _Work
    ) -> bytes | None:
        async with aclosing(self._inner.stream(op, request, work.call)) as events:
            async for event in events:
                work.complete = op.accounted(event) is not None
                await work.log.write(event, replay.event_size(event))
        if not (work.complete and work.log.whole):
            return None
        body: bytes = replay.serialize(replay.fold(work.log.items()))
        return body

    def _forget(self, key: Key, work: _Work) -> None:
        if self._running.get(key) is work:
            del self._running[key]
