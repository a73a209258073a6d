"""Room 4, pure: the tools that Google runs itself, as parts of its wire and as parts of the contract.

https://ai.google.dev/gemini-api/docs/code-execution, https://ai.google.dev/gemini-api/docs/tool-combination:
a tool that ran shows as two parts, a call and a result. In the contract they are one `ProviderToolCall`,
whose signature holds both as they came, with their own signatures and with their distance, so that they go
back in the order that they came in. It has one JSON object a line, because a stream sends the result later.

A signature comes back from a caller, who may have changed it. So it is parsed as untrusted data: only known
parts and fields are taken from it, and anything else makes it void.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from ringmain.v1.content_pb2 import Media, Part

from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.json_reader import NotJson, read, read_again, written
from ringmain_server.providers.state_json import is_shallow, read_state
from ringmain_server.providers.vertex import wire

Json = Mapping[str, object]

CARRIER = "ringmain/part"
"""The name of a function response that stands for a part which the messages of Vertex AI lack.

No function has such a name, and no answer has a function response. Its `response` has one field: the part's
name on the wire, with the part as JSON text.
"""
WEB_SEARCH, CODE_EXECUTION = "web_search", "code_execution"
"""Names that the contract gives to the tools of every provider."""
HTML = "text/html"
SUGGESTIONS = "search_suggestions"
"""The field of a search's result with the page of suggestions that Google wants shown."""

_CODE, _CODE_RESULT, _CALL, _RESULT = "executableCode", "codeExecutionResult", "toolCall", "toolResponse"
_WORD = (str, int)
"""Types of an enum's value, which is a number where the library does not know its name."""
_FIELDS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    _CODE: {"id": str, "language": _WORD, "code": str},
    _CODE_RESULT: {"id": str, "outcome": _WORD, "output": str},
    _CALL: {"id": str, "toolType": str, "args": dict},
    _RESULT: {"id": str, "toolType": str, "response": dict},
}
"""The parts, with the fields that are read and sent back."""
PARTS = frozenset(_FIELDS)
"""The names of these parts on the wire."""
_RESULTS = frozenset({_CODE_RESULT, _RESULT})
_IN_MESSAGES: Mapping[str, str] = {_CODE: "executable_code", _CODE_RESULT: "code_execution_result"}
"""The parts that the messages of Vertex AI have, with their fields."""
_OK = "OUTCOME_OK"
_NAMES: Mapping[str, str] = {"GOOGLE_SEARCH_WEB": WEB_SEARCH}
_PART, _SIGNATURE, _LATER, _ORDER = "part", "thoughtSignature", "later", "order"
_DISTANCE = 1_000_000
"""The largest distance or order that is taken from a signature; no answer has so many parts."""
_LEVELS = 30
"""Most levels of objects and lists in a part that is sent back, as in arguments of calls."""
ID_LIMIT = 256
"""Most characters of an id and of a name, as the contract promises."""

Placed = tuple[int, int, wire.Part]
"""A part that goes back, behind the index of the part of the message that it follows, and its order there."""


@dataclass(frozen=True, slots=True)
class ToolPart:
    """One of the two parts of a tool that the provider ran.

    Attributes:
        kind: The part's name on the wire, such as `toolCall`.
        content: The part as JSON.
        signature: The part's own signature; may be empty.
        later: The number of parts of the answer that began between the call and this part.
        order: The number of such parts before it in the answer.
    """

    kind: str
    content: Json
    signature: bytes = b""
    later: int = 0
    order: int = 0


def carried(kind: str, content: Json) -> dict[str, object]:
    """Returns a part that the messages of Vertex AI lack as a part that they have, in JSON. See `CARRIER`."""
    return {"functionResponse": {"name": CARRIER, "response": {kind: written(content)}}}


def uncarried(part: Mapping[str, object]) -> dict[str, object]:
    """Returns a part of a request with the part that `carried` put into it, if it did."""
    response = part.get("functionResponse")
    if not isinstance(response, Mapping) or response.get("name") != CARRIER:
        return dict(part)
    content = response.get("response", {})
    # The result of a caller's function has other fields, even if the caller chose this name for it.
    if not isinstance(content, Mapping) or not content.keys() <= PARTS:
        return dict(part)
    found = {kind: read_again(text) for kind, text in content.items()}
    return {**{name: value for name, value in part.items() if name != "functionResponse"}, **found}


def tool_part(part: wire.Part, kind: str | None) -> ToolPart | None:
    """Returns a part of an answer if a tool of the provider's own made it.

    Args:
        part: The part.
        kind: The name of its content in the message.
    """
    if kind == "function_response" and part.function_response.name == CARRIER:
        fields = part.function_response.response.fields
        found = {name: read(value.string_value) for name, value in fields.items()}
    elif kind in _IN_MESSAGES.values():
        found = MessageToDict(part)
    else:
        return None
    name = next((name for name in found if name in PARTS), "")
    return _known(name, found.get(name), part.thought_signature)


class ToolReader:
    """Reads the parts of an answer that its provider's tools made.

    Args:
        assembler: Gets the parts.

    Attributes:
        queries: The number of web searches that were called.
        search: The key of the last call of a web search; None if there was none.
    """

    __slots__ = ("_assembler", "_begun", "_count", "_open", "queries", "search")

    def __init__(self, assembler: ChatAssembler) -> None:
        self._assembler = assembler
        self._open: dict[tuple[str, str], list[int]] = {}
        self._begun: dict[int, int] = {}
        self._count = 0
        self.queries = 0
        self.search: int | None = None

    def read(self, part: ToolPart, key: int, new_id: str) -> None:
        """Reads a part.

        Args:
            part: The part.
            key: The key for a part of the contract, if this begins one.
            new_id: The id for a call to which the wire gave none.
        """
        name, their_id = name_of(part), _text(part.content, "id")
        # Without ids, results come in the order of the calls.
        waiting = self._open.setdefault((their_id, "" if their_id else name), [])
        is_result = part.kind in _RESULTS
        if is_result and waiting:
            self._result(part, waiting.pop(0))
            return
        self._assembler.provider_tool_call(key, their_id[:ID_LIMIT] or new_id, name)
        self._begun[key] = self._assembler.parts
        if is_result:
            self._result(part, key)
        else:
            waiting.append(key)
            self._call(part, key)

    def _call(self, part: ToolPart, key: int) -> None:
        asked = part.content if part.kind == _CODE else part.content.get("args", {})
        self._sign(part, key)
        self._assembler.arguments(written(_without_id(asked)), key)
        if name_of(part) == WEB_SEARCH:
            self.search = key
            queries = asked.get("queries") if isinstance(asked, Mapping) else None
            self.queries += len(queries) if isinstance(queries, list) else 1

    def _result(self, part: ToolPart, key: int) -> None:
        if part.kind == _CODE_RESULT:
            self._assembler.result(Part(text=_text(part.content, "output")), key)
            if part.content.get("outcome", _OK) != _OK:
                self._assembler.failed(key)
        else:
            for found in _response(part.content.get("response")):
                self._assembler.result(found, key)
        self._sign(part, key)

    def _sign(self, part: ToolPart, key: int) -> None:
        later = self._assembler.parts - self._begun[key]
        line: dict[str, object] = {_PART: {part.kind: part.content}}
        if part.signature:
            line[_SIGNATURE] = base64.b64encode(part.signature).decode()
        if later:
            line[_LATER] = later
        if self._count:
            line[_ORDER] = self._count
        self._count += 1
        self._assembler.signature(written(line).encode() + b"\n", key)


def name_of(part: ToolPart) -> str:
    """Returns the contract's name of a tool, such as `web_search` or `url_context`."""
    if part.kind in _IN_MESSAGES:
        return CODE_EXECUTION
    kind = _text(part.content, "toolType")
    return _NAMES.get(kind, kind.lower()[:ID_LIMIT] or "tool")


def sent_back(signature: bytes, index: int, *, carry: bool) -> list[Placed]:
    """Returns the parts that a signature holds, each with its place.

    Args:
        signature: The signature of a `ProviderToolCall`.
        index: The index of the `ProviderToolCall` in its message.
        carry: Whether the wire has more parts than the messages of Vertex AI; they are carried (`carried`).

    Returns:
        The parts; none if the signature is not one of this wire, or was changed.
    """
    try:
        return [
            (index + part.later, part.order, _message(part, carry=carry)) for part in _unpacked(signature)
        ]
    except (ValueError, ParseError):
        return []


def _unpacked(signature: bytes) -> Iterator[ToolPart]:
    """Yields the parts of a signature.

    Raises:
        ValueError: The signature is malformed.
    """
    for raw in signature.splitlines():
        line = read_state(raw)
        part = None if line is None else line.get(_PART)
        if line is None or not isinstance(part, dict):
            raise NotJson("the signature is none of this wire")
        [(kind, content)] = part.items()
        later, order = _distance(line.get(_LATER, 0)), _distance(line.get(_ORDER, 0))
        found = _known(kind, content, _decoded(line.get(_SIGNATURE, "")))
        if found is None:
            raise NotJson("the signature holds another part")
        yield ToolPart(found.kind, found.content, found.signature, later, order)


def _distance(value: object) -> int:
    if type(value) is int and 0 <= value <= _DISTANCE:
        return value
    raise NotJson("the signature holds no distance")


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise NotJson("the signature within is no text")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise NotJson("the signature within is not in base64") from exc


def _known(kind: object, content: object, signature: bytes) -> ToolPart | None:
    """Returns a part with its known fields; None if it is another part or has another shape."""
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not isinstance(content, Mapping):
        return None
    found = {name: content[name] for name in fields if name in content}
    if not all(isinstance(value, fields[name]) for name, value in found.items()):
        return None
    if not is_shallow(found, _LEVELS):
        return None
    return ToolPart(str(kind), found, signature)


def _message(part: ToolPart, *, carry: bool) -> wire.Part:
    """Returns a part as a message.

    Raises:
        ParseError: The wire has no such part, or a field holds a word that it does not know.
    """
    content = carried(part.kind, part.content) if carry else {part.kind: part.content}
    found = ParseDict(content, wire.Part(), ignore_unknown_fields=carry)
    found.thought_signature = part.signature
    return found


def _response(response: object) -> Iterator[Part]:
    """Yields what a tool gave: the page of suggestions as a medium, and everything else as JSON."""
    if not isinstance(response, Mapping):
        return
    page = response.get(SUGGESTIONS)
    rest = {
        name: value for name, value in response.items() if name != SUGGESTIONS or not isinstance(page, str)
    }
    if rest:
        yield Part(text=written(rest))
    if isinstance(page, str) and page:
        yield page_of(page)


def page_of(page: str) -> Part:
    """Returns a page of search suggestions, which Google wants shown, as a result of a search."""
    return Part(media=Media(mime_type=HTML, data=page.encode()))


def _without_id(asked: object) -> Json:
    return (
        {name: value for name, value in asked.items() if name != "id"} if isinstance(asked, Mapping) else {}
    )


def _text(content: Json, name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
