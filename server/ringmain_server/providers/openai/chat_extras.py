"""Room 4, pure: reads what a chat completion may hold beside text, reasoning and tool calls.

Servers put it into fields of their own: annotations and audio of OpenAI
(https://platform.openai.com/docs/api-reference/chat/object), the tools that Groq runs
(https://console.groq.com/docs/compound), the sources of Perplexity
(https://docs.perplexity.ai/api-reference/chat-completions-post), and images and reasoning details of
OpenRouter (https://openrouter.ai/docs/api-reference/overview). The `message` of a whole answer and the
`delta` of a stream have the same fields.
"""

import binascii
from collections.abc import Iterator, Mapping

from ringmain.v1.content_pb2 import Citation, Media, Part, TokenLogprob, TokenLogprobs

from ringmain_server.errors import MalformedAnswer
from ringmain_server.media.detect import detect
from ringmain_server.operations.chat_events import TEXT, ChatAssembler
from ringmain_server.providers.numbers import logprob, place
from ringmain_server.providers.openai.chat_output import BARE
from ringmain_server.providers.openai.chat_state import Details, audio_state, run_state

Object = Mapping[str, object]

FIELDS = frozenset({"annotations", "audio", "executed_tools", "images", "reasoning_details"})
"""Fields of a message or delta that `ChatExtras` reads."""
_SOURCES = ("search_results", "citations")
"""Fields of a document that name its sources, the more telling one first."""
SOURCES = frozenset(_SOURCES)

_TOOLS = {"search": "web_search", "python": "code_execution"}
_AUDIO = "audio"
_BETWEEN = "\n\n"
"""Separator of the sections of reasoning."""


class ChatExtras:
    """Reads what stands beside the text of one answer.

    Args:
        assembler: Takes what is found.
        provider_id: The provider that answers.
        audio_type: The media type of the answer's speech.
    """

    __slots__ = (
        "_assembler",
        "_audio_type",
        "_details",
        "_images",
        "_provider_id",
        "_ran",
        "_runs",
        "_section",
        "_sources",
        "_told",
    )

    def __init__(self, assembler: ChatAssembler, provider_id: str, audio_type: str) -> None:
        self._assembler = assembler
        self._provider_id = provider_id
        self._audio_type = audio_type
        self._details = Details()
        self._sources: list[Citation] = []
        self._told: set[tuple[int, str]] = set()
        self._images = 0
        self._runs: dict[int, _Run] = {}
        self._ran = 0
        self._section: object = None

    def before_text(self, content: Object) -> None:
        """Reads what comes before the text: reasoning details and tools that the server ran."""
        if details := content.get("reasoning_details"):
            self._assembler.reasoning("")
            self._details.add(details)
        for position, tool in enumerate(_objects(content.get("executed_tools"))):
            self._executed(position, tool)

    def thoughts(self, content: Object) -> None:
        """Reads the words of reasoning details, for servers that write them nowhere else."""
        for position, detail in enumerate(_objects(content.get("reasoning_details"))):
            words = _text(detail, "summary") or _text(detail, "text")
            if words:
                section = detail.get("index", position)
                if self._section not in (None, section):
                    self._assembler.reasoning(_BETWEEN)
                self._section = section
                self._assembler.reasoning(words)

    def after_text(self, content: Object) -> None:
        """Reads what comes after the text: citations, images and speech, whose words are the text."""
        audio = content.get("audio")
        if isinstance(audio, Mapping):
            self._words(audio)
        for annotation in _objects(content.get("annotations")):
            cited = annotation.get("url_citation")
            if isinstance(cited, Mapping):
                self._assembler.citation(_citation(cited))
        for image in _objects(content.get("images")):
            self.image(image)
        if isinstance(audio, Mapping):
            self._sound(audio)

    def sources(self, document: Object) -> None:
        """Reads the sources of an answer, which each event of a stream repeats. The last ones count."""
        for name in _SOURCES:
            if isinstance(found := document.get(name), list) and found:
                self._sources = list(filter(None, map(_source, found)))
                return

    def end(self) -> None:
        """Adds what is known only at the end of an answer."""
        for source in self._sources:
            self._assembler.citation(source)
        self._assembler.signature(self._details.state)

    def _executed(self, position: int, tool: Object) -> None:
        index = self._run(position, tool)
        key = ("executed", index)
        if not self._assembler.has(key):
            kind, tool_id = _text(tool, "type"), _text(tool, "id") or f"executed_{index}"
            self._assembler.provider_tool_call(key, tool_id, _TOOLS.get(kind, kind))
        if piece := _text(tool, "arguments_delta"):
            self._told.add((index, "arguments"))
            self._assembler.arguments(piece, key)
        if (arguments := _text(tool, "arguments")) and self._is_new(index, "arguments"):
            self._assembler.arguments(arguments, key)
        if (output := _text(tool, "output")) and self._is_new(index, "output"):
            self._assembler.result(Part(text=output), key)
        found = tool.get("search_results")
        results = _objects(found.get("results") if isinstance(found, Mapping) else found)
        for number, result in enumerate(results):
            if self._is_new(index, f"result {number}"):
                source = Citation(uri=_text(result, "url"), title=_text(result, "title"))
                part = Part(text=_text(result, "content"), citations=[source])
                self._assembler.result(part, key)
        if tool.get("failed") is True and self._is_new(index, "failed"):
            self._assembler.failed(key)
        if tool.get("signature") and self._is_new(index, "signature"):
            self._assembler.signature(run_state(tool), key)

    def _run(self, position: int, tool: Object) -> int:
        """Returns the number of a tool among those that ran; some servers give all tools the same or none."""
        index = place(tool.get("index"))
        index = position if index is None else index
        kind, arguments = _text(tool, "type"), _text(tool, "arguments")
        run = self._runs.get(index)
        if run is None or run.is_other(kind, arguments):
            run = self._runs[index] = _Run(self._ran, kind)
            self._ran += 1
        run.arguments = run.arguments or arguments
        return run.number

    def _is_new(self, index: int, what: str) -> bool:
        if (index, what) in self._told:
            return False
        self._told.add((index, what))
        return True

    def reference(self, found: Object) -> None:
        """Reads a source that a tool of the server found, https://docs.mistral.ai/agents/connectors/websearch."""
        self._assembler.citation(_citation(found))

    def image(self, image: Object) -> None:
        """Reads an image.

        Raises:
            MalformedAnswer: It has no known form.
        """
        given = image.get("image_url")
        address = given if isinstance(given, str) else _text(given, "url")
        head, comma, body = address.partition(",")
        self._images += 1
        if head.startswith("data:") and comma:
            mime_type = head.removeprefix("data:").partition(";")[0]
            media = Media(mime_type=mime_type, data=self._bytes(body))
        elif address.startswith("https://"):
            media = Media(uri=address)
        else:
            raise MalformedAnswer(self._provider_id, "answered an image of no known form")
        self._assembler.media(media, ("image", self._images))

    def _words(self, audio: Object) -> None:
        """Reads the words of speech. Their text stands before the medium, even if they are not told."""
        words = _text(audio, "transcript")
        if words or not self._assembler.has(TEXT):
            self._assembler.text(words)

    def _sound(self, audio: Object) -> None:
        data = self._bytes(_text(audio, "data"))
        audio_id = _text(audio, "id") if not self._assembler.has(_AUDIO) else ""
        if data or audio_id:
            self._assembler.media(Media(mime_type=self._kind(data), data=data), _AUDIO)
        if audio_id:
            self._assembler.signature(audio_state(audio_id), _AUDIO)

    def _kind(self, data: bytes) -> str:
        """Returns the media type of speech: a server without the one that is asked for sends another."""
        found = "" if self._audio_type == BARE else detect(data)
        return found if found.startswith("audio/") else self._audio_type

    def _bytes(self, text: str) -> bytes:
        try:
            return binascii.a2b_base64(text)
        except ValueError as exc:
            raise MalformedAnswer(self._provider_id, "answered bytes that are not base64") from exc


class _Run:
    """A tool that the server ran."""

    __slots__ = ("arguments", "kind", "number")

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.kind = kind
        self.arguments = ""

    def is_other(self, kind: str, arguments: str) -> bool:
        """Whether a tool of this type with these arguments, as far as they are told, is another one."""
        told = self.arguments
        differs = not (told.startswith(arguments) or arguments.startswith(told))
        return differs or bool(kind and self.kind and kind != self.kind)


def logprobs(found: object) -> Iterator[TokenLogprobs]:
    """Yields the tokens of a text with their probabilities; what is of no known shape is left out.

    https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices
    """
    for token in _objects(found.get("content") if isinstance(found, Mapping) else None):
        yield TokenLogprobs(
            token=_text(token, "token"),
            logprob=logprob(token.get("logprob")),
            utf8_bytes=_utf8(token),
            top=map(_likely, _objects(token.get("top_logprobs"))),
        )


def _likely(token: Object) -> TokenLogprob:
    return TokenLogprob(
        token=_text(token, "token"), logprob=logprob(token.get("logprob")), utf8_bytes=_utf8(token)
    )


def _utf8(token: Object) -> bytes:
    value = token.get("bytes")
    if isinstance(value, list) and all(type(one) is int and 0 <= one < 256 for one in value):
        return bytes(value)
    return b""


def _citation(cited: Object) -> Citation:
    start, end = place(cited.get("start_index")), place(cited.get("end_index"))
    found = Citation(
        uri=_text(cited, "url"), title=_text(cited, "title"), quoted_text=_text(cited, "content")
    )
    if start is not None and end is not None and start < end:
        found.start_index, found.end_index = start, end
    return found


def _source(found: object) -> Citation | None:
    if isinstance(found, str):
        return Citation(uri=found)
    return _citation(found) if isinstance(found, Mapping) else None


def _objects(found: object) -> list[Object]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _text(found: object, name: str) -> str:
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, str) else ""
