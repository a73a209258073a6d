"""Tests, fuzz: the campaign of requests: callers ask oddly, of every method of every service."""

import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from ringmain.v1 import chat_service_pb2 as chat_pb2

from tests.e2e.gateway import ask
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.jobs_server import JobsServer, jobs_server
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.vertex_rest import FakeGemini
from tests.fakes.vertex_server import FakeVertex
from tests.fuzz import gateways, good, judge, trees, values
from tests.fuzz.calls import Plan, call
from tests.fuzz.gateways import Served
from tests.fuzz.tally import Tally

NAME = "requests"
AT_ONCE = 16
"""Cases that run together."""
EVERY = 200
"""Cases after which what operators did is undone, and the fakes forget what they were asked."""
_JOBS = ("fal", "replicate", "stability", "luma", "runway", "leonardo")
_CHAT = chat_pb2.DESCRIPTOR.services_by_name["ChatService"].methods_by_name["Chat"]


@dataclass(slots=True)
class Case:
    """One odd call: its number decides, with the seed, everything about it."""

    number: int
    plan: Plan
    admin: bool
    told: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        sizes = [len(message) for message in self.plan.messages[:6]]
        head = b"|".join(self.plan.messages)[:160]
        return f"{self.plan.path} {'; '.join(self.told)}; bytes {sizes}: {head!r}"


class Requests:
    """The upstreams, and the cases.

    Args:
        seed: Of the campaign.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.methods = good.methods()
        self.upstreams: list[Any] = []
        self.addresses: list[str] = []
        trees.FILES[:] = good.FILES.values()

    def case(self, number: int) -> Case:
        """The case of a number."""
        rng = random.Random(f"{self.seed}:{NAME}:{number}")
        # The methods that do the most have the most to go wrong.
        many = [
            method
            for method in self.methods
            if method.full_name.startswith("ringmain.v1.") and "Usage" not in method.full_name
        ]
        turn = number // 2
        method = (many if number % 2 else self.methods)[turn % len(many if number % 2 else self.methods)]
        told: list[str] = []
        plan = Plan(method, _messages(rng, method, told), endless=method.name in good.ENDLESS)
        _circumstances(rng, plan, told)
        return Case(
            number,
            plan,
            good.admin(method) or (not method.full_name.startswith("ringmain.") and rng.random() < 0.5),
            told,
        )

    async def run(self, served: Served, number: int, tally: Tally) -> None:
        """Runs a case and judges it."""
        case = self.case(number)
        outcome = await call(served.admin if case.admin else served.public, case.plan)
        tally.add(number, _row(case.plan.method), outcome.reason or outcome.code, outcome.seconds)
        tally.fail(number, str(case), judge.complaints(case.plan, outcome, self.secrets()))
        if number % EVERY == EVERY - 1:
            await served.restored()
            self.forget()

    def forget(self) -> None:
        """Lets the fakes forget what they were asked."""
        for upstream in self.upstreams:
            # Image services count the pictures that they owe by what was asked.
            del upstream.requests[: -20 if isinstance(upstream, JobsServer) else None]

    def secrets(self) -> Iterable[str]:
        """What may show nowhere."""
        return (judge.KEY, *self.addresses)

    async def innocent(self, served: Served) -> list[str]:
        """What is wrong with plain calls to every provider after all that."""
        await served.restored()
        wrong = []
        for model in (
            "sandbox/echo",
            "openai/gpt-4o-mini",
            "responses/gpt-5",
            "anthropic/claude-sonnet-4-5",
            "gemini/gemini-2.5-flash",
            "vertex/gemini-2.5-flash",
        ):
            outcome = await call(served.public, Plan(_CHAT, [ask(model).SerializeToString()]))
            if outcome.code != "OK":
                wrong.append(f"an innocent call to {model} ended {outcome}")
        # Those of the sandbox fail because they are asked to.
        opened = [one for one in await served.breakers() if not one.startswith(("sandbox/", "spare/"))]
        return [*wrong, *(f"a healthy provider's breaker is not closed: {one}" for one in opened)]

    @asynccontextmanager
    async def running(self, serve: gateways.Serve = gateways.gateway) -> AsyncIterator[Served]:
        """Starts upstreams that answer well, and a gateway before them."""
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            openai, claude = await enter(FakeOpenAI()), await enter(FakeAnthropic())
            gemini, vertex = await enter(FakeGemini()), await enter(FakeVertex())
            jobs = {kind: await enter(jobs_server(kind)) for kind in _JOBS}
            self.upstreams = [openai, claude, gemini, vertex, *jobs.values()]
            ports = [
                openai.port,
                claude.port,
                gemini.port,
                vertex.port,
                *(int(str(urlsplit(one.url).port)) for one in jobs.values()),
            ]
            self.addresses = [f"127.0.0.1:{port}" for port in ports]
            made = gateways.settings
            providers: Mapping[str, object] = {
                "sandbox": {"kind": "sandbox"},
                "spare": {"kind": "sandbox"},
                "local": {"kind": "local"},
                "openai": made("openai", base_url=openai.base_url, wire="chat"),
                "responses": made("openai", base_url=openai.base_url, wire="responses"),
                "mistral": made("mistral", base_url=openai.base_url),
                "deepseek": made("deepseek", base_url=openai.base_url),
                "anthropic": made("anthropic", base_url=claude.base_url),
                "bedrock": made(
                    "anthropic", base_url=claude.base_url, platform="bedrock", location="us-east-1"
                ),
                "gemini": made("gemini", base_url=gemini.base_url),
                "vertex": {
                    "kind": "vertex",
                    "endpoint": vertex.endpoint,
                    "insecure": True,
                    "project": "p",
                    "location": "us-central1",
                },
                **{kind: made(kind, base_url=one.url, poll_interval=0.02) for kind, one in jobs.items()},
            }
            models = {
                "all": {
                    "candidates": [
                        "sandbox/fault-500",
                        "openai/gpt-4o-mini",
                        "anthropic/claude-sonnet-4-5",
                        "sandbox/chat",
                    ]
                },
                "images": {"candidates": ["sandbox/fault-503", "openai/gpt-image-1.5", "sandbox/image"]},
                "spare-model": {"candidates": ["spare/echo", "sandbox/echo"]},
            }
            config = {**gateways.PATIENT, "providers": providers, "models": models}
            yield await enter(serve(config))


def _row(method: MethodDescriptor) -> str:
    return f"{method.containing_service.name}.{method.name}"


def _messages(rng: random.Random, method: MethodDescriptor, told: list[str]) -> list[bytes]:
    fate = rng.random()
    found: list[Any] = good.good(rng, method)
    if fate < 0.06:
        told.append("good")
    elif fate < 0.6:
        for message in rng.sample(found, min(len(found), rng.choice((1, 1, 2)))):
            told += trees.changed(rng, message)
    elif fate < 0.8:
        told.append("a random tree")
        count = rng.choice((1, 1, 2, 4)) if method.client_streaming else 1
        found = [trees.tree(rng, method.input_type) for _ in range(count)]
    sent = [message.SerializeToString() for message in found]
    if fate >= 0.8:
        at = rng.randrange(len(sent))
        told.append(f"broken bytes of message {at}")
        sent[at] = values.broken(rng, sent[at]) if rng.random() < 0.7 else values.raw(rng)
    if method.client_streaming and rng.random() < 0.3:
        told.append("messages in an odd order")
        rng.shuffle(sent)
        sent = sent[: rng.randrange(len(sent) + 1)] + rng.choices(sent, k=rng.randrange(3))
    return sent


def _circumstances(rng: random.Random, plan: Plan, told: list[str]) -> None:
    """A deadline, a caller that leaves, metadata, compression."""
    if plan.endless:
        plan.cancel_after = rng.choice((0.0, 0.02, 0.1))
    elif rng.random() < 0.12:
        plan.cancel_after = rng.choice((0.0, 0.001, 0.005, 0.02, 0.1, 0.3))
    elif rng.random() < 0.12:
        plan.deadline = rng.choice((0.0, -1.0, 0.001, 0.005, 0.02, 0.1, 0.5, 1e6))
    if rng.random() < 0.15:
        plan.metadata = tuple(rng.sample(_METADATA, rng.choice((1, 1, 2))))
    if rng.random() < 0.08:
        plan.compression = rng.choice((grpc.Compression.Gzip, grpc.Compression.Deflate))
    if plan.method.client_streaming and rng.random() < 0.2:
        plan.pause = rng.choice((0.0, 0.001, 0.02))
    told += [
        f"{name} {value!r}"[:60]
        for name, value in (
            ("leaves after", plan.cancel_after),
            ("deadline", plan.deadline),
            ("metadata", plan.metadata),
            ("compression", plan.compression),
        )
        if value not in (None, ())
    ]


_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_METADATA: tuple[tuple[str, str | bytes], ...] = (
    ("traceparent", _TRACE),
    ("traceparent", ""),
    ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-00"),
    ("traceparent", "ff-" + "z" * 2000),
    ("tracestate", "a=" + "b" * 3000),
    ("authorization", "Bearer x"),
    ("authorization", ""),
    ("x-odd-bin", bytes(range(256))),
    ("grpc-trace-bin", b"\0\0\1"),
    ("grpc-tags-bin", b"\xff"),
    ("x-long", "v" * 6000),
    ("content-language", "en"),
    ("grpc-previous-rpc-attempts", "99"),
)
