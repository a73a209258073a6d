"""Tests, fakes: what a scripted upstream shall do, as values without behaviour.

A script is one of three values. ``Answer`` is a model's answer, with the ``Fault`` that breaks it on
the way and the ``Pace`` and ``Framing`` it travels with. ``Canned`` is a response sent as it stands,
for error statuses and for servers that answer with something else altogether. ``Flap`` changes from
request to request. `planner.py` turns a script into steps, `openai_server.py` takes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A function the model asks for.

    Attributes:
        name: The function.
        arguments: The arguments' JSON, in the pieces in which a stream carries it.
        id: What the caller answers to.
    """

    name: str
    arguments: tuple[str, ...]
    id: str = "call_fake0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer counts, in tokens. Cached and reasoning tokens are parts of the other two."""

    prompt: int = 11
    completion: int = 7
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long an upstream takes, in seconds.

    Attributes:
        headers: Silence before the status line.
        first_token: Silence between the headers and the first content.
        token: Silence between two contents.
    """

    headers: float = 0.0
    first_token: float = 0.0
    token: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How the events of a stream are laid out in bytes. The defaults are what OpenAI sends.

    Attributes:
        line_end: What ends a line: LF, CRLF or CR, all of which server-sent events allow.
        space_after_colon: Whether a blank follows ``data:``. Readers drop it if it is there.
        event_fields: Whether events also carry ``event:``, ``id:`` and ``retry:`` lines.
        ping: Whether a comment goes before every event, as proxies send to keep a connection alive.
        pings_before_first_token: How many comments fill the silence before the first content.
        write_size: How many bytes go into one write; 0 means each event is one write.
        burst: Whether the whole stream goes into one write. Pauses are lost.
        unknown_fields: Whether chunks carry fields that no client knows.
        reasoning_field: Where reasoning travels: `reasoning_content` as DeepSeek and llama.cpp name
            it, `reasoning` as OpenRouter and newer vLLM do.
    """

    line_end: Literal["\n", "\r\n", "\r"] = "\n"
    space_after_colon: bool = True
    event_fields: bool = False
    ping: bool = False
    pings_before_first_token: int = 0
    write_size: int = 0
    burst: bool = False
    unknown_fields: bool = False
    reasoning_field: str = "reasoning_content"


class FaultKind(StrEnum):
    """The ways in which an answer goes wrong after the request was taken.

    "Stream only" kinds leave a whole answer as it is.
    """

    RESET_BEFORE_HEADERS = "reset-before-headers"
    """The connection is reset (RST) instead of an answer."""
    CLOSE_BEFORE_HEADERS = "close-before-headers"
    """The connection is closed (FIN) instead of an answer."""
    HALF_CLOSE_BEFORE_HEADERS = "half-close-before-headers"
    """The server shuts down its side (FIN) instead of an answer, and waits for the client to close."""
    HANG = "hang"
    """Nothing is ever sent."""
    RESET = "reset"
    """The connection is reset after some contents, or in the middle of a whole answer."""
    CUT = "cut"
    """The connection is closed after some contents, the HTTP body unfinished."""
    HALF_CLOSE = "half-close"
    """The server shuts down its side after some contents, and waits for the client to close its own."""
    STALL = "stall"
    """Nothing more is sent after some contents, and the connection stays open."""
    MALFORMED = "malformed"
    """An event after some contents, or the whole answer, is no JSON."""
    TRUNCATED = "truncated"
    """The JSON ends in the middle while the HTTP message is well formed."""
    NO_END = "no-end"
    """Stream only. The HTTP body ends properly after the contents: no finish reason, no end mark."""
    NO_DONE = "no-done"
    """Stream only. The finish reason is sent, `[DONE]` is not."""
    NO_FINISH = "no-finish"
    """Stream only. `[DONE]` is sent, a finish reason never was."""
    EMPTY_CHOICES = "empty-choices"
    """200 with no choice at all."""
    EMPTY_BODY = "empty-body"
    """200 with a body of zero bytes."""
    WRONG_CONTENT_TYPE = "wrong-content-type"
    """The right body as `text/plain`."""
    WHOLE_FOR_STREAM = "whole-for-stream"
    """Stream only. The server ignores `stream` and sends one JSON document."""
    GIANT = "giant"
    """A single content of `Fault.size` bytes."""
    INVALID_UTF8 = "invalid-utf8"
    """Bytes inside the text that are no UTF-8."""
    DUPLICATE_FINISH = "duplicate-finish"
    """Stream only. The finish reason is sent twice."""
    ERROR_EVENT = "error-event"
    """An error object after some contents, under status 200; in place of a whole answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How an answer goes wrong.

    Attributes:
        kind: What happens.
        after_tokens: How many contents of a stream are sent before it happens.
        size: How many bytes a GIANT content has.
    """

    kind: FaultKind
    after_tokens: int = 0
    size: int = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A model's answer.

    Attributes:
        tokens: The text, in the pieces in which a stream carries it.
        reasoning: The reasoning before the text, in pieces.
        tool_calls: The functions asked for after the text.
        interleave_tool_calls: Whether the pieces of several tool calls' arguments alternate.
        beside: What else the message has, such as sources or speech, in the JSON of a whole answer; a stream
            has all of it after the text.
        logprobs: Whether each piece of the text comes with its log probability.
        refusal: What the model says instead of answering.
        items: The items of an answer of the responses wire, in place of all of these.
        finish_reason: Why it stopped. None derives it: `tool_calls` if there are any, else `stop`.
        usage: The counts. None withholds them even if the request asks, as some servers do.
        pace: How long it takes.
        framing: How a stream is laid out in bytes.
        fault: How it goes wrong, if it does.
    """

    tokens: tuple[str, ...] = ("Hello", " from", " upstream", ".")
    reasoning: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    interleave_tool_calls: bool = False
    beside: Mapping[str, Any] = field(default_factory=dict)
    logprobs: bool = False
    refusal: str | None = None
    items: tuple[Mapping[str, Any], ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = field(default_factory=Usage)
    pace: Pace = field(default_factory=Pace)
    framing: Framing = field(default_factory=Framing)
    fault: Fault | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.tokens)

    @property
    def stop_reason(self) -> FinishReason:
        """The finish reason that is sent."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """A response sent as it stands, whatever was asked."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """A server that fails and recovers, counted for each model by itself.

    Attributes:
        failure: What a failing request gets.
        success: What the others get.
        first: How many requests fail before all succeed; 0 means every other one fails, the first
            included.
    """

    failure: "Answer | Canned"
    success: "Answer | Canned"
    first: int = 0

    def at(self, count: int) -> "Answer | Canned":
        """The script for the request after `count` earlier ones."""
        failing = count < self.first if self.first else count % 2 == 0
        return self.failure if failing else self.success


Script = Answer | Canned | Flap


def broken(kind: FaultKind, *, after_tokens: int = 0, answer: Answer | None = None) -> Answer:
    """The default answer (or the one given), broken in this way."""
    return replace(answer or Answer(), fault=Fault(kind=kind, after_tokens=after_tokens))
