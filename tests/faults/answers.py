"""Tests, faults: what both upstreams of the catalogue answer, and the scripts that look at requests."""

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate

from tests.fakes.rejections import UNAVAILABLE, rate_limited, rejection
from tests.fakes.script import Answer, Canned, Fault, FaultKind, Framing, Pace
from tests.faults.rows import USAGE, Dynamic, Side

TOKENS = tuple(f" token{index}" for index in range(60))
TEXT = "".join(TOKENS)
OTHER_TOKENS = tuple(f" other{index}" for index in range(60))
OTHER_TEXT = "".join(OTHER_TOKENS)
CUT_AFTER = 40
"""Tokens before a stream of the primary breaks."""
PACE = Pace(token=0.003)
"""So that content reaches the caller before a stream breaks."""

PRIMARY = Answer(tokens=TOKENS, usage=USAGE[Side.PRIMARY])
FALLBACK = Answer(tokens=TOKENS, usage=USAGE[Side.FALLBACK])
OTHER = Answer(tokens=OTHER_TOKENS, usage=USAGE[Side.FALLBACK])
CUT_TOO = Answer(tokens=TOKENS, pace=PACE, fault=Fault(kind=FaultKind.CUT, after_tokens=CUT_AFTER + 10))
PREFILL_REJECTED = rejection(400, "This model does not support assistant message prefill.")


def broken(kind: FaultKind, *, after: int = CUT_AFTER) -> Answer:
    """The primary's answer that goes wrong after this many tokens."""
    return Answer(
        tokens=TOKENS, usage=USAGE[Side.PRIMARY], pace=PACE, fault=Fault(kind=kind, after_tokens=after)
    )


def late(*, headers: float = 0.0, first_token: float = 0.0, pings: int = 0) -> Answer:
    """The primary's answer after a silence, which keep-alive comments may fill."""
    return Answer(
        tokens=TOKENS,
        usage=USAGE[Side.PRIMARY],
        pace=Pace(headers=headers, first_token=first_token),
        framing=Framing(pings_before_first_token=pings),
    )


def rate_limited_until(seconds: float) -> Dynamic:
    """429 to the first request, with a date in so many seconds; afterwards the answer."""

    def choose(_: Mapping[str, object], count: int) -> Answer | Canned:
        if count > 0:
            return PRIMARY
        date = formatdate(time.time() + seconds, usegmt=True)
        return rate_limited(headers=(("retry-after", date),))

    return Dynamic(choose=choose)


def flapping(requests: int = 4) -> Dynamic:
    """503 to some requests, the answer to as many, and so on."""

    def choose(_: Mapping[str, object], count: int) -> Answer | Canned:
        return UNAVAILABLE if count // requests % 2 == 0 else PRIMARY

    return Dynamic(choose=choose)


def with_prefill(continued: Callable[[str], Answer | Canned]) -> Dynamic:
    """The fallback's answer; `continued` decides what follows an assistant's text at the request's end."""

    def choose(body: Mapping[str, object], _: int) -> Answer | Canned:
        prefix = assistant_prefix(body)
        return FALLBACK if prefix is None else continued(prefix)

    return Dynamic(choose=choose)


def continue_text(prefix: str) -> Answer | Canned:
    """What is left of the text; a refusal where the prefix is none of it."""
    if not TEXT.startswith(prefix):
        return PREFILL_REJECTED
    return Answer(tokens=(TEXT[len(prefix) :],), usage=USAGE[Side.FALLBACK])


def assistant_prefix(body: Mapping[str, object]) -> str | None:
    """The text of the assistant with which a conversation ends, None if it ends otherwise."""
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    if not isinstance(last, dict) or last.get("role") != "assistant":
        return None
    content = last.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")
