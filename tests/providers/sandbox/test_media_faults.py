"""Every fault acts at every operation as it does at chat."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ringmain.v1.audio_service_pb2 import SpeakRequest, SpeechConfig
from ringmain_server.errors import (
    ConnectionFailed,
    MalformedAnswer,
    ProviderError,
    ServerFault,
    StreamBroken,
    UnknownProviderModel,
)
from ringmain_server.operations import (
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    TRANSCRIBE,
    UPSCALE_IMAGE,
    Unary,
)
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import Bench
from tests.providers.sandbox.test_faults import BROKEN, REFUSED
from tests.providers.sandbox.uploads import (
    edit,
    enlargement,
    generation,
    inspection,
    spoken,
    stream,
    texts,
    upload,
)

Ask = Callable[[Bench, str, list[Any]], Awaitable[object]]


def _unary(op: Unary[Any, Any], make: Callable[[], object]) -> Ask:
    async def ask(bench: Bench, model: str, seen: list[Any]) -> object:
        return await bench.whole(op, model, make())

    return ask


async def _speak(bench: Bench, model: str, seen: list[Any]) -> object:
    return await bench.events(SPEAK, model, SpeakRequest(text="One two three four."), seen)


async def _transcribe(bench: Bench, model: str, seen: list[Any]) -> object:
    recording = await upload(await spoken("One two. Three four."))
    return await bench.events(TRANSCRIBE, model, recording, seen)


async def _stream(bench: Bench, model: str, seen: list[Any]) -> object:
    return await bench.events(STREAM_GENERATE_IMAGES, model, stream(generation(), 3), seen)


async def _stream_edit(bench: Bench, model: str, seen: list[Any]) -> object:
    return await bench.events(STREAM_EDIT_IMAGES, model, stream(edit(), 3), seen)


WHOLE: dict[str, Ask] = {
    "generate": _unary(GENERATE_IMAGES, generation),
    "edit": _unary(EDIT_IMAGES, edit),
    "upscale": _unary(UPSCALE_IMAGE, enlargement),
    "classify": _unary(CLASSIFY_IMAGE, inspection),
    "embed": _unary(EMBED, texts),
}
STREAMED: dict[str, Ask] = {
    "speak": _speak,
    "transcribe": _transcribe,
    "stream": _stream,
    "stream_edit": _stream_edit,
}
ASKED = {**WHOLE, **STREAMED}


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("name", ASKED)
async def test_refusals_are_the_same_everywhere(name: str, fault: str) -> None:
    """What refuses a chat refuses every other operation with the same error, before any content."""
    seen: list[Any] = []
    with pytest.raises(REFUSED[fault]):
        await ASKED[name](Bench(), fault, seen)
    assert not seen


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("name", WHOLE)
async def test_broken_whole_answers_fail(name: str, fault: str) -> None:
    """An answer that is cut, malformed or ends too early is an error."""
    expected = ConnectionFailed if fault == "fault-cut" else MalformedAnswer
    with pytest.raises(expected):
        await WHOLE[name](Bench(), fault, [])


@pytest.mark.parametrize("name", STREAMED)
async def test_streams_break_after_content(name: str) -> None:
    """A stream that is cut has brought some of its content, and then fails."""
    seen: list[Any] = []
    with pytest.raises(ConnectionFailed):
        await STREAMED[name](Bench(), "fault-cut", seen)
    assert seen


@pytest.mark.parametrize("name", ["transcribe", "stream", "stream_edit"])
@pytest.mark.parametrize(
    ("fault", "expected"), [("fault-malformed", MalformedAnswer), ("fault-no-end", StreamBroken)]
)
async def test_streams_of_events_break_as_chat_does(
    name: str, fault: str, expected: type[ProviderError]
) -> None:
    """What is no event, or an end without its marker, is an error after content."""
    seen: list[Any] = []
    with pytest.raises(expected):
        await STREAMED[name](Bench(), fault, seen)
    assert seen


async def test_speech_is_a_file() -> None:
    """In place of a file may come a page, which is no sound; and its connection may break at its end."""
    with pytest.raises(MalformedAnswer):
        await _speak(Bench(), "fault-malformed", [])
    for mime_type in ("audio/pcm", "audio/wav"):
        request = SpeakRequest(text="One two", speech_config=SpeechConfig(mime_type=mime_type))
        with pytest.raises(MalformedAnswer):
            await Bench().events(SPEAK, "fault-malformed", request)
    seen: list[Any] = []
    with pytest.raises(ConnectionFailed):
        await _speak(Bench(), "fault-no-end", seen)
    assert seen


@pytest.mark.parametrize("fault", ["fault-hang", "fault-stall"])
@pytest.mark.parametrize("name", ASKED)
async def test_silence_lasts(name: str, fault: str) -> None:
    """What never answers, or falls silent, is waited for until somebody ends that."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await ASKED[name](Bench(), fault, [])


@pytest.mark.parametrize("name", ASKED)
async def test_slow_first_token_is_served_late(name: str) -> None:
    """The first content comes after twenty seconds."""
    bench = Bench()
    began = bench.timer.now
    await ASKED[name](bench, "fault-slow-first-token", [])
    assert bench.timer.now - began >= 20


@pytest.mark.parametrize("name", ASKED)
async def test_a_failing_model_answers_as_the_models_do(name: str) -> None:
    """A request that is served after a failure gets an answer of its own operation."""
    bench = Bench()
    with pytest.raises(ServerFault):
        await ASKED[name](bench, "fault-500-once", [])
    assert await ASKED[name](bench, "fault-500-once", [])


@pytest.mark.parametrize("name", ASKED)
async def test_a_model_for_something_else_is_not_found(name: str) -> None:
    """A model that cannot do what it is asked for is a 404, as one that is unknown."""
    for model in ("chat", "nope"):
        with pytest.raises(UnknownProviderModel):
            await ASKED[name](Bench(), model, [])


async def test_an_unknown_path_is_not_found() -> None:
    """There is nothing at an address that the wire does not have."""
    with pytest.raises(ProviderError):
        await Bench().transport.send(HttpRequest("/batches", {"model": "chat"}))
