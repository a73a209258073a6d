"""Tests of the places of citations, by property: what the wire measures in bytes is told in code points."""

from typing import Any

from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Part
from ringmain_server.operations.chat_fold import fold

from tests.fakes.vertex_script import answer, whole
from tests.providers.vertex import golden

ASKED = ChatRequest(model="m", messages=golden.ASKED.messages, tools=[{"web_search": {}}])  # type: ignore[list-item]
TEXTS = st.lists(st.text("aä€🏔 .", min_size=1, max_size=12), min_size=1, max_size=4)
CHUNK = {"web": {"uri": "https://a.test/", "title": "a.test"}}
PNG = {"inlineData": {"mimeType": "image/png", "data": "eA=="}}


def cited(texts: list[str], *supports: Any, between: list[Any] | None = None) -> list[Part]:
    """The text parts of an answer whose last message has these supports."""
    parts: list[Any] = []
    for text in texts:
        parts += [*(between or [] if parts else []), {"text": text}]
    metadata = {"groundingChunks": [CHUNK], "groundingSupports": list(supports)}
    found = answer(*parts, groundingMetadata=metadata).messages
    response = fold(golden.events(found, asked=ASKED))
    assert golden.answer(whole(found), ASKED) == response
    return [part for part in response.message.parts if part.HasField("text")]


def support(start: int, end: int, text: str) -> dict[str, Any]:
    """A segment that the first source supports."""
    return {"segment": {"startIndex": start, "endIndex": end, "text": text}, "groundingChunkIndices": [0]}


@settings(max_examples=100)
@given(data=st.data(), texts=TEXTS, wrong=st.sampled_from([0, 0, 2, -2]))
def test_places(data: st.DataObject, texts: list[str], wrong: int) -> None:
    """A citation covers the segment's text, however the stream cuts it and although its end is wrong."""
    text = "".join(texts)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    first, last = (len(text[:at].encode()) for at in (start, end))
    [part] = cited(texts, support(first, max(last + wrong, 0), text[start:end]))
    [citation] = part.citations
    assert part.text[citation.start_index : citation.end_index] == text[start:end]
    if not wrong:
        assert (citation.start_index, citation.end_index) == (start, end)


@settings(max_examples=100)
@given(
    texts=TEXTS,
    segment=st.tuples(st.integers(0, 60), st.integers(0, 60), st.text("aä€🏔 .", max_size=6)),
)
def test_odd_places(texts: list[str], segment: tuple[int, int, str]) -> None:
    """Whatever a segment says, its citation covers its text, or the whole of some text."""
    parts = cited(texts, support(*segment), between=[PNG])
    [(part, citation)] = [(part, citation) for part in parts for citation in part.citations]
    assert 0 <= citation.start_index <= citation.end_index <= len(part.text)
    if citation.end_index and segment[2]:
        assert part.text[citation.start_index : citation.end_index] == segment[2]


def test_the_nearest_place() -> None:
    """Of several places with the same words, the one near the stated place is meant."""
    [part] = cited(["Yes. " * 20], support(50, 56, "Yes."))
    assert [(one.start_index, one.end_index) for one in part.citations] == [(50, 54)]


def test_no_flood() -> None:
    """An answer has a bounded number of citations and results."""
    flood = {**support(0, 2, "Hi"), "groundingChunkIndices": [0] * 20_000}
    [part] = cited(["Hi"], flood)
    assert len(part.citations) == 10_000


def test_the_last_sources_count() -> None:
    """Sources that come again replace those before, but an empty list does not."""
    first, other = {"groundingChunks": [CHUNK]}, {"groundingChunks": [{"web": {"uri": "https://b.test/"}}]}
    for lists, uri in (([first, {}], "https://a.test/"), ([first, other], "https://b.test/")):
        found = answer(*({"text": "Hi"} for _ in lists)).messages
        for one, metadata in zip(found, lists, strict=True):
            one.candidates[0].grounding_metadata.SetInParent()
            ParseDict(metadata, one.candidates[0].grounding_metadata)
        [_, search] = fold(golden.events(found, asked=ASKED)).message.parts
        [result] = search.provider_tool_call.results
        assert result.citations[0].uri == uri


def test_other_candidates_are_ignored() -> None:
    """Only the first candidate of an answer is read."""
    found = answer({"text": "Hi"}).messages
    other = found[0].candidates.add(index=1)
    ParseDict({"groundingChunks": [CHUNK]}, other.grounding_metadata)
    assert len(fold(golden.events(found, asked=ASKED)).message.parts) == 1


def test_sources_that_nobody_asked_for_are_kept() -> None:
    """A model may be grounded by its provider, and any may recite: no answer loses its sources."""
    found = answer({"text": "Hi"}, groundingMetadata={"groundingChunks": [CHUNK]}).messages
    text, search = fold(golden.events(found)).message.parts
    assert text.text == "Hi"
    assert search.provider_tool_call.results[0].citations[0].uri == "https://a.test/"
