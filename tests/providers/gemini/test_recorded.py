"""Tests of answers in the shapes that recordings of the developer API have."""

import base64
from typing import Any

import orjson
import pytest
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers import json_base64
from ringmain_server.providers.gemini.chat import GeminiChatTranslator

from tests.providers.gemini.test_gemini import ERRORS, GEMINI, events
from tests.providers.vertex.golden import ASKED

COUNTS = {"promptTokenCount": 70, "candidatesTokenCount": 12, "totalTokenCount": 82}


def read(*documents: dict[str, Any]) -> ChatResponse:
    """What documents amount to, as a stream and, if it is one, as a whole answer."""
    raw = [orjson.dumps(document) for document in documents]
    streamed = fold(events(raw))
    if len(raw) == 1:
        assert GeminiChatTranslator(ERRORS).response(raw[0], ASKED, GEMINI) == streamed
    return streamed


def document(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One document of these parts."""
    return {
        "candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0, **more}],
        "usageMetadata": COUNTS,
        "modelVersion": "gemini-3-flash-preview",
        "responseId": "r1",
    }


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("UNEXPECTED_TOOL_CALL", errors.ModelOutputInvalid),
        ("MALFORMED_FUNCTION_CALL", errors.ModelOutputInvalid),
        ("TOO_MANY_TOOL_CALLS", errors.ModelOutputInvalid),
        ("MISSING_THOUGHT_SIGNATURE", errors.Rejected),
    ],
)
def test_what_a_model_or_a_caller_did_is_no_failure_of_the_provider(
    reason: str, kind: type[errors.ProviderError]
) -> None:
    """A model that calls what nobody declared opens no breaker, with which one caller would stop all others.

    Recorded with pydantic-ai and gemini-3-flash-preview.
    """
    call = {"functionCall": {"name": "list_files", "args": {"path": "."}, "id": "i1"}}
    told = "Unexpected tool call: Model tried to call an undeclared function: list_files"
    for parts in ((), (call,)):
        with pytest.raises(kind) as caught:
            read(document(*parts, finishReason=reason, finishMessage=told))
        assert not caught.value.breaker_failure
        assert "cannot be parsed" not in caught.value.message


def test_a_large_image_is_streamed() -> None:
    """An image comes in one event, of 2.6 MB in the largest recording (ruby_llm, pydantic-ai, ellmer)."""
    data = bytes(range(256)) * 8000
    image = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}
    response = read(document({"text": "Here."}, image, finishReason="STOP"))
    assert response.message.parts[1].media.data == data


def test_what_a_model_draws_while_it_thinks() -> None:
    """A sketch is no picture of the answer, and is not lost either."""
    sketch = {"inlineData": {"mimeType": "image/png", "data": "AQ=="}, "thought": True}
    drawn = {"inlineData": {"mimeType": "image/png", "data": "Ag=="}, "thoughtSignature": "c2ln"}
    thought, media = read(document(sketch, drawn, finishReason="STOP")).message.parts
    assert thought.provider_tool_call.name == "thought"
    assert [one.media.data for one in thought.provider_tool_call.results] == [b"\1"]
    assert media.media.data == b"\2"


def test_a_call_within_a_thought() -> None:
    """A call is a call, whatever the part is marked as."""
    call = {"functionCall": {"name": "f", "args": {}, "id": "i1"}, "thought": True}
    [part] = read(document(call, finishReason="STOP")).message.parts
    assert part.tool_call.name == "f"


def test_a_file_that_the_provider_keeps() -> None:
    """A file in an answer is a medium at its address; an address of another kind is at least shown."""
    address = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    kept = {"fileData": {"mimeType": "video/mp4", "fileUri": address}}
    bucket = {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://bucket/a.mp4"}}
    response = read(document({"text": "Here."}, kept, bucket, finishReason="STOP"))
    _, video, elsewhere = response.message.parts
    assert (video.media.mime_type, video.media.uri) == ("video/mp4", address)
    assert elsewhere.text == "gs://bucket/a.mp4"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, errors.RateLimited),
        (503, errors.ServerFault),
        (401, errors.CredentialsRefused),
        (404, errors.UnknownProviderModel),
        (400, errors.Rejected),
    ],
)
@pytest.mark.parametrize("word", ["SOME_NEW_WORD", "", None, 7])
def test_the_status_says_what_an_unknown_word_does_not(
    status: int, kind: type[errors.ProviderError], word: object
) -> None:
    """An error whose word is unknown means what its HTTP status means."""
    message = "models/m is not found" if status == 404 else "no"
    body = orjson.dumps({"error": {"code": status, "message": message, "status": word}})
    assert type(ERRORS("gem", status, {}, body)) is kind


def test_half_a_character_waits_for_the_other() -> None:
    """A server that cuts texts by UTF-16 units cuts an emoji in two, which is whole again in the answer."""
    first = document({"text": "@"})
    last = document({"text": "#"}, finishReason="STOP")
    raw = [
        orjson.dumps(first).replace(b"@", b"Hello \\ud83d"),
        orjson.dumps(last).replace(b"#", b"\\ude42 world"),
    ]
    assert "".join(part.text for part in fold(events(raw)).message.parts) == "Hello 🙂 world"


LARGE = '{"a":[9007199254740993,{"z":1}],"b":123456789012345678901234567890,"c":1.5}'


def test_numbers_that_no_double_holds() -> None:
    """Arguments with whole numbers of any size are what the model wrote, whole and streamed."""
    call = {"functionCall": {"name": "f", "args": {}, "id": "i1"}}
    raw = orjson.dumps(document(call, finishReason="STOP"))
    raw = raw.replace(b'"args":{}', b'"args":{"c": 1.5, %s' % LARGE.replace(',"c":1.5', "").encode()[1:])
    whole = GeminiChatTranslator(ERRORS).response(raw, ASKED, GEMINI)
    assert whole == fold(events([raw]))
    assert whole.message.parts[0].tool_call.arguments_json == LARGE


def test_numbers_that_no_double_holds_go_back() -> None:
    """Sent back, they are the same as far as any writer of JSON has them, and beyond that text."""
    request = ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="Go")
    call = request.messages.add(role=ROLE_ASSISTANT).parts.add().tool_call
    call.tool_call_id, call.name, call.arguments_json = "i1", "f", LARGE.replace("1.5", "1e30")
    wire = GeminiChatTranslator(ERRORS).request(request, GEMINI)
    sent = orjson.loads(b"".join(json_base64.pieces(json_base64.render(wire.body))))
    assert sent["contents"][1]["parts"][0]["functionCall"]["args"] == {
        "a": [9007199254740993, {"z": 1}],
        "b": "123456789012345678901234567890",
        "c": 1e30,
    }
