"""Sandbox, pure: reads a request of the chat completions wire.

https://platform.openai.com/docs/api-reference/chat/create has the fields. An unknown field is refused, and
the refusal names the nearest known one, so that no misspelled option is ignored.
"""

import base64
import binascii
import difflib
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ringmain_sandbox import own_tools, tokens
from ringmain_sandbox.refusal import bad_request

PACING = ("first_token_ms", "tokens_per_second", "fault_after", "fault_after_ms", "pause_after")
"""The sandbox's own fields, which set its pace and the place of a fault or a pause."""
CONTEXT_TOKENS = 1 << 18
"""The most tokens of a request."""
_KNOWN = frozenset(
    {
        *PACING,
        *("frequency_penalty", "logit_bias", "max_completion_tokens", "max_tokens", "messages"),
        *("metadata", "min_p", "model", "parallel_tool_calls", "presence_penalty", "reasoning"),
        *("prompt_cache_key", "reasoning_effort", "response_format", "safety_identifier", "seed"),
        *("service_tier", "stop", "store", "stream", "stream_options", "temperature", "tool_choice"),
        *("tools", "top_k", "top_p", "user", "verbosity", "logprobs", "top_logprobs", "prediction"),
        *("audio", "modalities", "prompt_cache_retention", "web_search_options", "cache_control"),
    }
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image, a document or an audio clip.

    Attributes:
        kind: `image`, `document` or `audio`.
        media_type: The media type that the request states.
        name: The name of a document; may be empty.
        data: The bytes; None for an address, which the sandbox does not fetch.
    """

    kind: str
    media_type: str = ""
    name: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the request.

    Attributes:
        role: Who speaks.
        text: What is said.
        attachments: What comes with it.
        cached: Whether the prompt up to here is to be kept in the prompt cache.
        ran: Whether the sandbox ran tools of its own in it.
    """

    role: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    cached: bool = False
    ran: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request for a chat.

    Attributes:
        turns: The messages, oldest first.
        tools: The schema of each tool's parameters, by the tool's name.
        tool_choice: `auto`, `none`, `required`, or `function` for the tool that is named.
        tool_name: The tool that is named; empty if none is.
        parallel: Whether several tools may be called at once.
        own_tools: The settings of the tools that the sandbox is to run itself, by name.
        format: `text`, `json_object` or `json_schema`.
        schema_name: The name of the schema.
        schema: The schema that the answer must satisfy.
        effort: The effort of reasoning; `none` for no reasoning.
        thought_tokens: The most tokens of reasoning; None without a limit.
        top_logprobs: How many likely tokens to tell for each token; None for no probabilities.
        draws: Whether the answer holds a picture.
        speech: The format of the answer's speech; empty for none.
        voice: The voice of the speech.
        pause_after: The tokens of the text after which the turn pauses; None for no pause.
        user: The hash of the end user; may be empty.
        cached_count: The number of tokens up to the last place to cache.
        max_tokens: The most tokens to write; None without a limit.
        stop: Strings that end the answer.
        token_count: The number of tokens of the whole request. An attachment counts as one.
    """

    turns: tuple[Turn, ...]
    tools: Mapping[str, object] = field(default_factory=dict)
    tool_choice: str = "auto"
    tool_name: str = ""
    parallel: bool = True
    format: str = "text"
    schema_name: str = ""
    schema: object = True
    own_tools: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    effort: str = "none"
    thought_tokens: int | None = None
    top_logprobs: int | None = None
    draws: bool = False
    speech: str = ""
    voice: str = ""
    pause_after: int | None = None
    user: str = ""
    cached_count: int = 0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    token_count: int = 0

    @property
    def last_user_text(self) -> str:
        """The text of the user's last message; empty if there is none."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    @property
    def attachments(self) -> list[Attachment]:
        """Every attachment, in order."""
        return [attachment for turn in self.turns for attachment in turn.attachments]


def read_prompt(body: Mapping[str, object]) -> Prompt:
    """Reads a request from its body.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    check_fields(body, _KNOWN)
    turns = tuple(_turns(body))
    tools = dict(_tools(body))
    ours = dict(_own_tools(body))
    choice, name = _tool_choice(body, {**tools, **ours})
    modalities = body.get("modalities")
    asked = modalities if isinstance(modalities, list) else []
    audio = body.get("audio") if "audio" in asked else None
    spoken = audio if isinstance(audio, Mapping) else {}
    form, schema_name, schema = _format(body)
    return Prompt(
        turns=turns,
        tools=tools,
        tool_choice=choice,
        tool_name=name,
        parallel=body.get("parallel_tool_calls") is not False,
        format=form,
        schema_name=schema_name,
        schema=schema,
        own_tools=ours,
        effort=str(body.get("reasoning_effort") or _effort(body)),
        thought_tokens=_thought_tokens(body),
        top_logprobs=int(option(body, "top_logprobs", 0)) if body.get("logprobs") is True else None,
        draws="image" in asked,
        speech=str(spoken.get("format") or ""),
        voice=str(spoken.get("voice") or ""),
        pause_after=None if body.get("pause_after") is None else int(option(body, "pause_after", 0)),
        user=str(body.get("user") or ""),
        cached_count=_cached_count(turns),
        max_tokens=_max_tokens(body),
        stop=_stop(body),
        token_count=_token_count(body, turns),
    )


def option(body: Mapping[str, object], name: str, default: float) -> float:
    """Returns the value of one of the sandbox's own fields, a number from 0.

    Raises:
        RefusedError: It is anything else.
    """
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"{name} must be a number.", name)
    if not (math.isfinite(value) and value >= 0):
        raise bad_request(f"{name} must be 0 or more.", name)
    return value


def check_fields(names: Iterable[str], known: Collection[str]) -> None:
    """Refuses an unknown field, and names the nearest known one.

    Raises:
        RefusedError: A field is unknown.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise bad_request(f"Unrecognized request argument supplied: {name}.{hint}", name)


def _objects(value: object, param: str) -> list[Mapping[str, object]]:
    listed = value if isinstance(value, list) else [value]
    found = [item for item in listed if isinstance(item, Mapping)]
    if not isinstance(value, list) or len(found) < len(listed):
        raise bad_request(f"{param} must be a list of objects.", param)
    return found


def _turns(body: Mapping[str, object]) -> Iterator[Turn]:
    messages = _objects(body.get("messages"), "messages")
    if not messages:
        raise bad_request("messages must hold at least one message.", "messages")
    for index, message in enumerate(messages):
        param = f"messages[{index}].content"
        content = message.get("content")
        ran = own_tools.check(message.get("executed_tools") or [], f"messages[{index}].executed_tools")
        _check_thoughts(message.get("reasoning_details"), f"messages[{index}].reasoning_details")
        parts = [] if content is None or isinstance(content, str) else _objects(content, param)
        texts = [content] if isinstance(content, str) else list(_texts(parts))
        attachments = [
            _attachment(part, param) for part in parts if part.get("type") not in ("text", "refusal")
        ]
        cached = any(part.get("cache_control") for part in parts)
        text = "\n".join(texts)
        yield Turn(str(message.get("role")), text, tuple(attachments), cached, bool(ran))


def _check_thoughts(details: object, param: str) -> None:
    """Refuses reasoning of an earlier turn that is not as the sandbox sent it."""
    for detail in details if isinstance(details, list) else ():
        told = detail if isinstance(detail, Mapping) else {}
        if told.get("signature") != own_tools.sign(str(told.get("text"))):
            raise bad_request("Reasoning of the sandbox came back changed.", param)


def _cached_count(turns: tuple[Turn, ...]) -> int:
    last = max((index for index, turn in enumerate(turns) if turn.cached), default=-1)
    return sum(tokens.count(turn.text) + len(turn.attachments) for turn in turns[: last + 1])


def _texts(parts: list[Mapping[str, object]]) -> Iterator[str]:
    return (str(part.get("text", "")) for part in parts if part.get("type") == "text")


def _attachment(part: Mapping[str, object], param: str) -> Attachment:
    kind = str(part.get("type"))
    inner = part.get(kind)
    if not isinstance(inner, Mapping):
        raise bad_request(f"The sandbox takes no content of type {kind!r} in {param}.", param)
    match kind:
        case "image_url":
            media_type, data = _data_url(str(inner.get("url")), param)
            return Attachment("image", media_type, data=data)
        case "input_audio":
            data = _decoded(str(inner.get("data")), param)
            return Attachment("audio", f"audio/{inner.get('format')}", data=data)
        case "file":
            media_type, data = _data_url(str(inner.get("file_data")), param)
            return Attachment("document", media_type, str(inner.get("filename") or ""), data)
    raise bad_request(f"The sandbox takes no content of type {kind!r} in {param}.", param)


def _data_url(url: str, param: str) -> tuple[str, bytes | None]:
    if not url.startswith("data:"):
        return "", None
    head, _, data = url.removeprefix("data:").partition(",")
    return head.removesuffix(";base64"), _decoded(data, param)


def _decoded(data: str, param: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise bad_request(f"{param} holds data that is not base64.", param) from exc


def _tools(body: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for tool in _objects(body.get("tools") or [], "tools"):
        function = tool.get("function")
        if tool.get("type") in own_tools.NAMES:
            continue
        if not isinstance(function, Mapping) or not function.get("name"):
            raise bad_request("Every tool must be a function with a name.", "tools")
        yield str(function["name"]), function.get("parameters") or {"type": "object"}


def _own_tools(body: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for tool in _objects(body.get("tools") or [], "tools"):
        name = str(tool.get("type"))
        if name in own_tools.NAMES:
            settings = tool.get(name)
            yield name, settings if isinstance(settings, Mapping) else {}


def _effort(body: Mapping[str, object]) -> str:
    """Returns the effort of a request that names a budget of tokens instead."""
    return "high" if _thought_tokens(body) else "none"


def _thought_tokens(body: Mapping[str, object]) -> int | None:
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, Mapping) or reasoning.get("max_tokens") is None:
        return None
    return int(option(reasoning, "max_tokens", 0))


def _tool_choice(body: Mapping[str, object], tools: Mapping[str, object]) -> tuple[str, str]:
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, Mapping):
        function = choice.get("function")
        name = str(function.get("name") if isinstance(function, Mapping) else choice.get("type"))
        if name not in tools:
            raise bad_request(f"Tool choice {name!r} is not among the tools.", "tool_choice")
        return "function", name
    if choice not in ("auto", "none", "required"):
        raise bad_request("tool_choice must be auto, none, required or a function.", "tool_choice")
    if choice == "required" and not tools:
        raise bad_request("tool_choice is required, but there are no tools.", "tool_choice")
    return str(choice), ""


def _format(body: Mapping[str, object]) -> tuple[str, str, object]:
    form = body.get("response_format") or {"type": "text"}
    kind = form.get("type") if isinstance(form, Mapping) else None
    if not isinstance(form, Mapping) or kind not in ("text", "json_object", "json_schema"):
        raise bad_request("response_format has an unknown type.", "response_format")
    if kind != "json_schema":
        return str(kind), "", {"type": "object"}
    inner = form.get("json_schema")
    if not isinstance(inner, Mapping) or "schema" not in inner:
        raise bad_request("response_format lacks its schema.", "response_format.json_schema")
    return "json_schema", str(inner.get("name", "")), inner["schema"]


def _max_tokens(body: Mapping[str, object]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        if body.get(name) is not None:
            return int(option(body, name, 0))
    return None


def _stop(body: Mapping[str, object]) -> tuple[str, ...]:
    stop = body.get("stop") or ()
    listed = (stop,) if isinstance(stop, str) else stop
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise bad_request("stop must be a string or a list of strings.", "stop")
    return tuple(item for item in listed if item)


def _token_count(body: Mapping[str, object], turns: tuple[Turn, ...]) -> int:
    total = sum(tokens.count(turn.text) + len(turn.attachments) for turn in turns)
    messages = body["messages"]
    assert isinstance(messages, list)
    calls = [message["tool_calls"] for message in messages if message.get("tool_calls")]
    spoken = (*calls, body.get("tools"), body.get("response_format"))
    return total + sum(tokens.count(json.dumps(item)) for item in spoken if item)
