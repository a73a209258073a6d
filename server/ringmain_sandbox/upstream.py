"""Sandbox, pure: the server that the sandbox plays.

`admit` refuses or admits a request. It keeps the only state: that of the faults that change from request to
request. `perform` makes the answer. It takes long where it draws, and may run in a thread.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import orjson

from ringmain_sandbox.endpoints import ENDPOINTS, Endpoint
from ringmain_sandbox.host import ALONE, Host
from ringmain_sandbox.models import MODELS, capabilities
from ringmain_sandbox.prompt import CONTEXT_TOKENS, PACING, option
from ringmain_sandbox.question import Question
from ringmain_sandbox.received import Received
from ringmain_sandbox.refusal import (
    Refusal,
    RefusedError,
    content_filter,
    context_exceeded,
    refusal,
    unknown_model,
)
from ringmain_sandbox.script import AT_ONCE, End, Pace, Script, streamed, whole

SLOW_FIRST_TOKEN_MS = 20_000.0
_LONGEST = 86_400.0
_FLAP = 3
_REMEMBERED = 1024

# Fields that say how the answer travels and how far it goes, and not what it is.
_TRAVEL = frozenset(
    {
        *PACING,
        *("max_completion_tokens", "max_tokens", "model", "stop", "stream", "stream_options"),
        *("partial_images", "stream_format"),
    }
)

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
_NO_ANSWER: Mapping[str, End] = {
    "fault-refuse-connection": End.REFUSED,
    "fault-reset": End.RESET,
    "fault-hang": End.SILENT,
}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that gets an answer.

    Attributes:
        endpoint: The endpoint that answers it.
        received: The request.
        digest: The digest of its content and the sandbox's seed.
        pace: The pace of the answer.
    """

    endpoint: Endpoint
    received: Received
    digest: str
    pace: Pace


class Upstream:
    """The server that the sandbox plays.

    Args:
        pace: The pace of answers to requests that state none.
        seed: Another seed gives other words and other pictures.
        host: What the process around the sandbox provides.
    """

    def __init__(self, pace: Pace = AT_ONCE, seed: int = 0, host: Host = ALONE) -> None:
        self._pace = pace
        self._seed = seed
        self._host = host
        self._failed_once: OrderedDict[str, None] = OrderedDict()
        self._flaps = 0

    def admit(self, received: Received) -> Admitted | Script:
        """Accepts a request, or returns the script of one that gets no answer.

        Raises:
            RefusedError: It is refused.
        """
        model = received.model
        endpoint = ENDPOINTS.get(received.path)
        if endpoint is None:
            raise RefusedError(refusal(404, f"Invalid URL ({received.path}).", code="unknown_url"))
        if model not in MODELS or endpoint.capability not in (capabilities(model) or ()):
            raise RefusedError(unknown_model(model))
        if model in _NO_ANSWER:
            return Script(accepted=False, end=_NO_ANSWER[model])
        digest = self._digest(received)
        self._refuse(model, digest)
        return Admitted(endpoint, received, digest, self._paced(model, received.body))

    def perform(self, admitted: Admitted, *, stream: bool) -> Script:
        """Answers an admitted request. The bytes of a whole answer are the tail of the script.

        Raises:
            RefusedError: It breaks the wire's rules.
        """
        received = admitted.received
        question = Question(received, admitted.digest, self._seed, stream, self._host)
        reply = admitted.endpoint.answer(question)
        if stream:
            after = partial(option, received.body, "fault_after")
            script = streamed(received.model, reply, after)
        else:
            script = whole(received.model, reply)
        return replace(script, pace=admitted.pace)

    def _digest(self, received: Received) -> str:
        told = {name: value for name, value in received.body.items() if name not in _TRAVEL}
        told["messages"] = _without_own_turn(told.get("messages"))
        content = [self._seed, told, *received.digests()]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

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
        """Whether this is the first try of a request. The next one after a success is a first try again."""
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


def _without_own_turn(messages: object) -> object:
    """Returns the messages without the turn that the answer continues, so that its words go on."""
    if isinstance(messages, list) and len(messages) > 1 and isinstance(messages[-1], Mapping):
        return messages[:-1] if messages[-1].get("role") == "assistant" else messages
    return messages


def seconds(milliseconds: float) -> float:
    """Returns the seconds of a wait, bounded to what an event loop's timer can take."""
    return min(milliseconds / 1000, _LONGEST)


def interval(tokens_per_second: float) -> float:
    """Returns the seconds between two tokens; none for 0 tokens per second."""
    return min(1 / tokens_per_second, _LONGEST) if tokens_per_second else 0.0
