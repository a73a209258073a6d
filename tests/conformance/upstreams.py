"""Conformance: the scripted upstreams, one of each wire, and where they hold a stream."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import MessageToDict

from tests.conformance.case import Case, Gemini, Upstream
from tests.fakes import rejections, vertex_script
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.planner import Reply, Send, Step, WaitForTest
from tests.fakes.received import Received
from tests.fakes.script import Answer, Canned, Flap, Script
from tests.fakes.vertex_server import FakeVertex
from tests.fakes.vertex_server import Received as Called


def route(case: Case, index: int) -> str:
    """The name of a case's candidate: of its provider, and of the model that its upstream is asked for."""
    return f"{case.name}.{index}"


def script(upstream: Upstream) -> Script:
    """Returns the script of a case's upstream that speaks HTTP."""
    if upstream.then is not None:
        first, then = script(replace(upstream, then=None)), script(upstream.then)
        assert not isinstance(first, Flap)
        assert not isinstance(then, Flap)
        return Flap(failure=first, success=then, first=1)
    answer = upstream.claude or upstream.answer or Answer()
    if upstream.rejection is not None:
        return _rejection(upstream.rejection)
    if upstream.flap is not None:
        return Flap(failure=_rejection(upstream.flap.rejection), success=answer, first=upstream.flap.first)
    return answer


def google_script(upstream: Upstream) -> vertex_script.Script:
    """Returns the script of a case's upstream that speaks Google's wire."""
    first = _google_answer(upstream.gemini)
    if upstream.then is None:
        return first
    return vertex_script.Flap(failure=first, success=_google_answer(upstream.then.gemini), first=1)


def _google_answer(gemini: Gemini | None) -> vertex_script.Answer:
    assert gemini is not None, "every answer of an upstream is of one wire"
    return vertex_script.answer(*gemini.parts, finish=gemini.finish, **gemini.candidate)


def _rejection(name: str) -> Canned:
    found = getattr(rejections, name)
    assert isinstance(found, Canned), name
    return found


@dataclass(slots=True)
class Held:
    """The holds of one model, in the order in which they were reached or will be.

    Attributes:
        after: After how many contents each holds.
        holds: One for each request.
    """

    after: int
    holds: list[WaitForTest] = field(default_factory=list)

    async def reached(self, count: int, *, within: float = 10.0) -> None:
        """Waits until so many requests hold.

        Raises:
            TimeoutError: They do not.
        """
        async with asyncio.timeout(within):
            while sum(hold.reached.is_set() for hold in self.holds) < count:  # noqa: ASYNC110  none or many
                await asyncio.sleep(0.005)

    def release(self) -> None:
        """Lets all of them go on."""
        for hold in self.holds:
            hold.released.set()

    def hold(self, reply: Reply) -> Reply:
        """The reply, with a hold of its own after its contents.

        The first send of a stream opens it, each further one is a content.
        """
        hold = WaitForTest()
        self.holds.append(hold)
        return Reply(
            status=reply.status,
            headers=reply.headers,
            length=reply.length,
            before=reply.before,
            body=tuple(_with(reply.body, hold, self.after + 1)),
        )


def _with(steps: Sequence[Step], hold: WaitForTest, sends: int) -> list[Step]:
    made: list[Step] = []
    for step in steps:
        made.append(step)
        sends -= isinstance(step, Send)
        if sends == 0 and isinstance(step, Send):
            made.append(hold)
    return made


class OpenAIUpstream(FakeOpenAI):
    """The OpenAI wire, which can hold.

    Args:
        models: Scripts by model.
        held: Holds by model.
    """

    def __init__(self, models: Mapping[str, Script], held: Mapping[str, Held]) -> None:
        super().__init__(models=models)
        self._held = held

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""
        reply = super().reply_to(received)
        held = self._held.get(received.model)
        return reply if held is None else held.hold(reply)


@dataclass(frozen=True, slots=True)
class Upstreams:
    """What runs behind the gateway.

    Attributes:
        openai: The upstream of that wire.
        anthropic: Likewise.
        vertex: Likewise.
        held: Holds by the name of the case.
    """

    openai: OpenAIUpstream
    anthropic: FakeAnthropic
    vertex: FakeVertex
    held: Mapping[str, Held]

    def settings(self, wire: str) -> dict[str, Any]:
        """What a provider's settings say."""
        if wire == "vertex":
            place = {"project": "conformance", "location": "us-central1"}
            return {"kind": wire, **place, "endpoint": self.vertex.endpoint, "insecure": True}
        base_url = self.openai.base_url if wire == "openai" else self.anthropic.base_url
        return {"kind": wire, "base_url": base_url, "api_key": "sk-conformance"}

    def received(self, case: Case) -> list[Received]:
        """The requests of a case so far, of all its candidates."""
        names = {route(case, index) for index in range(len(case.upstream))}
        calls = map(_request, self.vertex.requests)
        every = (*self.openai.requests, *self.anthropic.requests, *calls)
        return sorted((one for one in every if one.model in names), key=lambda one: one.at)


def _request(call: Called) -> Received:
    """A call of gRPC as if it were a request of HTTP."""
    body = MessageToDict(call.message)
    body["model"] = str(body.get("model", "")).rpartition("/")[2]
    headers = {"content-length": str(call.message.ByteSize())}
    return Received("POST", f"/{call.method}", headers, body, call.at)


@asynccontextmanager
async def upstreams(cases: Sequence[Case]) -> AsyncIterator[Upstreams]:
    """The upstreams, with the scripts of these cases."""
    scripts: dict[str, dict[str, Script]] = {"openai": {}, "anthropic": {}}
    google: dict[str, vertex_script.Script] = {}
    by_model: dict[str, Held] = {}
    by_case: dict[str, Held] = {}
    for case in cases:
        for index, upstream in enumerate(case.upstream):
            if upstream.wire == "vertex":
                google[route(case, index)] = google_script(upstream)
            else:
                scripts[upstream.wire][route(case, index)] = script(upstream)
            if upstream.hold is not None:
                held = Held(upstream.hold.after_tokens)
                by_case[case.name] = by_model[route(case, index)] = held
    async with (
        OpenAIUpstream(scripts["openai"], by_model) as openai,
        FakeAnthropic(models=scripts["anthropic"]) as anthropic,
        FakeVertex(models=google) as vertex,
    ):
        yield Upstreams(openai, anthropic, vertex, by_case)
