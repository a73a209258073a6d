"""Room 4, the sandbox, pure: what happens to a request, as a script that the transport acts out.

Its only state is that of the faults that change from request to request.
"""

import enum
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random

import orjson

from ringmain_server.providers.sandbox import wire
from ringmain_server.providers.sandbox.answer import Answer, chat, echo
from ringmain_server.providers.sandbox.models import ECHO, MODELS
from ringmain_server.providers.sandbox.prompt import PACING, option, read_prompt
from ringmain_server.providers.sandbox.refusal import (
    Refusal,
    RefusedError,
    content_filter,
    context_exceeded,
    refusal,
    unknown_model,
)

CONTEXT_TOKENS = 1 << 18
"""Most tokens of a request."""
SLOW_FIRST_TOKEN_MS = 20_000.0
_LONGEST = 86_400.0
_FLAP = 3
_REMEMBERED = 1024

# Fields that say how the answer travels and how far it goes, and not what it is.
_TRAVEL = frozenset(
    {*PACING, "max_completion_tokens", "max_tokens", "model", "stop", "stream", "stream_options"}
)
_MALFORMED_EVENT = b'data: {"choices":[{"delta":{"content": oops\n\n'
_MALFORMED_BODY = b"<html><body>The sandbox plays a proxy that answers in HTML.</body></html>"

_OVERLOADED = refusal(503, "The sandbox plays an overloaded server.", type_="server_error")
_SERVER_ERROR = refusal(500, "The sandbox plays a server with an error.", type_="server_error")
_RATE_LIMIT = refusal(429, "The sandbox plays a rate limit.", type_="requests", code="rate_limit_exceeded")
_REFUSALS: Mapping[str, Refusal] = {
    "fault-429": _RATE_LIMIT,
    "fault-429-retry-after": replace(_RATE_LIMIT, headers={"retry-after": "2"}),
    "fault-500": _SERVER_ERROR,
    "fault-503": _OVERLOADED,
    "fault-401": refusal(401, "The sandbox plays a key that is wrong.", code="invalid_api_key"),
    "fault-context": context_exceeded(CONTEXT_TOKENS),
    "fault-filter": content_filter("violence"),
}


class End(enum.Enum):
    """How an exchange ends."""

    CLOSED = "closed"
    """As it should."""
    REFUSED = "refused"
    """There was no connection."""
    RESET = "reset"
    """The connection was reset before an answer."""
    CUT = "cut"
    """The connection broke within the answer."""
    SILENT = "silent"
    """Never: nothing more comes, and nothing closes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast tokens come.

    Attributes:
        first: Seconds before the first.
        interval: Seconds between two.
    """

    first: float = 0.0
    interval: float = 0.0

    def due(self, index: int) -> float:
        """When a token comes, in seconds after the request."""
        return self.first + index * self.interval


@dataclass(frozen=True, slots=True)
class Script:
    """What happens to a request.

    Attributes:
        accepted: Whether there is an answer, even if nothing of it comes.
        end: How it ends, after all bytes.
        pace: How fast tokens come.
        count: How many come.
        chunks: The bytes of each.
        tail: The bytes that come with the last one.
        tail_apart: Whether the tail comes in a read of its own, so that what came before is seen.
    """

    accepted: bool = True
    end: End = End.CLOSED
    pace: Pace = Pace()
    count: int = 0
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))
    tail: bytes = b""
    tail_apart: bool = False


_NO_ANSWER: Mapping[str, End] = {
    "fault-refuse-connection": End.REFUSED,
    "fault-reset": End.RESET,
    "fault-hang": End.SILENT,
}


class Upstream:
    """The server that the sandbox plays.

    Args:
        pace: How fast it answers where a request says nothing.
        seed: Another seed gives other words.
    """

    def __init__(self, pace: Pace = Pace(), seed: int = 0) -> None:
        self._pace = pace
        self._seed = seed
        self._failed_once: OrderedDict[str, None] = OrderedDict()
        self._flaps = 0

    def stream(self, body: Mapping[str, object]) -> Script:
        """What happens to a request for a stream.

        Raises:
            RefusedError: It is refused.
        """
        return self._script(body, streamed=True)

    def whole(self, body: Mapping[str, object]) -> Script:
        """What happens to a request for a whole answer. Its bytes are the tail.

        Raises:
            RefusedError: It is refused.
        """
        return self._script(body, streamed=False)

    def _script(self, body: Mapping[str, object], *, streamed: bool) -> Script:
        model = str(body.get("model"))
        if model not in MODELS:
            raise RefusedError(unknown_model(model))
        if model in _NO_ANSWER:
            return Script(accepted=False, end=_NO_ANSWER[model])
        digest = _digest(body, self._seed)
        self._refuse(model, digest)
        prompt = read_prompt(body)
        if prompt.token_count > CONTEXT_TOKENS:
            raise RefusedError(context_exceeded(CONTEXT_TOKENS, prompt.token_count))
        answer = echo(prompt) if model == ECHO else chat(prompt, Random(digest))
        head = wire.Head(f"chatcmpl-sandbox-{digest[:16]}", f"sandbox-{model}", prompt.token_count)
        script = _stream(model, answer, head, body) if streamed else _whole(model, answer, head)
        return replace(script, pace=self._paced(model, body))

    def _refuse(self, model: str, digest: str) -> None:
        refused = _REFUSALS.get(model)
        if model == "fault-500-once" and self._is_first_try(digest):
            refused = _SERVER_ERROR
        if model == "fault-flap":
            refused = None if self._flaps // _FLAP % 2 else _OVERLOADED
            self._flaps += 1
        if refused is not None:
            raise RefusedError(refused)

    def _is_first_try(self, digest: str) -> bool:
        """Whether this is a first try: a request after a success is a first try again."""
        if digest in self._failed_once:
            del self._failed_once[digest]
            return False
        self._failed_once[digest] = None
        if len(self._failed_once) > _REMEMBERED:
            self._failed_once.popitem(last=False)
        return True

    def _paced(self, model: str, body: Mapping[str, object]) -> Pace:
        first, gap = self._pace.first, self._pace.interval
        if body.get("first_token_ms") is not None:
            first = seconds(option(body, "first_token_ms", 0))
        if body.get("tokens_per_second") is not None:
            gap = interval(option(body, "tokens_per_second", 0))
        if model == "fault-slow-first-token":
            first = seconds(option(body, "fault_after_ms", SLOW_FIRST_TOKEN_MS))
        return Pace(first, gap)


def seconds(milliseconds: float) -> float:
    """A wait, bounded to what an event loop's timer can take."""
    return min(milliseconds / 1000, _LONGEST)


def interval(tokens_per_second: float) -> float:
    """Seconds between two tokens; 0 tokens per second is as fast as it goes."""
    return min(1 / tokens_per_second, _LONGEST) if tokens_per_second else 0.0


def _digest(body: Mapping[str, object], seed: int) -> str:
    told = {name: value for name, value in body.items() if name not in _TRAVEL}
    content = orjson.dumps([seed, told], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def _stream(model: str, answer: Answer, head: wire.Head, body: Mapping[str, object]) -> Script:
    options = body.get("stream_options")
    usage = isinstance(options, Mapping) and options.get("include_usage") is True
    chunks = wire.chunks(answer, head)
    tail = wire.ending(answer, head, include_usage=usage)
    count = answer.token_count
    part = min(int(option(body, "fault_after", max(count // 2, 1))), count)
    match model:
        case "fault-empty":
            return Script(tail=wire.closing(answer, head, include_usage=usage))
        case "fault-no-end":
            return Script(count=count, chunks=chunks)
        case "fault-stall":
            return Script(end=End.SILENT, count=part, chunks=islice(chunks, part))
        case "fault-malformed":
            return Script(count=part, chunks=islice(chunks, part), tail=_MALFORMED_EVENT, tail_apart=True)
        case "fault-cut":
            half = next(islice(wire.chunks(answer, head), part, None), tail)[:20]
            return Script(end=End.CUT, count=part, chunks=islice(chunks, part), tail=half)
    return Script(count=count, chunks=chunks, tail=tail)


def _whole(model: str, answer: Answer, head: wire.Head) -> Script:
    count = answer.token_count
    match model:
        case "fault-empty":
            return Script(tail=wire.without_choices(head))
        case "fault-stall":
            return Script(end=End.SILENT)
        case "fault-cut":
            return Script(end=End.CUT, count=count // 2)
        case "fault-malformed":
            return Script(count=count, tail=_MALFORMED_BODY)
        case "fault-no-end":
            cut = wire.whole(answer, head)
            return Script(count=count, tail=cut[: len(cut) // 2])
    return Script(count=count, tail=wire.whole(answer, head))
