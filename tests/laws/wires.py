"""Tests, laws: the provider wires that the laws are tried on, one short description each.

A description says how its upstream is started and configured, how a script of every wire becomes one of this
wire, what its vendor documents as errors, and how a conversation is read out of its requests. What a wire
cannot do, its tables leave out: no test is skipped.
"""

import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Reasoning
from ringmain_server.candidate import Candidate
from ringmain_server.config import load
from ringmain_server.operations import CHAT
from ringmain_server.providers.anthropic.reasoning import signed
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai.responses_reasoning import signature
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.vertex import wire as google_wire
from ringmain_server.providers.vertex.signatures import THOUGHT

from tests.fakes.anthropic_rules import complaint as anthropic_complaint
from tests.fakes.anthropic_script import Claude, claude
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer, Canned, FaultKind
from tests.fakes.upstream import Upstream
from tests.fakes.vertex_rules import refusal as google_complaint
from tests.fakes.vertex_script import Status
from tests.fakes.vertex_server import FakeVertex
from tests.laws import documented, google, openai_rules, readers
from tests.laws.conversations import OWN
from tests.laws.seen import Habits, Seen

KEY = "sk-the-providers-own-secret-0123456789"
"""The key of every provider here. It may show nowhere."""

HARMLESS = frozenset({FaultKind.NO_DONE, FaultKind.DUPLICATE_FINISH, FaultKind.WRONG_CONTENT_TYPE})
"""Oddities that leave an answer complete, by which a gateway may also tell that something is wrong."""
STREAM_ONLY = frozenset({FaultKind.NO_END, FaultKind.NO_FINISH, FaultKind.WHOLE_FOR_STREAM})
"""Faults that leave a whole answer as it is."""
AT_ONCE = frozenset(
    {
        FaultKind.RESET_BEFORE_HEADERS,
        FaultKind.CLOSE_BEFORE_HEADERS,
        FaultKind.HALF_CLOSE_BEFORE_HEADERS,
        FaultKind.HANG,
        FaultKind.EMPTY_BODY,
        FaultKind.EMPTY_CHOICES,
    }
)
"""Faults that happen before any content."""
HTTP_FAULTS = frozenset(FaultKind) - {FaultKind.GIANT}
GRPC_FAULTS = frozenset(google.FAULTS) - {FaultKind.GIANT}
# A giant content has tests of its own limits, and costs as much as all others together.

Script = Answer | Canned | Status


@dataclass(slots=True)
class Running:
    """An upstream that runs.

    Attributes:
        settings: The provider of it, as the configuration has it.
        plays: Sets the script for the requests that ask for a model.
        sent: The body of the latest request.
        left: Waits until the gateway has left the latest request.
        arrived: Waits until so many requests have arrived.
        count: How many have.
        address: What may show nowhere.
    """

    settings: Mapping[str, object]
    plays: Callable[[str, Script], None]
    sent: Callable[[], Any]
    left: Callable[[], Awaitable[object]]
    arrived: Callable[[int], Awaitable[object]]
    count: Callable[[], int]
    address: str


class Wire(ABC):
    """One wire.

    Attributes:
        name: Also the provider's name in the gateway.
        kind: The provider's kind.
        model: What the names of its models begin with.
        habits: What it does to conversations.
        calls_in_place: Whether it keeps the order of texts and calls of one turn.
        media_in_results: Whether every medium shows whose it is.
        interleaves: Whether two calls may be written at once.
        signs: Whether its reasoning has a state that it wants back.
        state: What its upstream signs with.
        faults: In which ways its answers can break.
        harmless: Which of them leave a stream complete.
        stream_only: Which of them leave a whole answer as it is.
        errors: What its vendor documents.
    """

    name: str
    kind: str
    model: str
    habits: Habits = Habits()
    calls_in_place = True
    media_in_results = True
    interleaves = False
    signs = True
    state = b""
    faults: frozenset[FaultKind] = HTTP_FAULTS
    harmless: frozenset[FaultKind] = HARMLESS
    stream_only: frozenset[FaultKind] = STREAM_ONLY
    errors: Mapping[str, documented.Row] = {}

    def __repr__(self) -> str:
        return self.name

    # --- the upstream ------------------------------------------------------------------------------------

    @abstractmethod
    def start(self) -> AbstractAsyncContextManager[Running]:
        """Starts an upstream."""

    @abstractmethod
    def script(self, answer: Answer) -> Script:
        """A script of every wire as one of this."""

    def refusal(self, script: Canned | Status) -> Script:
        """A documented error as this wire sends it."""
        return script

    def breaks(self) -> Mapping[str, tuple[FaultKind, int]]:
        """By name, each fault and how many contents come before it."""
        return {
            f"{kind}-{after}": (kind, after)
            for kind in sorted(self.faults)
            for after in ((0,) if kind in AT_ONCE else (0, 2))
        }

    def out_of_order(self) -> Mapping[str, Script]:
        """Streams whose events come in an order that the wire does not have."""
        return {}

    def unheard_of(self) -> Script:
        """The default answer with fields and events that nobody knows."""
        return self.script(replace(Answer(), framing=replace(Answer().framing, unknown_fields=True)))

    lacks: tuple[str, ...] = ()
    """Fields for knobs that the wire does not have, so that they may not be sent."""

    def check_knobs(self, sent: Any) -> None:
        """A request with every knob has none that the wire lacks."""
        assert not set(self.lacks) & set(sent)

    # --- conversations -----------------------------------------------------------------------------------

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, object]:
        """The settings of a provider that nobody connects to."""

    def sign(self, token: str) -> Reasoning:
        """Reasoning that this wire has signed, with a token that comes back."""
        return Reasoning(text=token, signature=token.encode(), provider_id=OWN)

    @abstractmethod
    def read(self, sent: Any) -> Seen:
        """What a request says."""

    @abstractmethod
    def complaint(self, sent: Any) -> str | None:
        """What the vendor would refuse of a request, None if nothing."""

    def essence(self, sent: Any) -> Any:
        """The part of a translated request that the reader reads."""
        return sent.body

    def received(self, sent: Any) -> Any:
        """The same part of a request that an upstream has received."""
        return sent

    def raw(self, sent: Any) -> bytes:
        """A request as the bytes that are sent."""
        return orjson.dumps(sent)

    def translator(self) -> "Translate":
        """Translates a request as the provider `OWN` does."""
        overrides = {"providers": {OWN: {"kind": self.kind, **self.settings}}}
        settings = load(environ={}, overrides=overrides).providers[OWN]
        return Translate(self, build_provider(OWN, settings, HttpSessions()))


@dataclass(frozen=True, slots=True)
class Translate:
    """A wire's translator, without the network."""

    wire: Wire
    provider: Provider

    def __call__(self, request: ChatRequest) -> Any:
        """The part of the request that a reader reads."""
        candidate = Candidate(OWN, self.wire.kind, self.wire.model)
        choose = self.provider.translators_for
        translators = choose(candidate) if choose else self.provider.translators
        return self.wire.essence(translators[CHAT].request(request, candidate))


def _events(*events: Mapping[str, object], ends: bytes = b"") -> Canned:
    body = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)
    return Canned(body=body + ends, content_type="text/event-stream")


class _OpenAI(Wire):
    """What both wires of OpenAI share."""

    kind = "openai"
    model = "gpt-4o-mini"
    errors = documented.OPENAI
    interleaves = True
    wire = ""

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1/v1", "api_key": KEY, "wire": self.wire}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return _over_http(FakeOpenAI(), "/v1", {"kind": "openai", "api_key": KEY, "wire": self.wire})

    def script(self, answer: Answer) -> Script:
        return answer


class OpenAIChat(_OpenAI):
    """Chat completions: reasoning cannot go back, calls stand beside the text."""

    name = "openai"
    wire = "chat"
    calls_in_place = False
    signs = False
    lacks = ("top_k",)
    harmless = HARMLESS | {FaultKind.NO_FINISH}  # the end mark ends it

    def read(self, sent: Any) -> Seen:
        return readers.chat(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.chat_complaint(sent)

    def out_of_order(self) -> Mapping[str, Script]:
        def chunk(finish: str | None = None, **delta: object) -> Mapping[str, object]:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}

        unnamed = {"index": 3, "function": {"arguments": "{}"}}
        done = b"data: [DONE]\n\n"
        return {
            "arguments-first": _events(chunk(tool_calls=[unnamed]), chunk("tool_calls"), ends=done),
            "done-first": _events(ends=done),
        }


class OpenAIResponses(_OpenAI):
    """Responses: a list of items."""

    name = "responses"
    wire = "responses"
    state = b"gAAAAA-fake"
    habits = Habits(media_moves=False)
    faults = HTTP_FAULTS - {FaultKind.NO_DONE}
    lacks = ("top_k", "seed", "stop", "frequency_penalty", "presence_penalty")

    def read(self, sent: Any) -> Seen:
        return readers.responses(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.responses_complaint(sent)

    def sign(self, token: str) -> Reasoning:
        state = signature({"id": f"rs_{token}", "encrypted_content": token})
        return Reasoning(text=token, signature=state, provider_id=OWN)

    def out_of_order(self) -> Mapping[str, Script]:
        def delta(number: int, kind: str = "output_text") -> Mapping[str, object]:
            place = {"output_index": 0, "content_index": 0, "item_id": "i"}
            return {"type": f"response.{kind}.delta", "sequence_number": number, "delta": "x", **place}

        end = {
            "type": "response.completed",
            "sequence_number": 9,
            "response": {"status": "completed", "output": []},
        }
        return {
            "lost": _events(delta(0), delta(2), {**end, "sequence_number": 3}),
            "swapped": _events(delta(1), delta(0), {**end, "sequence_number": 2}),
            "arguments-first": _events(delta(0, "function_call_arguments"), {**end, "sequence_number": 1}),
        }


class Anthropic(Wire):
    """The Messages wire."""

    name = "anthropic"
    kind = "anthropic"
    state = Claude().signature.encode()
    model = "claude-sonnet-4-5"
    habits = Habits(strips=True, files_as_text=False, parses=True)
    errors = documented.ANTHROPIC
    lacks = ("seed", "frequency_penalty", "presence_penalty")

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1", "api_key": KEY}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return _over_http(FakeAnthropic(), "", {"kind": "anthropic", "api_key": KEY})

    def script(self, answer: Answer) -> Script:
        found = claude(answer)
        return replace(found, stopped="max_tokens") if answer.finish_reason == "length" else found

    def sign(self, token: str) -> Reasoning:
        return Reasoning(text=token, signature=signed(token), provider_id=OWN)

    def read(self, sent: Any) -> Seen:
        return readers.anthropic(sent)

    def complaint(self, sent: Any) -> str | None:
        return anthropic_complaint(sent, "2026-10-21")

    def out_of_order(self) -> Mapping[str, Script]:
        text = {"type": "text", "text": ""}
        started = {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}}
        begun = {"type": "content_block_start", "index": 0, "content_block": text}
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
        stopped = {"type": "content_block_stop", "index": 0}
        ending = (
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        )
        return {
            "delta-first": _events(started, delta, begun, stopped, *ending),
            "no-start": _events(begun, delta, stopped, *ending),
            "gap": _events(started, {**begun, "index": 2}, *ending),
            "after-the-end": _events(started, begun, stopped, delta, *ending),
            "never-stopped": _events(started, begun, delta, *ending),
        }


class _Google(Wire):
    """What both wires of Google share."""

    model = "gemini-2.5-flash"
    state = base64.b64decode(google.SIGNATURE)
    habits = Habits(media_moves=False, parses=True)
    errors = documented.GOOGLE
    media_in_results = False

    def sign(self, token: str) -> Reasoning:
        return Reasoning(text=token, signature=THOUGHT + token.encode(), provider_id=OWN)

    def read(self, sent: Any) -> Seen:
        return readers.google(sent)

    def check_knobs(self, sent: Any) -> None:
        """Google has every knob."""

    def complaint(self, sent: Any) -> str | None:
        return google_complaint(sent, {"x-goog-request-params": f"model={sent.model}"})

    def raw(self, sent: Any) -> bytes:
        found: bytes = sent.SerializeToString()
        return found


class Vertex(_Google):
    """Gemini over gRPC."""

    name = "vertex"
    kind = "vertex"
    faults = GRPC_FAULTS
    stream_only = STREAM_ONLY | {FaultKind.STALL}

    @property
    def settings(self) -> Mapping[str, object]:
        return {"endpoint": "127.0.0.1:1", "insecure": True, "project": "p", "location": "us-central1"}

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Running]:
        async with FakeVertex() as fake:
            yield Running(
                settings={"kind": "vertex", **self.settings, "endpoint": fake.endpoint},
                plays=lambda model, script: fake.models.update({model: cast("Any", script)}),
                sent=lambda: fake.requests[-1].message,
                left=lambda: fake.requests[-1].ended(within=2),
                arrived=fake.received,
                count=lambda: len(fake.requests),
                address=fake.endpoint,
            )

    def script(self, answer: Answer) -> Script:
        return cast("Script", google.over_grpc(answer))

    def unheard_of(self) -> Script:
        found = google.over_grpc(Answer())
        # Field 999 with the text "?": protobuf keeps what it does not know, and so must we not mind it.
        unknown = bytes((0xBA, 0x3E, 1, 0x3F))
        messages = [type(one).FromString(one.SerializeToString() + unknown) for one in found.messages]
        return cast("Script", replace(found, messages=messages))

    def essence(self, sent: Any) -> Any:
        return sent.message


class Gemini3(Vertex):
    """A model of the newer generation: media within results, calls that must be signed."""

    name = "gemini-3"
    model = "gemini-3-pro"
    media_in_results = True


class Gemini(_Google):
    """Gemini over HTTP."""

    name = "gemini"
    kind = "gemini"
    faults = HTTP_FAULTS - {FaultKind.NO_DONE, FaultKind.NO_FINISH, FaultKind.DUPLICATE_FINISH}

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1", "api_key": KEY}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return _over_http(google.GeminiUpstream(), "", {"kind": "gemini", "api_key": KEY})

    def script(self, answer: Answer) -> Script:
        return answer

    def refusal(self, script: Canned | Status) -> Script:
        return google.over_http(script) if isinstance(script, Status) else script

    def essence(self, sent: Any) -> Any:
        path = sent.path.rpartition(":")[0].removeprefix("/")
        resource = f"projects/p/locations/global/publishers/google/{path}"
        return ParseDict({**sent.body, "model": resource}, google_wire.GenerateContentRequest())

    def received(self, sent: Any) -> Any:
        return ParseDict(sent, google_wire.GenerateContentRequest())


class Sandbox(Wire):
    """The sandbox has no network, and its models' names are its scripts. It takes ids of any length."""

    name = "sandbox"
    kind = "sandbox"
    model = "chat"
    calls_in_place = False
    signs = False
    faults = frozenset()

    @property
    def settings(self) -> Mapping[str, object]:
        return {}

    def start(self) -> AbstractAsyncContextManager[Running]:
        raise NotImplementedError

    def script(self, answer: Answer) -> Script:
        raise NotImplementedError

    def read(self, sent: Any) -> Seen:
        return readers.chat(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.chat_complaint(sent, longest=1000)


@asynccontextmanager
async def _over_http(fake: Upstream, path: str, settings: Mapping[str, object]) -> AsyncIterator[Running]:
    async with fake:
        address = f"127.0.0.1:{fake.port}"
        yield Running(
            settings={**settings, "base_url": f"http://{address}{path}"},
            plays=lambda model, script: fake.models.update({model: cast("Answer | Canned", script)}),
            sent=lambda: fake.requests[-1].body,
            left=lambda: fake.requests[-1].closed(within=2),
            arrived=fake.received,
            count=lambda: len(fake.requests),
            address=address,
        )


SCRIPTED: tuple[Wire, ...] = (OpenAIChat(), OpenAIResponses(), Anthropic(), Vertex(), Gemini())
"""Wires with an upstream."""
WIRES: tuple[Wire, ...] = (*SCRIPTED, Gemini3(), Sandbox())
"""Every wire that conversations are written for."""
