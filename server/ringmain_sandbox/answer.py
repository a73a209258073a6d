"""Sandbox, pure: answers to chats, before they are bytes.

The same request and seed give the same answer. The words vary with the seed; what they say about the request
does not.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from random import Random

from ringmain_sandbox import tokens
from ringmain_sandbox.host import Host
from ringmain_sandbox.own_tools import FAILING, Found, Run, run
from ringmain_sandbox.prompt import Attachment, Prompt, Turn
from ringmain_sandbox.refusal import bad_request

_QUOTE = 120
"""The most characters of the user's text that an answer repeats."""
_THOUGHTS = {"minimal": 1, "low": 1, "medium": 2, "high": 4, "xhigh": 6}
_HELLOS = (
    "Hello from the sandbox.",
    "This is the sandbox speaking.",
    "You have reached the sandbox.",
    "The sandbox greets you.",
    "A word from the sandbox:",
)
_HONEST = (
    "No model runs here, so I only describe what you sent.",
    "I am not a model; I tell you what arrived.",
    "There is no model behind this, only a report of your request.",
    "Nothing here was thought up by a model: this lists what came in.",
    "I have no model to ask, yet I can say what I was given.",
)
_GOT = ("I got", "Your request holds", "There came in", "I received", "I count")
_LAST = ("You last said", "Your last words were", "You ended with", "The last text from you is")
_IDEAS = (
    "I look at what the request holds.",
    "The messages come first, then their attachments.",
    "The tools and the wanted format decide the shape of the answer.",
    "I have no model, so honesty is the best I can offer.",
    "A short answer is enough here.",
    "Nothing in the request asks for more than a report.",
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of the caller's tools. A limit of tokens may cut its arguments anywhere."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        text: Its text.
        reasoning: The thoughts before the text.
        tool_calls: The calls of tools.
        finish_reason: `stop`, `length`, `tool_calls` or `pause_turn`.
        runs: The tools that the sandbox ran, before the text.
        sources: The pages that the text rests on.
        picture: A picture, as the wire has it; None for none.
        speech: The text as speech, in pieces of base64.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    runs: tuple[Run, ...] = ()
    sources: tuple[Found, ...] = ()
    picture: Mapping[str, object] | None = None
    speech: tuple[str, ...] = ()

    @property
    def reasoning_tokens(self) -> int:
        """The number of tokens of the reasoning."""
        return tokens.count(self.reasoning)

    @property
    def token_count(self) -> int:
        """The number of all tokens. The name of a tool call is one, and its arguments count as text."""
        calls = sum(1 + tokens.count(call.arguments) for call in self.tool_calls)
        return self.reasoning_tokens + tokens.count(self.text) + calls

    @property
    def event_count(self) -> int:
        """The number of events of a stream: one for each token, and those of what is no text."""
        beside = sum(run.event_count for run in self.runs) + len(self.speech)
        beside += bool(self.sources) + (self.picture is not None) + bool(self.reasoning)
        return self.token_count + beside


def echo(prompt: Prompt) -> Answer:
    """Returns the last text of the user, unchanged."""
    return _bounded(Answer(text=prompt.last_user_text), prompt)


def chat(prompt: Prompt, rng: Random, host: Host) -> Answer:
    """Answers from the content of the request.

    Args:
        prompt: The request.
        rng: Chooses the words.
        host: Reads the images.

    Raises:
        RefusedError: A schema cannot be satisfied.
    """
    if prompt.turns and prompt.turns[-1].role == "assistant":
        rest = _continued(prompt, rng, host)
        if rest is not None:
            return rest
    reasoning = _reasoning(prompt, rng)
    runs = tuple(_runs(prompt, rng))
    called = _called(prompt)
    if called:
        calls = tuple(_call(name, prompt, rng) for name in called)
        return _bounded(Answer("", reasoning, calls, finish_reason="tool_calls", runs=runs), prompt)
    text = _text(prompt, rng, host)
    sources = tuple(page for one in runs for page in one.pages)
    answer = _bounded(Answer(text, reasoning, runs=runs, sources=sources), prompt)
    if answer.finish_reason != "stop":
        return answer
    if prompt.pause_after is not None and prompt.pause_after < tokens.count(text):
        said = "".join(islice(tokens.pieces(text), prompt.pause_after))
        return replace(answer, text=said, sources=(), finish_reason="pause_turn")
    return _beside(answer, prompt, rng, host)


def _continued(prompt: Prompt, rng: Random, host: Host) -> Answer | None:
    """Returns what is left of the answer that the assistant's last turn begins; None if it begins another."""
    *before, last = prompt.turns
    whole = _text(replace(prompt, turns=tuple(before)), rng, host)
    if not last.text or not whole.startswith(last.text):
        return None
    return _bounded(Answer(whole[len(last.text) :]), prompt)


def _runs(prompt: Prompt, rng: Random) -> Iterator[Run]:
    """Yields the runs of the sandbox's own tools before an answer: of the one that is named, or of all."""
    if prompt.tool_choice == "none" or _results(prompt):
        return
    query = _cut(prompt.last_user_text)
    fails = _mentions(prompt.last_user_text, FAILING)
    for name, settings in prompt.own_tools.items():
        if prompt.tool_name and name != prompt.tool_name:
            continue
        yield run(name, settings, query, f"run_{rng.getrandbits(64):016x}", fails=fails)


def _beside(answer: Answer, prompt: Prompt, rng: Random, host: Host) -> Answer:
    """Adds the picture and the speech that a request asks for."""
    if not (prompt.draws or prompt.speech):
        return answer
    # Loaded by the first such request: drawing takes a library.
    from ringmain_sandbox import besides

    if prompt.draws:
        answer = replace(answer, picture=besides.picture(prompt.last_user_text, rng, host))
    if prompt.speech:
        speech = besides.speech(answer.text, prompt.voice, prompt.speech)
        answer = replace(answer, speech=tuple(speech))
    return answer


def _reasoning(prompt: Prompt, rng: Random) -> str:
    thoughts = " ".join(rng.sample(_IDEAS, _THOUGHTS.get(prompt.effort, 0)))
    return "".join(islice(tokens.pieces(thoughts), prompt.thought_tokens))


def _called(prompt: Prompt) -> list[str]:
    """Returns the tools to call now: the one that is named, or those that the user mentions."""
    if prompt.tool_choice == "none" or not prompt.tools:
        return []
    if prompt.tool_name:
        return [prompt.tool_name] if prompt.tool_name in prompt.tools else []
    if prompt.tool_choice == "auto" and _results(prompt):
        return []
    found = [name for name in prompt.tools if _mentions(prompt.last_user_text, name)]
    if prompt.tool_choice == "required" and not found and not prompt.own_tools:
        found = [next(iter(prompt.tools))]
    return found if prompt.parallel else found[:1]


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _call(name: str, prompt: Prompt, rng: Random) -> ToolCall:
    arguments = _instance(prompt.tools[name], f"function {name!r}", f"tools.{name}", rng)
    return ToolCall(f"call_{rng.getrandbits(64):016x}", name, arguments)


def _instance(schema: object, whose: str, param: str, rng: Random) -> str:
    # Loaded by the first schema: the library that checks them takes as much memory as the idle sandbox.
    from ringmain_sandbox.instance import instance
    from ringmain_sandbox.schema import SchemaError

    try:
        return json.dumps(instance(schema, rng), ensure_ascii=False)
    except SchemaError as exc:
        raise bad_request(f"Invalid schema for {whose}: {exc}.", param) from exc


def _text(prompt: Prompt, rng: Random, host: Host) -> str:
    match prompt.format:
        case "json_schema":
            whose = f"response_format {prompt.schema_name!r}"
            return _instance(prompt.schema, whose, "response_format.json_schema.schema", rng)
        case "json_object":
            return json.dumps(_summary(prompt, host), ensure_ascii=False)
    return " ".join(_sentences(prompt, rng, host))


def _summary(prompt: Prompt, host: Host) -> dict[str, object]:
    return {
        "sandbox": True,
        "messages": len(prompt.turns),
        "tools": list(prompt.tools),
        "attachments": [_described(item, host) for item in prompt.attachments],
        "last_text": _cut(prompt.last_user_text),
    }


def _sentences(prompt: Prompt, rng: Random, host: Host) -> Iterator[str]:
    yield f"{rng.choice(_HELLOS)} {rng.choice(_HONEST)}"
    roles = Counter(turn.role for turn in prompt.turns)
    listed = ", ".join(f"{count} {role}" for role, count in roles.items())
    tools = f" ({', '.join(prompt.tools)})" if prompt.tools else ""
    messages, declared = _plural(len(prompt.turns), "message"), _plural(len(prompt.tools), "tool")
    if prompt.user:
        yield f"The end user is {prompt.user}."
    yield f"{rng.choice(_GOT)} {messages} ({listed}) and {declared}{tools}."
    numbers: Counter[str] = Counter()
    for item in prompt.attachments:
        numbers[item.kind] += 1
        yield f"{item.kind.capitalize()} {numbers[item.kind]} is {_described(item, host)}."
    yield from map(_result, _results(prompt))
    if prompt.last_user_text:
        yield f"{rng.choice(_LAST)}: “{_cut(prompt.last_user_text)}”"


def _results(prompt: Prompt) -> list[Turn]:
    """Returns the results of the tools that the assistant called last."""
    ending = takewhile(lambda turn: turn.role != "assistant", reversed(prompt.turns))
    return [turn for turn in ending if turn.role == "tool"][::-1]


def _result(turn: Turn) -> str:
    return f"A tool answered in {_plural(len(turn.text), 'character')}: “{_cut(turn.text)}”"


def _described(item: Attachment, host: Host) -> str:
    if item.data is None:
        return "an address, which the sandbox does not fetch"
    size = _plural(len(item.data), "byte")
    if item.kind != "image":
        name = f"{item.name}, " if item.name else ""
        return f"{name}{item.media_type}, {size}"
    header = host.image_header(item.data)
    if header is None:
        return f"said to be {item.media_type}, of a format that the sandbox cannot read, {size}"
    return f"{header.format}, {header.width}x{header.height} pixels, {size}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTE else text[:_QUOTE] + "…"


def _bounded(answer: Answer, prompt: Prompt) -> Answer:
    """Cuts an answer at its stop sequences and its limit of tokens."""
    ends = [at for stop in prompt.stop if (at := answer.text.find(stop)) >= 0]
    if ends:
        answer = replace(answer, text=answer.text[: min(ends)])
    limit = prompt.max_tokens
    if limit is None or answer.token_count <= limit:
        return answer
    return _limited(answer, limit)


def _limited(answer: Answer, limit: int) -> Answer:
    reasoning = "".join(islice(tokens.pieces(answer.reasoning), limit))
    limit -= tokens.count(reasoning)
    text = "".join(islice(tokens.pieces(answer.text), limit))
    limit -= tokens.count(text)
    calls = []
    for call in answer.tool_calls:
        if limit > 0:
            arguments = "".join(islice(tokens.pieces(call.arguments), limit - 1))
            calls.append(replace(call, arguments=arguments))
            limit -= 1 + tokens.count(arguments)
    return Answer(text, reasoning, tuple(calls), finish_reason="length", runs=answer.runs)
