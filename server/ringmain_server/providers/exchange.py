"""Room 4: a candidate as a backend. It translates (pure), sends (the only I/O) and translates back (pure)."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cachetools import LRUCache
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import CapabilityMissing, Incapable, ProviderError, RingmainError, StreamBroken
from ringmain_server.media.canvas import BY_TRANSPARENCY, EditForm
from ringmain_server.media.limits import ModelLimits
from ringmain_server.operations.base import AnyOperation, Streamed, Unary
from ringmain_server.operations.needs import NOTHING
from ringmain_server.operations.upload import ReplayBuffer
from ringmain_server.providers.foreign import left_out
from ringmain_server.providers.lazy import Library
from ringmain_server.providers.multi_step import run
from ringmain_server.providers.stream_timeouts import StreamTimeouts
from ringmain_server.providers.translator import (
    Decoder,
    MultiStepTranslator,
    StreamTranslator,
    Translators,
    UnaryTranslator,
)
from ringmain_server.providers.transport import Incoming, Transport
from ringmain_server.providers.unreadable import unreadable

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")

_OWNERS = 64
"""The tenants, and callers without one, whose view of a candidate is kept."""
_FORESEEN = (RingmainError, MemoryError)
"""Errors that pass as they are: a translator's verdict on an answer, and a lack of memory."""


def _nothing(_model: str, _knobs: Knobs) -> frozenset[int]:
    return NOTHING


def _by_transparency(_: str) -> EditForm:
    return BY_TRANSPARENCY


async def _nothing_to_ask() -> None:
    """Does nothing, for a provider without a network, which is always available."""


class Use:
    """Counts the requests in progress at a provider, so that it is not closed during one."""

    __slots__ = ("_idle", "count")

    def __init__(self) -> None:
        self.count = 0
        self._idle: asyncio.Event | None = None

    async def ended(self) -> None:
        """Waits until no request is in progress."""
        while self.count:
            self._idle = asyncio.Event()
            await self._idle.wait()

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if self._idle is not None and not self.count:
            self._idle.set()


@dataclass(frozen=True, slots=True)
class Provider:
    """A configured account at an upstream: translators over one transport.

    Attributes:
        provider_id: Its name in the configuration.
        kind: `openai`, `sandbox` ….
        transport: Sends its requests.
        translators: The operations that it serves, with their translators.
        models: Its own names of models worth listing; empty if only the upstream knows them.
        capabilities: Returns what one of its models can do, by name; None, or a result of None, leaves that
            to the catalog.
        carries: Returns what of `WIRE_FEATURES` the wire of one of its models can carry, by name and knobs.
        gives: Returns what of it every model of that wire has that calls tools, because the provider runs it.
        images: The images that all its models accept; None leaves that to the catalog.
        knobs: The knobs of all its models; None leaves them to the catalog.
        edits: Returns the form in which a model expects edits of an image.
        translators_for: Returns the translators of a candidate in place of `translators`, for the same
            operations, if the provider's models have different wires; None if they do not.
        check: Checks at no cost that it answers and accepts the credentials, or raises a ProviderError.
        library: The library that its transport needs, loaded before the first request; None for none.
        use: Counts the requests in progress.
    """

    provider_id: str
    kind: str
    transport: Transport[Any, Any, Any]
    translators: Translators
    models: tuple[str, ...] = ()
    capabilities: Callable[[str], frozenset[int] | None] | None = None
    carries: Callable[[str, Knobs], frozenset[int]] = _nothing
    gives: Callable[[str, Knobs], frozenset[int]] = _nothing
    images: ModelLimits | None = None
    knobs: Knobs | None = None
    edits: Callable[[str], EditForm] = _by_transparency
    translators_for: Callable[[Candidate], Translators] | None = None
    check: Callable[[], Awaitable[None]] = _nothing_to_ask
    library: Library[Any] | None = None
    use: Use = field(default_factory=Use)

    @property
    def checks(self) -> bool:
        """Whether there is anything to check."""
        return self.check is not _nothing_to_ask

    def backend(self, candidate: Candidate) -> "Exchange":
        """Returns the innermost backend of a candidate of this provider."""
        choose = self.translators_for
        return Exchange(
            candidate, self.transport, choose(candidate) if choose else self.translators, self.use
        )


class Exchange:
    """Sends requests to one candidate and reads the answers. See `Backend`.

    Args:
        candidate: The candidate.
        transport: The transport to its provider.
        translators: The operations that it serves, with their translators.
        use: Counts the requests in progress.
    """

    __slots__ = ("_candidate", "_multi_step", "_of_owners", "_streamed", "_transport", "_unary", "_use")

    def __init__(
        self, candidate: Candidate, transport: Transport[Any, Any, Any], translators: Translators, use: Use
    ) -> None:
        self._candidate = candidate
        self._of_owners: LRUCache[str, Candidate] = LRUCache(_OWNERS)
        self._transport = transport
        self._use = use
        # Each shape has a table of its own, so that no call asks a translator what it is.
        self._unary = {op: one for op, one in translators.items() if isinstance(one, UnaryTranslator)}
        self._multi_step = {
            op: one for op, one in translators.items() if isinstance(one, MultiStepTranslator)
        }
        self._streamed = {op: one for op, one in translators.items() if isinstance(one, StreamTranslator)}
        if shapeless := translators.keys() - self.operations:
            raise TypeError(f"no known shape of translator: {', '.join(op.name for op in shapeless)}")

    @property
    def operations(self) -> frozenset[AnyOperation]:
        """The operations that the candidate serves by itself."""
        return frozenset({*self._unary, *self._multi_step, *self._streamed})

    async def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Requests a whole answer."""
        translator = self._unary.get(op)
        if translator is None:
            return await self._call_in_steps(op, request, call)
        with self._use:
            try:
                # The request has no name here: it may be large, and is not needed once the answer comes.
                raw = await self._transport.send(self._translated(translator, request, call))
                try:
                    response: Res = translator.response(raw, request, self._candidate)
                except _FORESEEN:
                    raise
                except Exception as exc:
                    raise unreadable(self._candidate.provider_id, exc) from exc
            except (ProviderError, CapabilityMissing) as exc:
                raise self._failure(exc, op, request) from exc.__cause__
        return response

    async def _call_in_steps(self, op: Unary[Req, Res], request: Req, call: Call) -> Res:
        """Requests a whole answer that takes several requests.

        Raises:
            CapabilityMissing: The candidate does not serve the operation.
        """
        translator = self._multi_step.get(op)
        if translator is None:
            raise CapabilityMissing(op.routed(request).model, op.name)
        owner = call.principal.owner
        candidate = self._for(owner) if owner else self._candidate
        with self._use:
            try:
                answer: Res = await run(
                    translator.steps(request, candidate),
                    self._transport.send,
                    deadline=_deadline(call),
                    provider_id=self._candidate.provider_id,
                )
            except (ProviderError, CapabilityMissing) as exc:
                raise self._failure(exc, op, request) from exc.__cause__
        return answer

    async def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Requests an answer in events; all events of one network read are passed on as one step."""
        translator = self._streamed.get(op)
        if translator is None:
            raise CapabilityMissing(op.routed(request).model, op.name)
        attempt = call.attempt
        if op.upload is not None:
            await _announce(op.upload(request), attempt, whole=translator.needs_whole_body)
        with self._use:
            timeouts = StreamTimeouts(attempt, asyncio.get_running_loop())
            decoder: Decoder[Event, Any] = translator.decoder(request, self._candidate)
            incoming: Incoming[Any] | None = None
            try:
                # The request has no name here, as in `call`.
                incoming = await timeouts.bound(
                    self._transport.open(self._translated(translator, request, call))
                )
                timeouts.watch(incoming.abort)
                while not decoder.complete:
                    timeouts.listen()
                    # If the connection fails after the finish reason, the answer may still be complete.
                    try:
                        chunk = await incoming.read()
                    except ProviderError as exc:
                        events, chunk = _ended(decoder, exc), None
                    else:
                        events = self._decoded(decoder, chunk)
                    if events:
                        timeouts.paused = True
                        for event in events:
                            yield event
                    elif chunk is None:
                        raise StreamBroken(self._candidate.provider_id, "closed the stream before its end")
            except (ProviderError, CapabilityMissing) as exc:
                raise self._failure(exc, op, request) from exc.__cause__
            # Also when the caller leaves: what was written is billed, and the connection is not reusable.
            finally:
                timeouts.end()
                _close(incoming, decoder, attempt)

    def _for(self, owner: str) -> Candidate:
        """Returns the candidate as a request of a tenant, or of a caller without one, sees it."""
        found = self._of_owners.get(owner)
        if found is None:
            found = self._of_owners[owner] = replace(self._candidate, owner=owner)
        return found

    def _translated(
        self,
        translator: UnaryTranslator[Any, Any, Any, Any] | StreamTranslator[Any, Any, Any, Any],
        request: object,
        call: Call,
    ) -> Any:
        """Returns the request on the wire, and notes whose state was left out of it."""
        try:
            owner = call.principal.owner
            return translator.request(request, self._for(owner) if owner else self._candidate)
        finally:
            # Also where the request is refused, so that nothing is left for the next one.
            if noted := left_out():
                call.attempt.left_out = noted

    def _failure(
        self, error: ProviderError | CapabilityMissing, op: AnyOperation, request: object
    ) -> ProviderError:
        """Returns the failure of an attempt: the provider's, or that its wire cannot carry the request."""
        if isinstance(error, CapabilityMissing):
            metadata = {**error.metadata, "model": op.routed(request).model}
            return Incapable(self._candidate.provider_id, error.message, metadata=metadata)
        error.by_options = op.passes_options(request)
        return error

    def _decoded(self, decoder: Decoder[Event, Any], chunk: object) -> Sequence[Event]:
        """Returns the events of one network read, or of the end if it is None."""
        try:
            return decoder.end() if chunk is None else decoder.feed(chunk)
        except _FORESEEN:
            raise
        except Exception as exc:
            raise unreadable(self._candidate.provider_id, exc) from exc


async def _announce(upload: ReplayBuffer, attempt: Attempt, *, whole: bool) -> None:
    """Tells an attempt about an upload that comes in pieces, and waits for all of it if necessary."""
    attempt.upload = upload
    if whole:
        await upload.whole()


def _deadline(call: Call) -> float:
    """Returns the time after which nobody waits for the attempt, in seconds of the event loop's clock."""
    attempt = call.attempt
    limit = math.inf if attempt.time_limit is None else attempt.start + attempt.time_limit
    return limit if call.detached else min(call.deadline, limit)


def _ended(decoder: Decoder[Event, object], error: ProviderError) -> Sequence[Event]:
    """Returns the last events of a stream whose connection failed after its finish reason.

    Raises:
        ProviderError: The failure itself, if the answer was not complete.
    """
    if decoder.ends_at_eof:
        raise error
    try:
        return decoder.end()
    except Exception:  # noqa: BLE001 - whatever is wrong with the end, the connection failed first
        raise error from error.__cause__


def _close(incoming: Incoming[Any] | None, decoder: Decoder[Any, Any], attempt: Attempt) -> None:
    """Ends an exchange that was opened, and records the usage of a stream that ended early."""
    if incoming is None:
        return
    if not decoder.complete:
        attempt.usage = _consumed(decoder)
    incoming.close(complete=decoder.complete)


def _consumed(decoder: Decoder[Any, Any]) -> Usage | None:
    """Returns the usage of a stream that ended early; None if the answer cannot be read."""
    try:
        return decoder.usage()
    except Exception:  # noqa: BLE001 - it may fail for the same reason as the stream
        return None
