"""Tests of answers beside chat that break the wire's rules, and of streams that end where they should not."""

import base64
import struct
from typing import Any

import pytest
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.errors import (
    ContentFiltered,
    MalformedAnswer,
    ModelOutputInvalid,
    ProviderError,
    RateLimited,
    StreamBroken,
    Unexplained,
)
from ringmain_server.providers.sse import EVENT_LIMIT

from tests.providers.openai.media_golden import PNG, MediaGolden, amounts_to, asked

DRAWN = base64.b64encode(PNG).decode()
TWO = {"imageCount": 2}
WORDS = base64.b64encode(b"not a picture").decode()


def decoder(golden: MediaGolden) -> Any:
    """A reader for one stream."""
    return golden.translator.decoder(golden.request, golden.candidate)


def packed(*numbers: float) -> str:
    """A vector as base64."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def rows(*embeddings: Any) -> list[dict[str, Any]]:
    """The data of an answer, its indices in order."""
    return [{"index": index, "embedding": one} for index, one in enumerate(embeddings)]


def test_a_vector_of_usual_size() -> None:
    """The numbers of a vector with 1,536 dimensions arrive as they were, and so do their tokens."""
    numbers = [float(index) for index in range(1536)]
    answer = {"data": rows(packed(*numbers), packed(*reversed(numbers))), "usage": {"prompt_tokens": 9}}
    told = amounts_to(asked("EMBED", answer))
    assert [one["values"] for one in told["embeddings"]] == [numbers, numbers[::-1]]
    assert told["usage"] == {"inputTokenCount": "9"}


def test_vectors_in_both_forms() -> None:
    """A server that answers base64 and numbers side by side is understood."""
    told = amounts_to(asked("EMBED", {"data": rows(packed(1.0, 2.0), [3.0, 4.0])}))
    assert [one["values"] for one in told["embeddings"]] == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (rows(packed(1.0)), "more or fewer"),
        (rows(packed(1.0), packed(2.0), packed(3.0)), "more or fewer"),
        ([{"index": 0, "embedding": packed(1.0)}] * 2, "other texts"),
        ([{"index": 1, "embedding": packed(1.0)}, {"index": 2, "embedding": packed(1.0)}], "other texts"),
        ([{"index": 1, "embedding": [1.0]}, {"index": "a", "embedding": [1.0]}], "other texts"),
        (rows(packed(1.0), "AAAA"), "cannot be read"),
        (rows(packed(1.0), ""), "cannot be read"),
        (rows([1.0], "AACAPw"), "cannot be read"),
        (rows([1.0], "AACA#Pw=="), "cannot be read"),
        (rows([1.0], ["x"]), "cannot be read"),
        (rows([1.0], []), "no known shape"),
        (rows([1.0], None), "no known shape"),
        (["x", "y"], "without vectors"),
        (None, "without vectors"),
    ],
)
def test_vectors_that_are_none(data: Any, why: str) -> None:
    """What is not one vector for each text fails: nothing is invented, cut or given to another text."""
    with pytest.raises(MalformedAnswer, match=why):
        amounts_to(asked("EMBED", {"data": data}))


@pytest.mark.parametrize("operation", ["EMBED", "GENERATE_IMAGES", "CLASSIFY_IMAGE"])
@pytest.mark.parametrize(("answer", "why"), [("<html>", "no JSON"), ("[]", "no JSON object")])
def test_answers_that_are_no_document(operation: str, answer: str, why: str) -> None:
    """A page of a proxy, say, is no answer."""
    with pytest.raises(MalformedAnswer, match=why):
        amounts_to(asked(operation, answer))


@pytest.mark.parametrize("operation", ["EMBED", "GENERATE_IMAGES", "CLASSIFY_IMAGE"])
def test_errors_in_disguise(operation: str) -> None:
    """An error under the status of a success is that error, whatever stands beside it."""
    error = {"message": "Slow down", "code": "rate_limit_exceeded"}
    with pytest.raises(RateLimited):
        amounts_to(asked(operation, {"error": error, "data": rows([1.0], [1.0])}))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("x", "without an image"),
        (["x"], "no known shape"),
        ([{"url": ""}], "cannot be decoded"),
        ([{"url": "data:image/png;base64,?"}], "no image"),
        ([{"url": "data:image/png;base64,\u00e9"}], "no image"),
        ([{"b64_json": "?"}], "cannot be decoded"),
        ([{"b64_json": WORDS}], "no image"),
    ],
)
def test_images_that_are_none(data: Any, why: str) -> None:
    """What is no image is not given out as one."""
    with pytest.raises(MalformedAnswer, match=why):
        amounts_to(asked("GENERATE_IMAGES", {"data": data}))


def test_no_image_at_all_is_the_models_doing() -> None:
    """An answer in order that holds no image is nothing that a provider is blamed for."""
    with pytest.raises(ModelOutputInvalid, match="the model drew nothing"):
        amounts_to(asked("GENERATE_IMAGES", {"data": []}))


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({}, "without scores"),
        ({"category_scores": {"violence": 0.5}}, "without scores"),
        ({"category_scores": {"violence": 1.5}, "categories": {}}, "beyond 0 to 1"),
        ({"category_scores": {"violence": "high"}, "categories": {}}, "beyond 0 to 1"),
        ({"category_scores": {"violence": True}, "categories": {}}, "beyond 0 to 1"),
    ],
)
def test_classifications_that_are_none(result: Any, why: str) -> None:
    """A missing score is no score of zero: the image must not pass for harmless."""
    with pytest.raises(MalformedAnswer, match=why):
        amounts_to(asked("CLASSIFY_IMAGE", {"results": [result]}))


@pytest.mark.parametrize(
    ("looked_at", "told"),
    [(None, ["hate"]), ({"hate": ["image"]}, ["hate"]), ({"hate": []}, []), ({}, []), ({"hate": True}, [])],
)
def test_categories_that_were_looked_for(looked_at: Any, told: list[str]) -> None:
    """A category counts where the image was looked at for it, or where the classifier does not tell."""
    result = {"category_scores": {"hate": 0.5}, "categories": {}, "category_applied_input_types": looked_at}
    response = amounts_to(asked("CLASSIFY_IMAGE", {"results": [result]}))
    assert [one["category"] for one in response.get("safetyRatings", [])] == told


@pytest.mark.parametrize("results", [None, [], [{}, {}]])
def test_an_image_is_classified_once(results: Any) -> None:
    """No classification, or one too many, belongs to no image."""
    with pytest.raises(MalformedAnswer, match="without a classification"):
        amounts_to(asked("CLASSIFY_IMAGE", {"results": results}))


def test_a_classifier_without_a_known_price() -> None:
    """The cost of what has no price is absent, not zero."""
    result: dict[str, Any] = {"category_scores": {}, "categories": {}}
    response = amounts_to(asked("CLASSIFY_IMAGE", {"results": [result]}, model="some-classifier"))
    assert response["usage"] == {}


def completed(**fields: Any) -> dict[str, Any]:
    """The event of a finished image."""
    return {"type": "image_generation.completed", "b64_json": DRAWN, **fields}


def test_what_a_stream_of_images_has_to_say() -> None:
    """Prompts that the model rewrote come with the last event, one for each image; the rest is ignored."""
    events = [
        {"type": "image_generation.partial_image", "b64_json": DRAWN},
        {"type": "image_generation.begun"},
        completed(revised_prompt="A red fox"),
        completed(),
        completed(),
    ]
    told = amounts_to(asked("STREAM_GENERATE_IMAGES", events))
    assert [next(iter(event)) for event in told] == ["preview", "chunk", "chunk", "finished"]
    assert told[-1]["finished"]["images"] == [{"revisedPrompt": "A red fox"}, {"imageIndex": 1}]


def test_a_stream_of_images_that_ends_well() -> None:
    """Once every image is there the counts are no estimate, and the closing of the stream adds nothing."""
    usage = {"input_tokens": 50, "output_tokens": 1056}
    golden = asked("STREAM_GENERATE_IMAGES", [completed(usage=usage), completed(usage=usage)])
    reader = decoder(golden)
    assert reader.usage() == Usage(estimated=True)
    events = reader.feed(golden.answers[0])
    assert reader.complete
    assert reader.usage() == events[-1].finished.usage
    assert (reader.usage().image_count, reader.usage().estimated) == (2, False)
    assert not reader.feed(b"data: [DONE]\n\n")
    assert not reader.end()


def test_a_stream_of_images_that_breaks() -> None:
    """After one image of two the stream is broken, and what it cost is known in part."""
    golden = asked("STREAM_GENERATE_IMAGES", [completed(usage={"input_tokens": 50, "output_tokens": 1056})])
    reader = decoder(golden)
    reader.feed(golden.answers[0])
    with pytest.raises(StreamBroken):
        reader.end()
    assert reader.usage() == Usage(
        input_token_count=50, output_token_count=1056, image_count=1, estimated=True
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "no JSON"),
        (b"[]", "no event"),
        (b'{"type":"image_generation.completed"}', "cannot be decoded"),
        (b'{"type":"image_generation.partial_image","b64_json":"%s"}' % WORDS.encode(), "no image"),
    ],
)
def test_events_of_images_that_are_none(data: bytes, why: str) -> None:
    """An event that breaks the wire's rules ends the stream."""
    with pytest.raises(MalformedAnswer, match=why):
        decoder(asked("STREAM_GENERATE_IMAGES")).feed(b"data: " + data + b"\n\n")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"message": "Slow down", "code": "rate_limit_exceeded"}},
        {"type": "error", "message": "Slow down", "code": "rate_limit_exceeded"},
        {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}},
    ],
)
@pytest.mark.parametrize("operation", ["STREAM_GENERATE_IMAGES", "TRANSCRIBE"])
def test_errors_within_a_stream(operation: str, event: dict[str, Any]) -> None:
    """An error may come as an event, in any of its shapes."""
    with pytest.raises(RateLimited):
        amounts_to(asked(operation, [event]))


def test_speech_without_audio() -> None:
    """An empty body is a failure, not silence; nothing was spoken, and what is counted is an estimate."""
    reader = decoder(asked("SPEAK"))
    with pytest.raises(Unexplained, match="without any audio"):
        reader.end()
    assert reader.usage().estimated


def test_speech_in_large_pieces() -> None:
    """Audio is cut so that no message grows beyond what gRPC likes, and begins once."""
    audio = bytes(range(256)) * 3000
    reader = decoder(asked("SPEAK"))
    events = [*reader.feed(audio), *reader.feed(b"end")]
    assert [event.WhichOneof("event") for event in events] == ["started", *["audio_chunk"] * 4]
    assert b"".join(event.audio_chunk for event in events) == audio + b"end"


def test_a_transcript_that_is_whole() -> None:
    """Nothing that comes after the end changes it."""
    golden = asked("TRANSCRIBE", [{"type": "transcript.text.done", "text": "Hello"}])
    reader = decoder(golden)
    assert reader.feed(golden.answers[0])[-1].finished.text == "Hello"
    assert not reader.feed(b'data: {"type":"transcript.text.delta","delta":"more"}\n\n')
    assert not reader.end()


def test_a_transcript_that_breaks() -> None:
    """Without its end a stream is broken; what was heard until then is counted, as an estimate."""
    golden = asked("TRANSCRIBE", [{"type": "transcript.text.delta", "delta": "Hello there"}])
    reader = decoder(golden)
    reader.feed(golden.answers[0])
    with pytest.raises(StreamBroken):
        reader.end()
    assert reader.usage().output_token_count
    assert reader.usage().estimated


@pytest.mark.parametrize(
    ("operation", "limit"), [("TRANSCRIBE", 16 << 20), ("STREAM_GENERATE_IMAGES", EVENT_LIMIT)]
)
def test_an_event_that_has_no_end(operation: str, limit: int) -> None:
    """An event that grows without bound is not collected."""
    with pytest.raises(MalformedAnswer, match="larger than any answer"):
        decoder(asked(operation)).feed(b"data: " + b"x" * (limit + 8))


def test_a_whole_transcript_that_has_no_end() -> None:
    """An answer that grows without bound is not collected."""
    reader = decoder(asked("TRANSCRIBE", model="whisper-1"))
    with pytest.raises(MalformedAnswer, match="more than any transcript"):
        for _ in range(17):
            reader.feed(b" " * (1 << 20))


@pytest.mark.parametrize("answer", [{}, {"text": 3}, {"segments": []}])
def test_a_whole_answer_without_a_transcript(answer: dict[str, Any]) -> None:
    """An answer without a text is no silence."""
    with pytest.raises(MalformedAnswer, match="without a transcript"):
        amounts_to(asked("TRANSCRIBE", answer, model="whisper-1"))


def test_a_whole_transcript_without_segments() -> None:
    """A text alone comes as one delta, so that a caller who only reads deltas has it."""
    told = amounts_to(asked("TRANSCRIBE", {"text": "Hello", "segments": None}, model="whisper-1"))
    assert told[0] == {"textDelta": "Hello"}
    assert told[-1]["finished"]["text"] == "Hello"


def test_silence() -> None:
    """Where nothing was said there is nothing but the end, with the time that was heard."""
    answer = {"text": "", "segments": [], "duration": 2.5, "language": "english"}
    assert amounts_to(asked("TRANSCRIBE", answer, model="whisper-1")) == [
        {
            "finished": {
                "languageCode": "en",
                "usage": {"audioDuration": "2.500s", "costNanoUsd": "250000"},
            }
        }
    ]


def test_a_segment_that_knows_its_beginning_alone() -> None:
    """A time that is not told stays away: it is no time of zero."""
    event = {"type": "transcript.text.segment", "text": " Hello ", "start": 1.25}
    done = {"type": "transcript.text.done", "text": "Hello"}
    told = amounts_to(asked("TRANSCRIBE", [event, done]))
    assert told[0] == {"segment": {"text": "Hello", "startOffset": "1.250s"}}


def test_events_of_a_transcript_that_are_new() -> None:
    """What OpenAI adds to its streams breaks none of them."""
    events = [
        {"type": "transcript.language.detected", "language": "en"},
        {"type": "transcript.text.delta", "delta": ""},
        {"type": "transcript.text.done", "text": "Hello", "languages": [{"code": "en"}]},
    ]
    told = amounts_to(asked("TRANSCRIBE", events))
    assert [next(iter(event)) for event in told] == ["finished"]
    assert told[0]["finished"]["languageCode"] == "en"


def test_other_failures_are_the_providers() -> None:
    """An error that nobody knows is still an error."""
    with pytest.raises(ProviderError):
        amounts_to(asked("GENERATE_IMAGES", {"error": "out of memory"}))


AZURE = {
    "content_filter_results": {
        "violence": {"filtered": True, "severity": "high"},
        "hate": {"filtered": False},
    }
}


@pytest.mark.parametrize("flag", [{"respect_moderation": False}, {"is_blurred": "true"}, {"nsfw": 1}, AZURE])
def test_images_that_a_safety_system_objects_to(flag: dict[str, Any]) -> None:
    """They are left out, with a note beside the others; where none is left, the answer is a refusal."""
    good, bad = {"b64_json": DRAWN, "respect_moderation": True}, {"b64_json": DRAWN, **flag}
    told = amounts_to(asked("GENERATE_IMAGES", {"data": [bad, good]}))
    assert len(told["images"]) == 1
    assert "withheld" in told["images"][0]["note"]
    with pytest.raises(ContentFiltered):
        amounts_to(asked("GENERATE_IMAGES", {"data": [bad, {**bad, "b64_json": None}]}))


def test_an_image_within_its_address() -> None:
    """The bytes of a `data:` address need not be fetched."""
    told = amounts_to(asked("GENERATE_IMAGES", {"data": [{"url": f"data:image/png;base64,{DRAWN}"}]}))
    assert told["images"][0]["media"]["data"] == "PNG"


def test_streamed_images_that_a_safety_system_objects_to() -> None:
    """Neither they nor their previews are shown; where none is left, the stream ends as refused."""
    bad = {"nsfw": True}
    preview = {"type": "image_generation.partial_image", "b64_json": DRAWN, **bad}
    told = amounts_to(asked("STREAM_GENERATE_IMAGES", [preview, completed(**bad), completed()]))
    assert [next(iter(event)) for event in told] == ["chunk", "finished"]
    assert "withheld" in told[-1]["finished"]["images"][0]["note"]
    with pytest.raises(ContentFiltered):
        amounts_to(asked("STREAM_GENERATE_IMAGES", [completed(**bad), completed(**bad)]))


@pytest.mark.parametrize("broken", [None, {}, {"b64_json": "?"}, {"b64_json": WORDS}, {"b64_json": 5}])
def test_an_image_that_is_none_takes_no_other_with_it(broken: object) -> None:
    """Of an answer with one image that cannot be read, the others come, with a note."""
    told = amounts_to(asked("GENERATE_IMAGES", {"data": [{"b64_json": DRAWN}, broken]}, imageConfig=TWO))
    [image] = told["images"]
    assert "lost" in image["note"]
    with pytest.raises(MalformedAnswer):
        amounts_to(asked("GENERATE_IMAGES", {"data": [broken, broken]}, imageConfig=TWO))


def test_a_transcript_whose_end_has_no_text() -> None:
    """The text of the end is what the deltas said, where the end does not say it, with halves joined."""
    reader = decoder(asked("TRANSCRIBE"))
    deltas = (rb"a \ud83d", rb"\ude42 b \ud83d")
    raw = b"".join(b'data: {"type":"transcript.text.delta","delta":"%s"}\n\n' % one for one in deltas)
    events = reader.feed(raw + b'data: {"type":"transcript.text.done"}\n\n')
    assert "".join(event.text_delta for event in events) == "a 🙂 b \ufffd"
    assert events[-1].finished.text == "a 🙂 b \ufffd"
