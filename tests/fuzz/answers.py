"""Tests, fuzz: the campaign of answers: providers of every wire answer oddly."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tests.fakes.jobs_server import BASES
from tests.fuzz import delivery, gateways, grpc_answers, judge
from tests.fuzz.calls import Outcome, Plan, call
from tests.fuzz.cases import REFUSED, Case
from tests.fuzz.delivery import Delivery, Good
from tests.fuzz.gateways import Served
from tests.fuzz.rendering import good, shaped
from tests.fuzz.tally import Tally
from tests.fuzz.upstream import Asked, RawUpstream
from tests.fuzz.values import MARK
from tests.fuzz.wires import ENDPOINTS, Example, Given, Wire, messages, wires

NAME = "answers"
AT_ONCE = 32
"""Cases that run together."""
_MARK = re.compile(rf"{MARK}(\d+){MARK}".encode())
ENOUGH = 20
"""Cases of a wire from which on it can be said how many of them reach the provider."""
LAST = 10**9
"""The number of the first case that is no odd one."""
_LATE = re.compile(r"good-\w+: no \w+(?: \w+)? within")
_WITH_ANOTHER = ("OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "ABORTED")
"""How a call may end that another, healthy candidate could have answered."""


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
        usual, _ = good(case, asked, path, f"http://{self.good.address}/{provider}", case.healthy - 1)
        return delivery.straight(usual)

    def answer(self, asked: Asked) -> Delivery:
        """What the HTTP upstream does."""
        provider, path = _placed(asked)
        case = self.take(provider, asked.path.encode() + asked.body)
        if case is None:
            return _NOWHERE
        index = case.asked
        case.asked += 1
        usual, given = good(case, asked, path, f"http://{self.http.address}/{provider}", index)
        if index != case.step and (case.once or index < case.step):
            return delivery.straight(usual)
        made = self._odd(case, usual, given)
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
        outcome, plan = await self._called(served, case)
        if _LATE.search(outcome.details):
            # The healthy upstream lives in this process, which may have stood still: only twice is a fault.
            case = self.case(case.number)
            outcome, plan = await self._called(served, case)
        wrong = [*judge.complaints(plan, outcome, self.secrets()), *_law(case, outcome)]
        tally.add(case.number, case.wire.name, _ending(case, outcome), outcome.seconds)
        tally.fail(case.number, str(case), wrong)

    async def innocent(self, served: Served) -> list[str]:
        """What is wrong with good answers of every wire after all that."""
        wrong = []
        for number, wire in enumerate(self.wires, LAST):
            example = next((one for one in wire.examples if one.good), None)
            if example is not None:
                never = 1.0, 0, grpc.StatusCode.OK, LAST
                case = Case(number, wire, example, random.Random(0), *never, once=True)
                outcome, _ = await self._called(served, case)
                if outcome.code != "OK":
                    wrong.append(f"a good answer over {wire.name} ended {outcome}")
        return wrong

    async def _called(self, served: Served, case: Case) -> tuple[Outcome, Plan]:
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
            return await call(served.public, plan), plan
        finally:
            del self.cases[case.number]
            if wire.alone:
                del self.current[wire.provider]


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


def coverage(tally: Tally) -> Iterable[str]:
    """Wires whose answers are hardly ever read, so that little was tried of them."""
    for row, counts in tally.rows.items():
        total = sum(counts.values())
        missed = sum(count for ending, count in counts.items() if ending.startswith("never asked"))
        if total >= ENOUGH and missed > total / 4:
            yield f"{row}: {missed} of {total} cases never reached the provider"
