"""Tests, laws: what every wire answers, from the golden files, and readers that make of it what callers get.

A recording is a list of JSON documents: one of a whole answer, one for each event of a stream, or one for
each answer of a multi-step exchange.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message
from ringmain.v1.chat_service_pb2 import CountTokensRequest
from ringmain.v1.embedding_service_pb2 import EmbedRequest
from ringmain_server.candidate import Candidate
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.translators import AnthropicCountTokensTranslator
from ringmain_server.providers.gemini import chat as gemini
from ringmain_server.providers.gemini.embedding import GeminiEmbedTranslator
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.translator import MultiStepTranslator, StreamTranslator
from ringmain_server.providers.vertex import wire

from tests.laws.documents import Documents, Unsayable, dumped, sse
from tests.laws.streams import MAKES
from tests.providers.anthropic import golden as anthropic
from tests.providers.jobs import golden as jobs
from tests.providers.openai import golden as openai
from tests.providers.openai import media_golden as media
from tests.providers.openai import responses_golden as responses
from tests.providers.vertex import golden as vertex
from tests.providers.vertex import media_golden as vertex_media
from tests.shapes.store import CHATS, Shape, shapes
from tests.shapes.wires import WIRES

_GEMINI = GeminiErrors()


SHAPE = "shape"
"""Part of the names of shapes."""
_UNSAYABLE = (ParseError, AttributeError, TypeError, ValueError, OverflowError, SystemError)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer.

    Attributes:
        name: Its wire's and its golden file's.
        documents: What comes.
        read: What callers get of documents of this shape.
    """

    name: str
    documents: Documents
    read: Callable[[Documents], list[Any]]

    def __str__(self) -> str:
        return self.name


def recordings() -> Iterator[Recorded]:
    """Every answer of every wire."""
    for find in (_openai, _responses, _anthropic, _google, _media, _google_media, _jobs, _counts, _shapes):
        yield from find()


def _shapes() -> Iterator[Recorded]:
    """The shapes of chats, as `WIRE-shape-NAME`; one that is whole alone is also made a stream."""
    for shape in shapes(*CHATS):
        for over in map(shape.over, shape.wires):
            name = f"{over.wire}-{SHAPE}-{over.name}"
            if "whole" in over.content:
                yield Recorded(name, [over.content["whole"]], partial(_whole_shape, over))
            streamed = over.content.get("stream") or _as_stream(over)
            if streamed:
                yield Recorded(f"{name}-streamed", streamed, partial(_streamed_shape, over))


def _as_stream(shape: Shape) -> Documents | None:
    if "whole" not in shape.content:
        return None
    made = (make(shape.content["whole"]) for make in MAKES[shape.wire])
    return next(filter(None, made), None)


def _whole_shape(shape: Shape, found: Documents) -> list[Any]:
    return [WIRES[shape.wire].whole(shape, found[0])]


def _streamed_shape(shape: Shape, found: Documents) -> list[Any]:
    wire = WIRES[shape.wire]
    return list(wire.events(shape, wire.reads(found)))


def _openai() -> Iterator[Recorded]:
    def whole(kind: str, found: Documents) -> list[Any]:
        return [openai.answer(dumped(found[0]), kind)]

    def streamed(kind: str, found: Documents) -> list[Any]:
        return list(openai.events(sse(found), kind=kind))

    for one in openai.goldens("answer"):
        yield Recorded(f"openai-{one.name}", [one.content["answer"]], partial(whole, one.kind))
    for one in openai.goldens("stream"):
        yield Recorded(f"openai-{one.name}-streamed", one.content["stream"], partial(streamed, one.kind))


def _responses() -> Iterator[Recorded]:
    def whole(found: Documents) -> list[Any]:
        return [responses.answer(dumped(found[0]))]

    def streamed(found: Documents) -> list[Any]:
        return list(responses.events(sse(found)))

    for one in responses.goldens("answer"):
        yield Recorded(f"responses-{one.name}", [one.content["answer"]], whole)
    for one in responses.goldens("stream"):
        yield Recorded(f"responses-{one.name}-streamed", one.content["stream"], streamed)


def _anthropic() -> Iterator[Recorded]:
    def whole(one: anthropic.Golden, found: Documents) -> list[Any]:
        return [anthropic.answer(dumped(found[0]), one.request, one.candidate)]

    def streamed(one: anthropic.Golden, found: Documents) -> list[Any]:
        return list(anthropic.events(sse(found), one.request, one.candidate))

    for one in anthropic.goldens("answer"):
        yield Recorded(f"anthropic-{one.name}", [one.content["answer"]], partial(whole, one))
    for one in anthropic.goldens("stream"):
        yield Recorded(f"anthropic-{one.name}-streamed", one.content["stream"], partial(streamed, one))


def _google() -> Iterator[Recorded]:
    for one in vertex.goldens("messages", "response"):
        documents = [MessageToDict(message) for message in one.messages]
        yield Recorded(f"gemini-{one.name}-streamed", documents, _gemini_stream)
        yield Recorded(f"vertex-{one.name}-streamed", documents, _vertex_stream)
        if len(documents) == 1:
            yield Recorded(f"gemini-{one.name}", documents, _gemini_whole)
            yield Recorded(f"vertex-{one.name}", documents, _vertex_whole)


def _gemini_whole(found: Documents) -> list[Any]:
    translator = gemini.GeminiChatTranslator(_GEMINI)
    return [translator.response(dumped(found[0]), vertex.ASKED, vertex.candidate(kind="gemini"))]


def _gemini_stream(found: Documents) -> list[Any]:
    decoder = gemini.GeminiStreamChatTranslator(_GEMINI).decoder(
        vertex.ASKED, vertex.candidate(kind="gemini")
    )
    return [*decoder.feed(sse(found)), *decoder.end()]


def _vertex_whole(found: Documents) -> list[Any]:
    return [vertex.answer(_message(found[0]))]


def _vertex_stream(found: Documents) -> list[Any]:
    return list(vertex.events([_message(document) for document in found]))


def _message(document: Any) -> Any:
    try:
        return ParseDict(document, wire.GenerateContentResponse())
    except _UNSAYABLE as exc:
        raise Unsayable from exc


def _media() -> Iterator[Recorded]:
    for one in media.goldens():
        for index, answer in enumerate(one.content.get("answers", ())):
            if isinstance(answer, str):
                continue
            read = partial(_media_of, one, index)
            yield Recorded(f"{one.name}-{index}", answer if isinstance(answer, list) else [answer], read)


def _media_of(one: media.MediaGolden, index: int, found: Documents) -> list[Any]:
    answers = [
        media._with_media(answer) if at != index else None for at, answer in enumerate(one.content["answers"])
    ]
    streamed = isinstance(one.content["answers"][index], list)
    filled = media._with_media(found)
    raws = [
        (sse(filled) if streamed else dumped(filled[0]))
        if answer is None
        else (sse(answer) if isinstance(answer, list) else dumped(answer))
        for answer in answers
    ]
    return _amounts(one.translator, one.request, one.candidate, raws)


def _amounts(translator: Any, request: Any, candidate: Candidate, raws: list[Any]) -> list[Any]:
    """What a translator of any sort makes of raw answers."""
    if isinstance(translator, StreamTranslator):
        decoder = translator.decoder(request, candidate)
        return [*(event for raw in raws for event in decoder.feed(raw)), *decoder.end(), decoder.usage()]
    if not isinstance(translator, MultiStepTranslator):
        return [translator.response(raws[0], request, candidate)]
    steps = translator.steps(request, candidate)
    next(steps)
    try:
        steps.send(raws)
    except StopIteration as end:
        return [end.value]
    return []


def _google_media() -> Iterator[Recorded]:
    for one in vertex_media.goldens("answers"):
        documents = one.content["answers"]
        yield Recorded(f"vertex-{one.name}", documents, partial(_vertex_media, one))
        if vertex_media.method_of(one.wires()[0].message) == "generate":
            yield Recorded(f"gemini-{one.name}", documents, partial(_gemini_media, one))
    embeddings = {"embeddings": [{"values": [0.5, 1]}], "usageMetadata": {"promptTokenCount": 3}}
    yield Recorded("gemini-embed", [embeddings], _gemini_embed)


def _vertex_media(one: vertex_media.Golden, found: Documents) -> list[Any]:
    translator, candidate = one.translator(), vertex_media.candidate(one.model)
    try:
        raws = [one._raw(document) for document in found]
    except _UNSAYABLE as exc:
        raise Unsayable from exc
    streamed = isinstance(translator, StreamTranslator)
    return _amounts(translator, one.request, candidate, [[raw] for raw in raws] if streamed else raws)


def _gemini_media(one: vertex_media.Golden, found: Documents) -> list[Any]:
    translator, candidate = one.translator("gemini"), vertex_media.candidate(one.model, "gemini")
    streamed = isinstance(translator, StreamTranslator)
    raws = [sse([document]) if streamed else dumped(document) for document in found]
    return _amounts(translator, one.request, candidate, raws)


def _gemini_embed(found: Documents) -> list[Any]:
    request = EmbedRequest(texts=["a"])
    candidate = vertex_media.candidate("gemini-embedding-001", "gemini")
    return _amounts(GeminiEmbedTranslator(GeminiErrors()), request, candidate, [dumped(found[0])])


def _jobs() -> Iterator[Recorded]:
    for one in jobs.goldens():
        for index, step in enumerate(one.content.get("steps", ())):
            for at, answered in enumerate(step.get("answered", ())):
                if isinstance(answered, dict):
                    yield Recorded(f"{one.name}-{index}-{at}", [answered], partial(_job, one, index, at))


def _job(one: jobs.JobGolden, index: int, at: int, found: Documents) -> list[Any]:
    content = cast("dict[str, Any]", _copied(one.content))
    content["steps"][index]["answered"][at] = found[0]
    with suppress(jobs.AsksMore):  # it waits on, or has more to fetch
        jobs.played(jobs.JobGolden(one.name, content), dumped)
    return []


def _counts() -> Iterator[Recorded]:
    def counted(found: Documents) -> list[Any]:
        translator = AnthropicCountTokensTranslator(Options())
        return [translator.response(dumped(found[0]), CountTokensRequest(), anthropic.candidate())]

    def total(found: Documents) -> list[Any]:
        translator = gemini.GeminiCountTokensTranslator(_GEMINI)
        return [translator.response(dumped(found[0]), CountTokensRequest(), vertex.candidate())]

    yield Recorded("anthropic-count", [{"input_tokens": 3}], counted)
    yield Recorded("gemini-count", [{"totalTokens": 3}], total)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a document, and what stands there."""
    yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in pairs:
        yield from places(one, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A document with something else at a place."""
    if not path:
        return by
    name, *rest = path
    if isinstance(value, dict):
        return {**value, name: replaced(value[name], tuple(rest), by)}
    return [replaced(one, tuple(rest), by) if at == name else one for at, one in enumerate(value)]


def numbers_of(message: Message) -> Iterator[tuple[str, Any]]:
    """Every number that a message holds, with the name of its field."""
    for field, value in message.ListFields():
        repeated = field.is_repeated
        for one in value if repeated and not isinstance(value, Mapping) else (value,):
            if isinstance(one, Message):
                yield from numbers_of(one)
            elif isinstance(one, int | float) and not isinstance(one, bool):
                yield field.name, one
