"""Room 4, pure: reads the output of OpenAI's responses wire, whole or in events, into one assembler.

https://platform.openai.com/docs/api-reference/responses/object#responses-object-output and
`/responses-streaming`. The output is a list of items: messages, reasoning, calls. A stream announces each
item, sends it in deltas, and ends it with the item as it would appear in a whole response. Anything that did
not come in deltas is read from there, so the same code reads both and they cannot diverge.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence

from ringmain.v1.chat_service_pb2 import ChatRequest

from ringmain_server.errors import MalformedAnswer, ModelOutputInvalid
from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.call_ids import CallIds
from ringmain_server.providers.json_reader import written
from ringmain_server.providers.numbers import place
from ringmain_server.providers.openai import responses_calls as calls
from ringmain_server.providers.openai.chat_extras import logprobs
from ringmain_server.providers.openai.responses_messages import citations
from ringmain_server.providers.openai.responses_places import Places
from ringmain_server.providers.openai.responses_shapes import FUNCTION_CALL, IMAGE_CALL, MESSAGE, REASONING
from ringmain_server.providers.openai.responses_state import packed
from ringmain_server.providers.unknown_blocks import pass_on
from ringmain_server.text.surrogates import Joiner

Object = Mapping[str, object]

TEXT_DELTA = "response.output_text.delta"
_TEXTS: Mapping[object, str] = {"output_text": "text", "refusal": "refusal"}
"""The field that has the text of a content, by the content's type."""
_BETWEEN = "\n\n"
"""Separator of the sections of one reasoning item."""
_ASKS = ("_call", "_request")
"""Ends of the types of items that ask for something to be done."""
_DOES = "_output"
"""The end of the types of items that say what was done."""
_APPROVAL = "mcp_approval_request"
"""The type of an item whose content the approved call repeats."""


class ResponsesOutput:
    """The output of one response, as far as it has been read.

    Args:
        provider_id: The provider that answers.
        request: The caller's request.
        assembler: Takes what is read.

    Attributes:
        silent: The number of parts that say nothing to the caller: reasoning, and tools of the provider.
        refused: Whether the model refused.
        searches: The number of searches of the web.
        waits: The type of an item that only the caller could answer, and which nothing has followed.
    """

    __slots__ = (
        "_argued",
        "_asked",
        "_assembler",
        "_begun",
        "_code",
        "_done",
        "_ids",
        "_places",
        "_provider_id",
        "_said",
        "_sections",
        "_thoughts",
        "_told",
        "_weighed",
        "refused",
        "searches",
        "silent",
        "waits",
    )

    def __init__(self, provider_id: str, request: ChatRequest, assembler: ChatAssembler) -> None:
        self._provider_id = provider_id
        self._ids = CallIds(request)
        self._assembler = assembler
        self._done: set[int] = set()
        self._places = Places()
        self._argued: set[int] = set()
        self._asked: list[tuple[int, Object]] = []
        self._weighed: set[tuple[int, int]] = set()
        self._begun: dict[tuple[int, str], int] = {}
        self._code: dict[int, Joiner] = {}
        self._said: dict[int, dict[int, None]] = {}
        self._sections: dict[int, object] = {}
        self._thoughts: dict[int, str] = {}
        self._told: dict[int, dict[tuple[str, int], list[str]]] = {}
        self.refused = False
        self.silent = 0
        self.searches = 0
        self.waits = ""

    @property
    def has_open(self) -> bool:
        """Whether an item has begun and is not complete."""
        return self._places.has_open

    def malformed(self, what: str) -> MalformedAnswer:
        """Returns the failure of an answer that breaks the wire's rules."""
        return MalformedAnswer(self._provider_id, f"answered {what}")

    # --- items, as they stand in a whole response and at the end of their events ---------------------------

    def item(self, index: int, item: object) -> None:
        """Reads the parts of an item that did not come in deltas.

        An item of an unknown type is passed on. One that asks for something waits until something follows
        it: if nothing does, only the caller could answer it.

        Args:
            index: The place of the item in the output.
            item: The item.

        Raises:
            ProviderError: The item is malformed.
        """
        if not isinstance(item, dict):
            raise self.malformed("an item of no known shape")
        if index in self._done:
            return
        self._done.add(index)
        kind = item.get("type")
        if not isinstance(kind, str):
            return
        if kind.endswith(_DOES):
            self.go_on()
        if (read := _ITEMS.get(kind)) is not None:
            read(self, index, item)
        elif calls.is_run(item):
            self._provider_call(index, item)
        elif kind.endswith(_ASKS):
            self.waits = kind
            self._asked.append((index, item))
        else:
            self._pass_on(("item", index), item)
        if kind == MESSAGE:  # not before it, since its deltas came before it, too
            self.go_on()

    def go_on(self) -> None:
        """Passes on the items that waited, because something follows them, or the answer has ended."""
        self.waits = ""
        for index, item in self._asked:
            if item["type"] != _APPROVAL:
                self._pass_on(("item", index), item)
        self._asked.clear()

    def _pass_on(self, key: Hashable, block: Object) -> None:
        self.silent += pass_on(block, key, self._assembler)

    def _message(self, index: int, item: Object) -> None:
        found: dict[int, Object] = {}
        others: dict[int, Object] = {}
        for position, part in enumerate(self._list(item.get("content"))):
            if not isinstance(part, dict):
                raise self.malformed("a content of no known shape")
            if isinstance(kind := part.get("type"), str) and kind in _TEXTS:
                found[position] = part
            else:
                others[position] = part
        texts = list(zip(self._keys(index, found), found.values(), strict=True))
        for key, part in texts:
            self._message_text(key, part)
        if not any(self._assembler.has(key) for key, _ in texts) and packed(item):
            for key, _ in texts:  # a message without a text, as after an image, goes back too
                self._assembler.text("", key)
                self.silent += 1
        after = self._after(index)
        for key, part in texts:
            if self._assembler.has(key):
                self._message_part(key, part, packed(item, after=after, content=part))
        for position, part in others.items():
            self._pass_on(("content", index, position), part)

    def _keys(self, index: int, positions: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yields the keys of the texts of a message, the pieces of which may have had other numbers."""
        said = self._said.get(index, {})
        others = [other for other in said if other not in positions]
        for position in positions:
            yield index, position if position in said or not others else others.pop(0)

    def _message_text(self, key: tuple[int, int], part: Object) -> None:
        field = _TEXTS[part["type"]]
        if field == "refusal":
            self.refused = True
        if not self._assembler.has(key):
            self._text(key, part.get(field))

    def _message_part(self, key: tuple[int, int], part: Object, state: bytes) -> None:
        if key not in self._weighed and (found := part.get("logprobs")):
            self._assembler.logprobs(logprobs({"content": found}), key)
        for citation in citations(part):
            self._assembler.citation(citation, key)
        self._assembler.signature(state, key)
        self._assembler.close(key)

    def _reasoning_item(self, index: int, item: Object) -> None:
        if isinstance(item_id := item.get("id"), str):
            self._thoughts[index] = item_id
        key = ("reasoning", index)
        told = self._told.get(index, {})
        said = "".join(map(_joined, told.values()))
        for field in ("summary", "content"):
            for position, part in enumerate(self._list(item.get(field) or [])):
                text = self._string(part.get("text") if isinstance(part, dict) else None)
                if not told or (any(field == other for other, _ in told) and text not in said):
                    self._reasoning(index, (field, position), text)
        # Without its state, the id of a reasoning item would be looked up in vain.
        if item.get("encrypted_content") or item.get("content"):
            state = packed({name: value for name, value in item.items() if value})
            if state and index not in self._sections:
                self._sections[index] = None
                self.silent += 1
            self._assembler.signature(state, key)
        self._assembler.close(key)

    def _function_call(self, index: int, item: Object) -> None:
        key = ("call", index)
        self._begin_call(index, item)
        if index not in self._argued:  # no delta brought the arguments
            self._arguments(key, index, item.get("arguments"))
        self._assembler.signature(packed(item, after=self._after(index)), key)
        self._assembler.close(key)

    def _begin_call(self, index: int, item: Object) -> None:
        key = ("call", index)
        if self._assembler.has(key):
            return
        name = item.get("name")
        if name == "":
            raise ModelOutputInvalid(self._provider_id, "the model called a tool without a name")
        if not isinstance(name, str):
            raise self.malformed("a tool call without a name")
        # If the server gives no id, one is made up, so that results can be linked.
        call_id = item.get("call_id") or f"call_{item.get('id')}_{self._assembler.tool_calls}"
        self._assembler.tool_call(key, self._ids.unique(self._string(call_id)), name)

    def _provider_call(self, index: int, item: Object) -> None:
        key = ("tool", index)
        self._begin_provider_call(index, item)
        if index in self._code:
            self._assembler.arguments(_escaped(self._code[index].end()) + calls.CODE_ENDS, key)
        elif index not in self._argued and (arguments := calls.arguments(item)):
            self._assembler.arguments(arguments, key)
        for result in calls.results(item):
            self._assembler.result(result, key)
        if calls.has_failed(item):
            self._assembler.failed(key)
        self.searches += calls.is_search(item)
        self._assembler.signature(packed(calls.kept(item), after=self._after(index)), key)
        self._assembler.close(key)

    def _begin_provider_call(self, index: int, item: Object) -> None:
        key = ("tool", index)
        if not self._assembler.has(key):
            self.silent += 1
            call_id = calls.text(item, "id") or f"{item.get('type')}_{index}"
            self._assembler.provider_tool_call(key, call_id, calls.tool_name(item))

    def _image(self, index: int, item: Object) -> None:
        try:
            media = calls.image(item)
        except ValueError as exc:
            raise self.malformed("an image that is not base64") from exc
        if media is None:
            self._provider_call(index, item)
            return
        key = ("image", index)
        self._assembler.media(media, key)
        self._assembler.signature(packed(item, after=self._after(index)), key)
        self._assembler.close(key)

    def _after(self, index: int) -> str:
        """Returns the id of the reasoning that led to an item; empty if none did."""
        before = [earlier for earlier in self._thoughts if earlier < index]
        return self._thoughts[max(before)] if before else ""

    # --- pieces ------------------------------------------------------------------------------------------

    def _text(self, key: tuple[int, int], piece: object) -> None:
        text = self._string(piece)
        if text:
            self._assembler.text(text, key)

    def _reasoning(self, index: int, section: object, piece: object) -> None:
        text = self._string(piece)
        if not text:
            return
        if index not in self._sections:
            self.silent += 1
        if self._sections.setdefault(index, section) != section:
            self._sections[index] = section
            self._assembler.reasoning(_BETWEEN, ("reasoning", index))
        self._assembler.reasoning(text, ("reasoning", index))

    def _arguments(self, key: tuple[str, int], index: int, piece: object) -> None:
        text = self._string(piece)
        if not self._assembler.has(key):
            raise self.malformed("the arguments of a tool call that never began")
        if text:
            self._argued.add(index)
            self._assembler.arguments(text, key)

    # --- events ------------------------------------------------------------------------------------------

    def text_delta(self, event: Object) -> None:
        """Reads a piece of a text."""
        index, position = key = self._place(event), self._position(event, "content_index")
        if not self._assembler.has(key):
            self._said.setdefault(index, {})[position] = None
        self._text(key, event.get("delta"))
        if (found := event.get("logprobs")) and self._assembler.has(key):
            self._weighed.add(key)
            self._assembler.logprobs(logprobs({"content": found}), key)

    def refusal_delta(self, event: Object) -> None:
        """Reads a piece of a refusal."""
        self.refused = True
        self.text_delta(event)

    def summary_delta(self, event: Object) -> None:
        """Reads a piece of a summary of the reasoning."""
        self._thought(event, "summary", self._position(event, "summary_index"))

    def content_delta(self, event: Object) -> None:
        """Reads a piece of the reasoning itself."""
        self._thought(event, "content", self._position(event, "content_index"))

    def _thought(self, event: Object, field: str, position: int) -> None:
        index, section, piece = self._place(event), (field, position), event.get("delta")
        self._reasoning(index, section, piece)
        self._told.setdefault(index, {}).setdefault(section, []).append(self._string(piece))

    def arguments_delta(self, event: Object) -> None:
        """Reads a piece of the arguments of a function call."""
        index = self._place(event)
        self._arguments(("call", index), index, event.get("delta"))

    def mcp_delta(self, event: Object) -> None:
        """Reads a piece of the arguments of a tool of an MCP server."""
        index = self._place(event)
        if self._assembler.has(("tool", index)):
            self._arguments(("tool", index), index, event.get("delta"))

    def code_delta(self, event: Object) -> None:
        """Reads a piece of the code that the provider will run: a text within the arguments."""
        index = self._place(event)
        if not self._assembler.has(("tool", index)):
            return
        piece = self._string(event.get("delta"))
        begins = index not in self._code
        code = self._code.setdefault(index, Joiner()).feed(piece)
        self._arguments(("tool", index), index, (calls.CODE_BEGINS if begins else "") + _escaped(code))

    def item_added(self, event: Object) -> None:
        """Reads the announcement of an item."""
        item = event.get("item")
        if not isinstance(item, dict):
            raise self.malformed("an item of no known shape")
        kind = item.get("type")
        index = self._places.of_beginning(place(event.get("output_index")), item)
        if isinstance(kind, str) and kind.endswith(_DOES):
            self.go_on()
        if kind == FUNCTION_CALL:
            self._begin_call(index, item)
        elif calls.is_run(item):
            self._begin_provider_call(index, item)

    def content_added(self, event: Object) -> None:
        """Reads the announcement of a content of a message, which pieces without a number belong to."""
        self._announced(event, "content_index")

    def section_added(self, event: Object) -> None:
        """Reads the announcement of a section of the reasoning."""
        self._announced(event, "summary_index")

    def _announced(self, event: Object, name: str) -> None:
        key = self._place(event), name
        self._begun[key] = self._begun.get(key, 0) + 1

    def item_done(self, event: Object) -> None:
        """Reads an item at its end."""
        item = event.get("item")
        if not isinstance(item, dict):
            raise self.malformed("an item of no known shape")
        self.item(self._places.of_end(place(event.get("output_index")), item), item)

    def rest(self, output: Sequence[object]) -> None:
        """Reads what no event has brought from the output, whole or as the last event repeats it."""
        items = self._places.left(output) if self._places.any else enumerate(output)
        for index, item in items:
            self.item(index, item)

    # --- shapes ------------------------------------------------------------------------------------------

    def _string(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.malformed("a text of no known shape")
        return value

    def _list(self, value: object) -> list[object]:
        if not isinstance(value, list):
            raise self.malformed("a content of no known shape")
        return value

    def _place(self, event: Object) -> int:
        """Returns the place of the item that a piece belongs to."""
        return self._places.of_piece(place(event.get("output_index")), event.get("item_id"))

    def _position(self, event: Object, name: str) -> int:
        """Returns the number of a content or section; without one, it is the latest of its item."""
        value = place(event.get(name))
        return max(self._begun.get((self._place(event), name), 1) - 1, 0) if value is None else value


def _joined(pieces: list[str]) -> str:
    """Returns the text of pieces that may be cut within characters."""
    joiner = Joiner()
    return joiner.feed(*pieces) + joiner.end()


def _escaped(code: str) -> str:
    """Returns a text as it stands within a JSON string."""
    return written(code)[1:-1]


_ITEMS: Mapping[str, Callable[[ResponsesOutput, int, Object], None]] = {
    MESSAGE: ResponsesOutput._message,
    REASONING: ResponsesOutput._reasoning_item,
    FUNCTION_CALL: ResponsesOutput._function_call,
    IMAGE_CALL: ResponsesOutput._image,
}
"""The reader of each type of item, besides the calls of the provider's own tools."""
EVENTS: Mapping[str, Callable[[ResponsesOutput, Object], None]] = {
    "response.refusal.delta": ResponsesOutput.refusal_delta,
    "response.reasoning_summary_text.delta": ResponsesOutput.summary_delta,
    "response.reasoning_text.delta": ResponsesOutput.content_delta,
    "response.function_call_arguments.delta": ResponsesOutput.arguments_delta,
    "response.mcp_call_arguments.delta": ResponsesOutput.mcp_delta,
    "response.code_interpreter_call_code.delta": ResponsesOutput.code_delta,
    "response.content_part.added": ResponsesOutput.content_added,
    "response.reasoning_summary_part.added": ResponsesOutput.section_added,
    "response.output_item.added": ResponsesOutput.item_added,
    "response.output_item.done": ResponsesOutput.item_done,
}
"""The reader of each type of event besides `TEXT_DELTA`. Ends of contents only repeat what items and deltas
say."""
