"""Tests, laws: what the laws need to know of a provider wire. `wires.py` describes each one."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Part
from ringmain_server.config import load
from ringmain_server.operations import CHAT
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import UnaryTranslator

from tests.candidates import known_candidate
from tests.fakes.script import Answer, Canned, FaultKind
from tests.fakes.upstream import Upstream
from tests.fakes.vertex_script import Status
from tests.fakes.waiting import LIMIT
from tests.laws import documented, google
from tests.laws.conversations import OWN, thought
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
HTTP_FAULTS = frozenset(FaultKind) - {FaultKind.GIANT, FaultKind.INVALID_UTF8}
GRPC_FAULTS = frozenset(google.FAULTS) - {FaultKind.GIANT}
# A giant content has tests of its own limits, and costs as much as all others together. Bytes that are no
# UTF-8 break messages of gRPC, but no JSON.

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

    def sign(self, token: str) -> Part:
        """Reasoning that this wire has signed, with a token that comes back."""
        return thought(token, OWN, token.encode())

    @abstractmethod
    def read(self, sent: Any) -> Seen:
        """What a request says."""

    @abstractmethod
    def complaint(self, sent: Any) -> str | None:
        """What the vendor would refuse of a request, None if nothing."""

    def essence(self, sent: Any) -> Any:
        """The part of a translated request that the reader reads."""
        return plain(sent.body)

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
        return self.wire.essence(self.outgoing(request))

    def outgoing(self, request: ChatRequest) -> Any:
        """The request as the translator hands it to the transport."""
        own = {} if self.provider.knobs is None else {"knobs": self.provider.knobs}
        candidate = known_candidate(OWN, self.wire.kind, self.wire.model, **own)
        choose = self.provider.translators_for
        translator = (choose(candidate) if choose else self.provider.translators)[CHAT]
        assert isinstance(translator, UnaryTranslator)
        return translator.request(request, candidate)


@asynccontextmanager
async def over_http(fake: Upstream, path: str, settings: Mapping[str, object]) -> AsyncIterator[Running]:
    """Starts an upstream of an HTTP wire, whose base URL ends in `path`."""
    async with fake:
        address = f"127.0.0.1:{fake.port}"
        yield Running(
            settings={**settings, "base_url": f"http://{address}{path}"},
            plays=lambda model, script: fake.models.update({model: cast("Answer | Canned", script)}),
            sent=lambda: fake.requests[-1].body,
            left=lambda: fake.requests[-1].closed(within=LIMIT),
            arrived=fake.received,
            count=lambda: len(fake.requests),
            address=address,
        )
