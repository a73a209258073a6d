"""Tests, laws: what a conversation says, apart from how anybody writes it down.

`of_request` reads it out of the contract's request, `readers.py` out of each wire's. Translating loses
nothing when both are equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Media, Message, Part
from ringmain_server.media.detect import detect

from tests.laws.conversations import OWN

INPUT, MODEL = "input", "model"
"""Who speaks: the model, or anybody to it."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words, and who said them."""

    side: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A medium: its type and bytes, or its address."""

    what: bytes | str
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a tool; its position says which one it is."""

    name: str
    arguments: object


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call."""

    texts: tuple[str, ...] = ()
    media: tuple[Shown, ...] = ()
    failed: bool = False


Item = Text | Shown | Called


@dataclass(slots=True)
class Seen:
    """A conversation.

    Attributes:
        script: Everything but the results of tools, in order.
        results: By the position of their call among all calls.
        tokens: What the provider that is asked signed, in order.
    """

    script: list[Item] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    @property
    def calls(self) -> list[Called]:
        """The calls alone."""
        return [item for item in self.script if isinstance(item, Called)]

    @property
    def spoken(self) -> list[Item]:
        """The script without its calls, for wires that keep them apart."""
        return [item for item in self.script if not isinstance(item, Called)]

    @property
    def media(self) -> list[str]:
        """Every medium, wherever it stands."""
        shown = [item for item in self.script if isinstance(item, Shown)]
        return sorted(map(repr, [*shown, *(each for found in self.results.values() for each in found.media)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a wire may do to a conversation without losing anything of it.

    Attributes:
        strips: Whether a text of white space counts as none; the empty text always does.
        files_as_text: Whether a text file goes as a text under its name.
        media_moves: Whether the model's own media open the turn that follows.
        parses: Whether arguments go as an object.
    """

    strips: bool = False
    files_as_text: bool = True
    media_moves: bool = True
    parses: bool = False

    def says(self, text: str) -> bool:
        """Whether a text is worth sending."""
        return bool(text.strip() if self.strips else text)


def of_request(request: ChatRequest, habits: Habits) -> Seen:
    """What the contract's request says."""
    return _Reader(habits).read(request.messages)


def followed(request: ChatRequest) -> list[str]:
    """The tokens of own reasoning that led to something: all others may be dropped."""
    found: list[str] = []
    for message in request.messages:
        kinds = [part.WhichOneof("content") for part in message.parts]
        for index, part in enumerate(message.parts):
            if (
                part.HasField("reasoning")
                and part.provider_id == OWN
                and {"text", "tool_call"} & set(kinds[index:])
            ):
                found.append(part.reasoning.text)
    return found


def arguments(text: str) -> object:
    """Arguments as every wire that wants an object gets them."""
    if not text.strip():
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"invalid_json": text}
    return found if isinstance(found, Mapping) else {"value": found}


class _Reader:
    """Reads messages of the contract."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._seen = Seen()
        self._moved: list[Item] = []
        self._ordinals: dict[str, int] = {}

    def read(self, messages: Iterable[Message]) -> Seen:
        for message in messages:
            side = MODEL if message.role == ROLE_ASSISTANT else INPUT
            if side == INPUT:
                self._arrive()
            for part in message.parts:
                self._part(part, side)
        self._arrive()
        return self._seen

    def _arrive(self) -> None:
        self._seen.script += self._moved
        self._moved.clear()

    def _part(self, part: Part, side: str) -> None:
        script = self._seen.script
        match part.WhichOneof("content"):
            case "text":
                script += self._texts([part.text], side)
            case "media":
                item = self._shown(part.media, side)
                moves = side == MODEL and self._habits.media_moves
                (self._moved if moves else script).append(item)
            case "tool_call":
                call = part.tool_call
                self._ordinals[call.tool_call_id] = len(self._ordinals)
                parsed = arguments(call.arguments_json)
                script.append(
                    Called(call.name, parsed if self._habits.parses else call.arguments_json or "{}")
                )
            case "tool_result":
                self._seen.results[self._ordinals[part.tool_result.tool_call_id]] = self._result(part)
            case "reasoning" if part.provider_id == OWN:
                self._seen.tokens.append(part.reasoning.text)

    def _result(self, part: Part) -> Result:
        items: list[Item] = []
        for inner in part.tool_result.parts:
            items += self._texts([inner.text], INPUT) if inner.HasField("text") else []
            items += [self._shown(inner.media, INPUT)] if inner.HasField("media") else []
        return result(items, failed=part.tool_result.failed)

    def _texts(self, texts: Sequence[str], side: str) -> list[Item]:
        return [Text(side, text) for text in texts if self._habits.says(text)]

    def _shown(self, media: Media, side: str) -> Item:
        if media.uri:
            return Shown(media.uri)
        if media.mime_type == "text/plain" and self._habits.files_as_text:
            return Text(side, f"{media.filename}:\n\n{media.data.decode()}")
        return Shown(media.data, media.mime_type or detect(media.data) or "")


def result(items: Iterable[Item], *, failed: bool) -> Result:
    """A result of these texts and media."""
    found = list(items)
    texts = tuple(item.text for item in found if isinstance(item, Text))
    return Result(texts, tuple(item for item in found if isinstance(item, Shown)), failed)
