"""Conformance: the scripted upstreams, one of each wire, and where they hold a stream."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.conformance.case import Case, Upstream
from tests.fakes import rejections
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.planner import Reply, Send, Step, WaitForTest
from tests.fakes.received import Received
from tests.fakes.script import Answer, Canned, Flap, Script


def route(case: Case, index: int) -> str:
    """The name of a case's candidate: of its provider, and of the model that its upstream is asked for."""
    return f"{case.name}.{index}"


def script(upstream: Upstream) -> Script:
    """What an upstream of a case does."""
    answer = upstream.claude or upstream.answer or Answer()
    if upstream.rejection is not None:
        return _rejection(upstream.rejection)
    if upstream.flap is not None:
        return Flap(failure=_rejection(upstream.flap.rejection), success=answer, first=upstream.flap.first)
    return answer


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
        held: Holds by the name of the case.
    """

    openai: OpenAIUpstream
    anthropic: FakeAnthropic
    held: Mapping[str, Held]

    def url(self, wire: str) -> str:
        """What a provider's settings say."""
        return self.openai.base_url if wire == "openai" else self.anthropic.base_url

    def received(self, case: Case) -> list[Received]:
        """The requests of a case so far, of all its candidates."""
        names = {route(case, index) for index in range(len(case.upstream))}
        both = (*self.openai.requests, *self.anthropic.requests)
        return sorted((one for one in both if one.model in names), key=lambda one: one.at)


@asynccontextmanager
async def upstreams(cases: Sequence[Case]) -> AsyncIterator[Upstreams]:
    """Both upstreams, with the scripts of these cases."""
    scripts: dict[str, dict[str, Script]] = {"openai": {}, "anthropic": {}}
    by_model: dict[str, Held] = {}
    by_case: dict[str, Held] = {}
    for case in cases:
        for index, upstream in enumerate(case.upstream):
            scripts[upstream.wire][route(case, index)] = script(upstream)
            if upstream.hold is not None:
                held = Held(upstream.hold.after_tokens)
                by_case[case.name] = by_model[route(case, index)] = held
    async with (
        OpenAIUpstream(scripts["openai"], by_model) as openai,
        FakeAnthropic(models=scripts["anthropic"]) as anthropic,
    ):
        yield Upstreams(openai, anthropic, by_case)
