"""Events that repeat one another but for their text are read as if each were parsed whole."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest
from ringmain_server.errors import ProviderError
from ringmain_server.providers.openai.chat import OpenAIChatDecoder
from ringmain_server.providers.openai.chat_answer import ChatAnswer, is_text
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.repeated_text import RepeatedText, text_in
from ringmain_server.providers.sse import SseDecoder

CONTENT = text_in("content")
FRAMES = (
    b'{"id":"c","choices":[{"delta":{"content":"%b"},"index":0,"finish_reason":null}],"usage":null}',
    b'{"choices": [{"index": 0, "delta": {"content": "%b"}}], "object": "chat.completion.chunk"}',
    b'{"choices":[{"delta":{"content":"%b"}}]}',
    b'{"choices":[{"delta":{"role":"assistant","content":"%b"}}]}',
    b'{"choices":[{"delta":{"content":"%b","reasoning_content":"why"}}]}',
    b'{"choices":[{"delta":{"content":"%b"},"index":1}]}',
    b'{"choices":[{"delta":{"content":"%b"},"finish_reason":"stop"}]}',
    b'{"choices":[{"delta":{"content":"%b"}}],"error":{"message":"broken"}}',
    b'{"choices":[{"delta":{"content":"%b"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}',
    b'{"choices":[{"delta":{"content":"%b","content":"last"}}]}',
    b'{"choices":[{"delta":{"content":"first","content":"%b"}}]}',
    b'{"choices":[{"message":{"content":"%b"},"delta":{"content":"more"}}]}',
    b'{"choices":{"0":{"delta":{"content":"%b"}}}}',
    b'{"content":"%b","choices":[]}',
    b'{"choices":[{"delta":{"content":"%b"}}],"score":NaN}',
    b'[{"content":"%b"}]',
)
TEXTS = st.one_of(
    st.text(max_size=8).map(lambda text: orjson.dumps(text)[1:-1]),
    st.sampled_from(
        [
            b"\\ud83d",
            b"\\ude00",
            b"\xf0\x9f",
            b"\x98\x80",
            b"\xff",
            b"\\",
            b'"',
            b'\\"',
            b'","content":"x',
            b'"},"finish_reason":"stop","x":{"y":"',
            b"\n",
            b"\0",
            b"",
            b" word",
        ]
    ),
)


def decoded(events: list[bytes]) -> tuple[list[ChatEvent], str]:
    """Decodes a stream, and returns its events and how it ended."""
    decoder = OpenAIChatDecoder(ChatAnswer("p", ChatRequest(), OpenAIErrors()), "p")
    told: list[ChatEvent] = []
    try:
        for data in events:
            told += decoder.feed(b"data: %b\n\n" % data)
        return told + list(decoder.feed(b"data: [DONE]\n\n")), ""
    except ProviderError as exc:
        return told, f"{type(exc).__name__}: {exc}"


def parsed(events: list[bytes]) -> tuple[list[ChatEvent], str]:
    """Parses each event of a stream whole, and returns the same as `decoded`."""
    answer, sse = ChatAnswer("p", ChatRequest(), OpenAIErrors()), SseDecoder()
    told: list[ChatEvent] = []
    try:
        for data in events:
            for found in sse.feed(b"data: %b\n\n" % data):
                answer.document(found, "delta")
            told += answer.assembler.take()
        return told + answer.finish(), ""
    except ProviderError as exc:
        return told, f"{type(exc).__name__}: {exc}"


@given(st.sampled_from(FRAMES), st.lists(TEXTS, max_size=6), st.lists(st.sampled_from(FRAMES), max_size=3))
def test_a_repeated_event_says_what_it_says_parsed_whole(
    frame: bytes, texts: list[bytes], others: list[bytes]
) -> None:
    """Whatever the events and their texts are, well formed or not, the answer is the same."""
    events = [frame % b"first", *(frame % text for text in texts)]
    events += [other % text for other in others for text in texts]
    events += [frame % text for text in texts]
    assert decoded(events) == parsed(events)


@pytest.mark.parametrize("frame", FRAMES[:3])
def test_an_event_of_one_text_is_learned(frame: bytes) -> None:
    """The next event with the same bytes around its text is read by its text alone."""
    found = RepeatedText(CONTENT, is_text)
    assert found.read(frame % b"one") is None
    found.learn(frame % b"one")
    assert found.read(frame % b"t\\u0077o") == "two"
    assert found.read(frame % b"t\\wo") is None
    assert found.read(FRAMES[3] % b"three") is None


@pytest.mark.parametrize("frame", FRAMES[3:])
def test_an_event_that_tells_more_is_not_learned(frame: bytes) -> None:
    """What says anything beside a text, or is malformed, is parsed whole each time."""
    found = RepeatedText(CONTENT, is_text)
    found.learn(frame % b"one")
    assert found.read(frame % b"two") is None


def test_few_events_are_learned() -> None:
    """Where every event differs, as by padding, only the first few are looked at; a large one never is."""
    frame = b'{"choices":[{"delta":{"content":"%b"}}],"padding":%d}'
    seen: list[object] = []

    def is_only(document: object, text: str) -> bool:
        seen.append(document)
        return True

    found = RepeatedText(CONTENT, is_only)
    found.learn(frame % (b"x" * (64 << 10), 0))
    assert seen == []
    for number in range(20):
        found.learn(frame % (b"x", number))
    assert 0 < len(seen) < 10
