"""Laws: what a provider says of a refusal reaches the caller, whatever shape its error has, on every wire."""

from collections.abc import Callable, Mapping

import orjson
import pytest
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.errors import (
    ContextTooLong,
    CooldownKind,
    ModelOutputInvalid,
    ProviderError,
    Rejected,
    Unexplained,
)
from ringmain_server.providers.anthropic.answer import response as whole_message
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.stream import MessagesDecoder
from ringmain_server.providers.faults import Ending
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.faults import INCOMPLETE, ending_of
from ringmain_server.providers.transport import ErrorMap

from tests.candidates import known_candidate
from tests.providers.openai import golden as chat
from tests.providers.openai import responses_golden as responses

SECRET = "sk-a-secret-key-of-ours"
CANDIDATE = known_candidate("p", "anthropic", "claude")
WIRES: list[ErrorMap] = [
    OpenAIErrors((SECRET,)),
    AnthropicErrors((SECRET,)),
    GeminiErrors((SECRET,)),
    JobErrors((SECRET,)),
]
WORDS = "the size is none of ours"
SHAPES: list[object] = [
    {"error": WORDS},
    {"error": {"message": WORDS}},
    {"error": {"detail": WORDS}},
    {"error": [WORDS]},
    {"errors": [WORDS]},
    {"errors": [{"message": WORDS, "code": "x"}]},
    {"errors": {"size": [WORDS]}},
    {"errors": {"size": WORDS}},
    {"detail": WORDS},
    {"detail": [{"loc": ["body", "size"], "msg": WORDS}]},
    {"detail": {"message": WORDS}},
    {"message": WORDS},
    {"title": "Bad Request", "detail": WORDS},
    [{"error": {"message": WORDS}}],
    [WORDS],
    WORDS,
]


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)
@pytest.mark.parametrize("status", [400, 422])
def test_words_are_passed_on(wire: ErrorMap, status: int) -> None:
    """A refusal of any shape carries the provider's words, without its secrets."""
    for shape in [*SHAPES, f"{WORDS} {SECRET}".encode()]:
        body = shape if isinstance(shape, bytes) else orjson.dumps(shape)
        error = wire("p", status, {}, body)
        assert isinstance(error, Rejected), shape
        assert WORDS in error.message, shape
        assert SECRET not in error.message


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)
def test_pages_and_silence(wire: ErrorMap) -> None:
    """A page of HTML, bytes that are no text and nothing at all say nothing."""
    for body in (b"<html>bad request</html>", b"", b"{", b"{}", b"[]", b"null"):
        error: ProviderError = wire("p", 400, {}, body)
        assert isinstance(error, Rejected)
        assert "without saying why" in error.message, body
    assert not isinstance(wire("p", 404, {}, b"404 page not found"), Rejected)


def test_words_are_read() -> None:
    """What a text alone says is what the same words say within a document."""
    body = b"This model's maximum context length is 4096 tokens."
    assert isinstance(OpenAIErrors()("p", 400, {}, body), ContextTooLong)
    assert isinstance(OpenAIErrors()("p", 500, {}, b"Failed to generate JSON"), ModelOutputInvalid)


@pytest.mark.parametrize(
    ("word", "ending"),
    [
        ("safety", Ending.WITHHELD),
        ("SAFETY", Ending.WITHHELD),
        ("content_policy", Ending.WITHHELD),
        ("content_policy_violation", Ending.WITHHELD),
        ("moderation", Ending.WITHHELD),
        ("output_blocked", Ending.WITHHELD),
        ("max_tokens", Ending.MAX_TOKENS),
        ("length", Ending.MAX_TOKENS),
        ("refusal", Ending.REFUSAL),
        ("a_word_that_the_vendor_added", Ending.UNKNOWN),
    ],
)
def test_words_for_an_end(word: str, ending: Ending) -> None:
    """A word that speaks of safety or of a length is read so, also where the wire has no such word."""
    assert ending_of(word, INCOMPLETE) is ending
    assert ending_of(word) is ending


REPORTS: list[object] = [
    {"errors": [{"message": WORDS}]},
    {"detail": WORDS},
    {"message": WORDS},
    {"error": WORDS},
    {"error": {"message": WORDS}},
]


READERS: Mapping[str, tuple[Callable[[bytes], object], Callable[[bytes], object]]] = {
    "openai": (chat.answer, chat.events),
    "responses": (responses.answer, responses.events),
    "anthropic": (
        lambda raw: whole_message(raw, ChatRequest(), CANDIDATE, None, AnthropicErrors()),
        lambda raw: _streamed(MessagesDecoder(ChatRequest(), CANDIDATE, None, AnthropicErrors()), raw),
    ),
}
"""By wire, what reads a whole answer and a stream."""


def _streamed(decoder: MessagesDecoder, raw: bytes) -> None:
    decoder.feed(raw)
    decoder.end()


@pytest.mark.parametrize("report", REPORTS, ids=str)
@pytest.mark.parametrize("wire", READERS)
def test_reports_in_place_of_answers(report: object, wire: str) -> None:
    """What reports an error in place of an answer or a stream, in any shape, counts for no breaker."""
    whole, stream = READERS[wire]
    pretty = orjson.dumps(report, option=orjson.OPT_INDENT_2)
    event = b"data: " + orjson.dumps(report) + b"\n\n"
    for read, body in ((whole, pretty), (stream, pretty), (stream, orjson.dumps(report)), (stream, event)):
        with pytest.raises(Unexplained):
            read(body)


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)
def test_what_is_said_of_an_input_holds_nothing(wire: ErrorMap) -> None:
    """A validator that repeats what a caller wrote takes no candidate from everybody."""
    for said in ("insufficient balance", "invalid api key", "the model 'x' does not exist"):
        for body in (
            {"errors": {"size": [said]}},
            {"errors": [{"field": "size", "message": said}]},
            {"errors": [{"loc": ["body", "size"], "msg": said}]},
        ):
            assert wire("p", 400, {}, orjson.dumps(body)).cooldown is CooldownKind.NONE, body
