"""Tests, fuzz: the campaign of answers: providers of every wire answer oddly."""

import asyncio
import base64
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import orjson

from tests.fakes.anthropic_eventstream import frame
from tests.fakes.jobs_server import BASES, SERVICES, JobsServer, Request
from tests.fuzz import delivery, gateways, grpc_answers, judge, shapes
from tests.fuzz.calls import Outcome, Plan, call
from tests.fuzz.delivery import Delivery, Good
from tests.fuzz.gateways import Served
from tests.fuzz.tally import Tally
from tests.fuzz.upstream import Asked, RawUpstream
from tests.fuzz.values import MARK
from tests.fuzz.wires import ENDPOINTS, PNG, Example, Given, Wire, ends, messages, wires

NAME = "answers"
AT_ONCE = 12
"""Cases that run together."""
REFUSED = 0.12
"""Share of cases that are refusals."""
_HELD = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_MARK = re.compile(rf"{MARK}(\d+){MARK}".encode())
_WITH_ANOTHER = ("OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "ABORTED")
"""How a call may end that another, healthy candidate could have answered."""


@dataclass(slots=True)
class Case:
    """One odd answer.

    Attributes:
        number: Decides, with the seed, everything about it.
        wire: Over which it comes.
        example: The request, and the good answer.
        rng: Where all choices come from.
        fate: What is done, from 0 to 1: a refusal, a change of shape, or a way to travel.
        status: Of a refusal.
        code: Of a refusal over gRPC.
        step: Which of the requests to the provider is answered oddly.
        once: Whether only the first of them is.
        safe: Whether a healthy candidate stands behind.
        told: What was done.
        asked: How many requests arrived.
        healthy: How many arrived at the candidate behind.
        truncated: Whether what was sent is certainly no whole answer.
        fails: Whether it says that the provider refused.
    """

    number: int
    wire: Wire
    example: Example
    rng: random.Random
    fate: float
    status: int
    code: grpc.StatusCode
    step: int
    once: bool
    safe: bool = False
    told: list[str] = field(default_factory=list)
    asked: int = 0
    healthy: int = 0
    truncated: bool = False
    fails: bool = False
    servers: dict[str, JobsServer] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the gateway leaves the candidate alone afterwards, until a check passes."""
        held = self.code in _HELD if self.wire.provider in ENDPOINTS else self.status in (401, 403)
        return self.fate < REFUSED and held

    def answer(self, index: int) -> Given:
        """The good answer to one of the requests."""
        return self.example.answers[min(index, len(self.example.answers) - 1)]

    @property
    def mark(self) -> str:
        """By which an upstream knows it."""
        return f"{MARK}{self.number}{MARK}"

    def __str__(self) -> str:
        behind = "another candidate behind" if self.safe else "alone"
        return f"{self.wire.name}, {self.example.model}, {behind}: {'; '.join(self.told) or 'never asked'}"


class Answers:
    """The upstreams of every wire, and the cases that they answer.

    Args:
        seed: Of the campaign.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.wires = wires()
        self.cases: dict[int, Case] = {}
        self.current: dict[str, Case] = {}
        self.locks = {wire.provider: asyncio.Lock() for wire in self.wires}
        self.http = RawUpstream(self.answer)
        self.good = RawUpstream(self.healthy_answer)
        self.grpc = grpc_answers.GrpcUpstream(self.vertex)
        self.healthy = grpc_answers.GrpcUpstream(self.healthy_vertex)

    def case(self, number: int) -> Case:
        """The case of a number."""
        rng = random.Random(f"{self.seed}:{NAME}:{number}")
        wire = self.wires[number % len(self.wires)]
        example = rng.choice(wire.examples)
        step = rng.choice((0, 0, 1, 2, 3)) if wire.job else rng.randrange(max(len(example.answers), 1))
        fate, status, code = rng.random(), rng.choice(delivery.STATUSES), rng.choice(grpc_answers.CODES)
        case = Case(number, wire, example, rng, fate, status, code, step, rng.random() < 0.5)
        case.safe = rng.random() < 0.4 and example.good and not case.holds
        return case

    def take(self, provider: str, sent: bytes) -> Case | None:
        """The case that a request is of."""
        found = _MARK.search(sent)
        case = self.cases.get(int(found[1])) if found else None
        return case or self.current.get(provider)

    def vertex(self, method: str, sent: bytes) -> grpc_answers.Script:
        """What the gRPC upstream does."""
        case = self.take("vertex", sent)
        if case is None:
            return grpc_answers.UNKNOWN
        index = case.asked
        case.asked += 1
        content = case.answer(index).content
        if index != case.step and (case.once or index < case.step):
            return grpc_answers.golden(method, content)
        return grpc_answers.odd(case, method, content)

    def healthy_vertex(self, method: str, sent: bytes) -> grpc_answers.Script:
        """What the healthy one does."""
        case = self.take("vertex", sent)
        if case is None:
            return grpc_answers.UNKNOWN
        case.healthy += 1
        return grpc_answers.golden(method, case.answer(case.healthy - 1).content)

    def healthy_answer(self, asked: Asked) -> Delivery:
        """What the healthy HTTP upstream does."""
        provider, path = _placed(asked)
        case = self.take(provider, asked.path.encode() + asked.body)
        if case is None:
            return _NOWHERE
        case.healthy += 1
        good, _ = _good(case, asked, path, f"http://{self.good.address}/{provider}", case.healthy - 1)
        return delivery.straight(good)

    def answer(self, asked: Asked) -> Delivery:
        """What the HTTP upstream does."""
        provider, path = _placed(asked)
        case = self.take(provider, asked.path.encode() + asked.body)
        if case is None:
            return _NOWHERE
        index = case.asked
        case.asked += 1
        good, given = _good(case, asked, path, f"http://{self.http.address}/{provider}", index)
        if index != case.step and (case.once or index < case.step):
            return delivery.straight(good)
        made = self._odd(case, good, given)
        if len(case.told) < 5:
            case.told.append(f"request {index}: {', '.join(made.told)}")
        case.truncated |= made.truncated
        case.fails |= made.fails
        return made

    def _odd(self, case: Case, good: Good, given: Given | None) -> Delivery:
        if case.fate < REFUSED:
            return delivery.refusal(case.rng, case.status, judge.KEY, self.http.address)
        if case.fate < 0.55 and given is not None and not isinstance(given.content, str):
            return shaped(case.rng, given)
        return delivery.odd(case.rng, good)

    @asynccontextmanager
    async def running(self, serve: gateways.Serve = gateways.gateway) -> AsyncIterator[Served]:
        """Starts the upstreams and a gateway before them."""
        async with AsyncExitStack() as stack:
            for upstream in (self.http, self.good, self.grpc, self.healthy):
                await stack.enter_async_context(upstream)
            yield await stack.enter_async_context(serve(self.config()))

    def config(self) -> dict[str, object]:
        """A bad provider and a good one of each wire; a model over both for each that is asked."""
        providers: dict[str, object] = {}
        models: dict[str, object] = {}
        for wire in self.wires:
            for who, http, server in (("bad", self.http, self.grpc), ("good", self.good, self.healthy)):
                place: Mapping[str, object] = {
                    "base_url": f"http://{http.address}/{wire.provider}{BASES.get(wire.job, '')}"
                }
                if wire.provider in ENDPOINTS:
                    place = {"endpoint": server.address}
                secret = {} if wire.provider in ENDPOINTS else {"api_key": judge.KEY}
                providers[f"{who}-{wire.provider}"] = {**wire.settings, **secret, **place}
            for example in wire.examples:
                models[safe_name(wire, example)] = {
                    "candidates": [f"{who}-{wire.provider}/{example.model}" for who in ("bad", "good")]
                }
        return {**gateways.PATIENT, "breaker": {"enabled": False}, "providers": providers, "models": models}

    def secrets(self) -> tuple[str, ...]:
        """What may show nowhere."""
        return (judge.KEY, *(one.address for one in (self.http, self.good, self.grpc, self.healthy)))

    async def run(self, served: Served, number: int, tally: Tally) -> None:
        """Runs a case and judges it."""
        case = self.case(number)
        if case.wire.alone:
            async with self.locks[case.wire.provider]:
                await self._run(served, case, tally)
        else:
            await self._run(served, case, tally)

    async def _run(self, served: Served, case: Case, tally: Tally) -> None:
        wire = case.wire
        model = f"bad-{wire.provider}/{case.example.model}"
        if case.safe:
            model = safe_name(wire, case.example)
        elif case.holds:
            model += f"-{case.number}"  # one that no other case asks
        sent = [one.SerializeToString() for one in messages(wire, case.example.request, model, case.mark)]
        plan = Plan(wire.method, sent)
        self.cases[case.number] = case
        if wire.alone:
            self.current[wire.provider] = case
        try:
            outcome = await call(served.public, plan)
        finally:
            del self.cases[case.number]
            if wire.alone:
                del self.current[wire.provider]
        wrong = [*judge.complaints(plan, outcome, self.secrets()), *_law(case, outcome)]
        tally.add(case.number, wire.name, _ending(case, outcome), outcome.seconds)
        tally.fail(case.number, str(case), wrong)


def _placed(asked: Asked) -> tuple[str, str]:
    """The provider that is asked, and the path without it."""
    _, provider, rest = (*asked.path.split("/", 2), "", "")[:3]
    return provider, f"/{rest}"


_NOWHERE = delivery.straight(Good(b'{"error": "no such path"}', status=404))


def safe_name(wire: Wire, example: Example) -> str:
    """The model that has a healthy candidate behind the odd one."""
    return f"safe.{wire.provider}.{example.model.replace('/', '.')}"


def _ending(case: Case, outcome: Outcome) -> str:
    if not case.asked:
        return f"never asked: {outcome.reason or outcome.code} {outcome.details[:90]}"
    if outcome.code == "OK" and answered_by(outcome).startswith("good-"):
        return "OK by another"
    return outcome.reason or outcome.code


def _law(case: Case, outcome: Outcome) -> Iterable[str]:
    """A cut answer is never a success; a healthy candidate behind answers in place of an odd one."""
    by = answered_by(outcome)
    # Where several were asked for, the pictures of the others may make the answer.
    alone = case.asked == 1 and not case.wire.job
    if outcome.code == "OK" and case.truncated and by.startswith("bad-") and alone:
        yield f"a truncated answer is a success: {str(outcome.messages[-1])[:200]}"
    if case.safe and case.asked and outcome.code not in _WITH_ANOTHER:
        yield f"a healthy candidate was not asked, or in vain: {outcome}"
    elif (
        case.safe
        and outcome.code == "ABORTED"
        and (not case.wire.method.server_streaming or not outcome.messages)
    ):
        yield f"a healthy candidate was not asked: {outcome}"


def answered_by(outcome: Outcome) -> str:
    """The provider that answered, empty where the answer does not say."""
    if not outcome.messages:
        return ""
    last = outcome.messages[-1]
    last = getattr(last, "finished", last)
    route = getattr(last, "route", None)
    return str(route.provider_id) if route is not None else ""


# --- good answers as bytes ----------------------------------------------------------------------------------


def _good(case: Case, asked: Asked, path: str, base: str, index: int) -> tuple[Good, Given | None]:
    if case.wire.job:
        return _job(case, asked, path, base)
    given = case.answer(index)
    return rendered(given), given


def rendered(given: Given) -> Good:
    """An answer as it is sent."""
    if isinstance(given.content, str):
        return Good(given.content.encode(), "audio/mpeg", opaque=True)
    if not given.events:
        body = orjson.dumps(given.content)
        return Good(body, enough=len(body))
    pieces = [_event(given, one) for one in given.content]
    last = next((index for index, one in enumerate(given.content) if ends(one)), 0)
    kind = "application/vnd.amazon.eventstream" if given.framed else "text/event-stream"
    return Good(b"".join(pieces), kind, enough=sum(map(len, pieces[:last])))


def _event(given: Given, event: Any, encoded: bytes | None = None) -> bytes:
    if encoded is None:
        encoded = event.encode() if isinstance(event, str) else orjson.dumps(event)
    if given.framed:
        payload = orjson.dumps({"bytes": base64.b64encode(encoded).decode()})
        headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
        return frame(headers, payload)
    kind = event.get("type") if isinstance(event, dict) else None
    named = f"event: {kind}\n".encode() if isinstance(kind, str) and "\n" not in kind else b""
    return named.decode("utf-8", "replace").encode("utf-8", "replace") + b"data: " + encoded + b"\n\n"


def shaped(rng: random.Random, given: Given) -> Delivery:
    """An answer that is changed by shape."""
    good = rendered(given)
    if not given.events:
        document, told = shapes.changed(rng, given.content)
        body = shapes.encoded(rng, document)
        return delivery.straight(replace(good, body=body), *told)
    events, told = list(given.content), []
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(events)) if events else 0
        match rng.randrange(8):
            case 0:
                del events[at : at + 1]
                told.append(f"drop event {at}")
            case 1:
                events[at:at] = events[at : at + 1] * rng.choice((1, 2, 40))
                told.append(f"repeat event {at}")
            case 2:
                rng.shuffle(events)
                told.append("shuffle events")
            case 3:
                events.insert(at, rng.choice(_STRANGE))
                told.append(f"insert event {at}")
            case _ if events:
                events[at], what = shapes.changed(rng, events[at])
                told.append(f"event {at}: {', '.join(what)}")
    pieces = [
        _event(
            given, one, one.encode("utf-8", "replace") if isinstance(one, str) else shapes.encoded(rng, one)
        )
        for one in events
    ]
    return delivery.straight(replace(good, body=b"".join(pieces)), *told)


_STRANGE: tuple[Any, ...] = (
    {},
    [],
    None,
    3,
    {"type": "ping"},
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    {"error": {"message": "The server had an error", "type": "server_error", "code": None}},
    {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}},
    {"type": None},
    {"choices": None},
    {"choices": [None]},
    {"candidates": [None]},
    "[DONE]",
    "",
    "no json",
)


# --- image services -----------------------------------------------------------------------------------------


class _Service(JobsServer):
    """An image service whose jobs tell whose they are."""

    mark = ""

    def new_job(self) -> str:
        self.jobs += 1
        return f"{self.mark}-{self.jobs}"


def _job(case: Case, asked: Asked, path: str, base: str) -> tuple[Good, Given | None]:
    path = path.partition("?")[0]
    if path.startswith("/files/"):
        return Good(PNG, "image/png", opaque=True), None
    server = case.servers.setdefault(base, _Service(url=base, looks=0))
    assert isinstance(server, _Service)
    server.mark = case.mark
    try:
        body = orjson.loads(asked.body)
    except ValueError:
        body = {}
    request = Request(asked.method, path, {}, body if isinstance(body, dict) else {})
    server.requests.append(request)
    try:
        status, document = SERVICES[case.wire.job](server, request) or (404, {"detail": "not found"})
    except (KeyError, IndexError, StopIteration):
        status, document = 404, {"detail": "not found"}
    given = Given(document)
    return replace(rendered(given), status=status), given


def coverage(tally: Tally) -> Iterable[str]:
    """Wires whose answers are hardly ever read."""
    for row, counts in tally.rows.items():
        total, missed = sum(counts.values()), Counter(counts)
        asked = sum(count for ending, count in missed.items() if not ending.startswith("never asked"))
        if asked < total / 2:
            yield f"{row}: only {asked} of {total} cases reached the provider"
