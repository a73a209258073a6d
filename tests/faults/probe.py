"""Tests, faults: runs a trial and notes what the caller and the upstreams saw. Judges nothing."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import grpc
import grpc.aio
from ringmain.errors import RingmainError, error_of
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_USER
from ringmain.v1.routing_pb2 import StreamRecovery
from ringmain_server.operations.chat_fold import fold

from tests.fakes.waiting import LIMIT
from tests.faults.catalogue import case_name
from tests.faults.processes import Run
from tests.faults.rows import Method, Row, Side, Trial

QUESTION = "Count to sixty."
_SLACK = 2.0
"""Seconds beyond the caller's own deadline after which even gRPC counts as hung."""


@dataclass(slots=True)
class Heard:
    """What the caller saw of one call. Times are those of the machine's monotonic clock.

    Attributes:
        start: When it was made.
        end: When it was over.
        events: A stream's, each with its time.
        response: The whole answer; of a stream, the fold of its events so far.
        error: How it ended, None for a complete answer.
        violation: What is wrong with the order of events; empty if nothing.
    """

    start: float
    end: float = 0.0
    events: list[tuple[float, chat_pb2.ChatEvent]] = field(default_factory=list)
    response: chat_pb2.ChatResponse = field(default_factory=chat_pb2.ChatResponse)
    error: RingmainError | None = None
    violation: str = ""

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(part.text for part in self.response.message.parts)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start

    @property
    def provider_id(self) -> str:
        """Who answered; empty where nobody did."""
        return self.response.route.provider_id if self.error is None else ""

    @property
    def discarded(self) -> bool:
        """Whether the stream declared what it had sent as void."""
        return any(event.recovered.content_discarded for _, event in self.events)

    def content_after(self, moment: float) -> float | None:
        """When the first content after a moment came; of a whole answer, its end."""
        if not self.events:
            return self.end
        return next((at for at, event in self.events if at >= moment and _has_content(event)), None)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as an upstream saw it."""

    model: str
    at: float
    answered_at: float | None
    closed_at: float | None
    question: str

    @property
    def over_at(self) -> float | None:
        """When the upstream had done its part, or the connection went away."""
        return min(filter(None, (self.answered_at, self.closed_at)), default=None)

    @property
    def abandoned(self) -> bool:
        """Whether the connection went away before the answer was written to its end."""
        return self.closed_at is not None and self.answered_at is None


@dataclass(slots=True)
class Report:
    """What came of a trial.

    Attributes:
        row: The fault.
        trial: How it was met.
        calls: What the caller saw, call by call.
        arrived: What each upstream saw.
        complaints: What is not as expected; filled in by `verdict.py`.
    """

    row: Row
    trial: Trial
    calls: list[Heard]
    arrived: dict[Side, list[Arrived]]
    complaints: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The trial's name."""
        return case_name(self.row, self.trial)

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.complaints

    @property
    def takeover(self) -> float | None:
        """Seconds from the moment the fault was known to the fallback's first content at the caller."""
        call = self.calls[0]
        known, rescue = self._known(), self.arrived[Side.FALLBACK]
        if call.error is not None or known is None or not rescue:
            return None
        content = call.content_after(rescue[0].at)
        return None if content is None else max(content - known, 0.0)

    def _known(self) -> float | None:
        """When the primary's last request before the fallback's first was over, or the route says so."""
        rescue = self.arrived[Side.FALLBACK]
        before = [arrived for arrived in self.arrived[Side.PRIMARY] if rescue and arrived.at <= rescue[0].at]
        if before:
            return min(filter(None, (before[-1].over_at, rescue[0].at)))
        failed = [
            attempt.latency for attempt in self.calls[0].response.route.attempts if attempt.HasField("error")
        ]
        return self.calls[0].start + sum(span.seconds + span.nanos / 1e9 for span in failed)


async def run_trial(run: Run, row: Row, trial: Trial) -> Report:
    """Makes the calls of a trial and asks the upstreams what arrived."""
    model = case_name(row, trial)
    calls: list[Heard] = []
    for index in range(trial.calls):
        if index:
            await asyncio.sleep(trial.pause)
        calls.append(await hear(run, model, trial))
    arrived = await _settled(run, model, trial)
    return Report(row, trial, calls, arrived)


def ask(model: str, trial: Trial) -> chat_pb2.ChatRequest:
    """The request of a trial."""
    request = chat_pb2.ChatRequest(model=model)
    request.messages.add(role=ROLE_USER).parts.add(text=QUESTION)
    if trial.recovery is not None:
        name = f"STREAM_RECOVERY_{trial.recovery.upper()}"
        request.routing_policy.stream_recovery = StreamRecovery.Value(name)
    return request


async def hear(run: Run, model: str, trial: Trial) -> Heard:
    """Makes one call and listens to its end."""
    heard = Heard(time.monotonic())
    request = ask(model, trial)
    try:
        async with asyncio.timeout(trial.deadline + _SLACK):
            if trial.method is Method.UNARY:
                heard.response = await run.gateway.stub.Chat(request, timeout=trial.deadline)
            else:
                await _listen(run, request, trial, heard)
    except grpc.aio.AioRpcError as exc:
        heard.error = error_of(exc)
    except TimeoutError:
        heard.error = RingmainError("the call hangs, past its own deadline")
    heard.end = time.monotonic()
    return heard


async def _listen(run: Run, request: chat_pb2.ChatRequest, trial: Trial, heard: Heard) -> None:
    stream = run.gateway.stub.StreamChat(request, timeout=trial.deadline)
    told = False
    try:
        async for event in stream:
            heard.events.append((time.monotonic(), event))
            if not told and _has_content(event):
                told = True
                await _tell(run, request.model)
    finally:
        stream.cancel()
        events = [event for _, event in heard.events]
        try:
            heard.response = fold(events)
        except KeyError as exc:
            heard.violation = f"a delta for part {exc}, which never started"
        heard.violation = heard.violation or _violation([event.WhichOneof("event") for event in events])


async def _tell(run: Run, model: str) -> None:
    """Tells the upstreams that the caller has heard content, behind which streams may break."""
    for upstream in run.upstreams.values():
        url = f"http://127.0.0.1:{upstream.port}/heard"
        async with run.http.post(url, params={"model": model}) as response:
            response.raise_for_status()


def _violation(kinds: Sequence[str | None]) -> str:
    if kinds and kinds[0] != "started":
        return f"the first event is {kinds[0]}"
    if kinds.count("started") > 1:
        return "started more than once"
    if "finished" in kinds[:-1]:
        return "goes on after it finished"
    return ""


def _has_content(event: chat_pb2.ChatEvent) -> bool:
    kind = event.WhichOneof("event")
    return kind == "part_delta" or (kind == "part_started" and bool(event.part_started.part.text))


async def _settled(run: Run, model: str, trial: Trial) -> dict[Side, list[Arrived]]:
    """What arrived; waits for connections to close where the trial says that they must."""
    deadline = time.monotonic() + LIMIT
    while True:
        arrived = {side: await received(run, side, model) for side in Side}
        closed = all(request.over_at is not None for request in arrived[Side.PRIMARY])
        if closed or not trial.expect.abandoned or time.monotonic() > deadline:
            return arrived
        await asyncio.sleep(0.02)


async def received(run: Run, side: Side, model: str = "") -> list[Arrived]:
    """The requests that an upstream got, for one model or for all."""
    return await arrivals(run.http, run.upstreams[side].port, model)


async def arrivals(http: aiohttp.ClientSession, port: int, model: str = "") -> list[Arrived]:
    """The requests that the upstream behind a port got."""
    params = {"model": model} if model else None
    async with http.get(f"http://127.0.0.1:{port}/received", params=params) as response:
        body = await response.json()
    return [Arrived(**entry) for entry in body["received"]]
