"""Streams that are made from whole answers."""

import asyncio

import pytest
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import NoAnswer
from ringmain_server.operations import (
    CHAT,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
)
from ringmain_server.providers.whole_as_stream import WholeAsStream, streams_from_whole

from tests.fakes.backend import HANG, ScriptedBackend

CANDIDATE = Candidate("p", "openai", "m")
REQUEST = image_pb2.StreamImagesRequest(generate=image_pb2.GenerateImagesRequest(model="m", prompt="a fox"))


def calling() -> Call:
    """A call whose attempt runs."""
    call = Call("resp_1", "test", 1e9)
    call.current = Attempt(CANDIDATE, 0.0)
    return call


def test_a_candidate_that_draws_whole_also_streams() -> None:
    """Each whole operation brings its streamed twin, unless the candidate has that one by itself."""
    assert streams_from_whole(frozenset({GENERATE_IMAGES, EMBED})) == {STREAM_GENERATE_IMAGES}
    assert streams_from_whole(frozenset({GENERATE_IMAGES, EDIT_IMAGES, STREAM_EDIT_IMAGES})) == {
        STREAM_GENERATE_IMAGES
    }
    assert not streams_from_whole(frozenset({CHAT, EMBED}))


async def test_only_streams_that_the_candidate_lacks_are_made() -> None:
    """The whole twin is asked for one that it lacks; any other stream is its own."""
    image = image_pb2.GeneratedImage(media=Media(data=b"fox", mime_type="image/png"))
    answer = image_pb2.GenerateImagesResponse(images=[image])
    event = image_pb2.ImageEvent(finished=image_pb2.ImageFinished())
    backend = ScriptedBackend([[answer], [event]])
    layer = WholeAsStream(backend, frozenset({STREAM_GENERATE_IMAGES}))
    chunk, finished = [one async for one in layer.stream(STREAM_GENERATE_IMAGES, REQUEST, calling())]
    assert (chunk.chunk.data, chunk.chunk.last, finished.WhichOneof("event")) == (b"fox", True, "finished")
    own = [one async for one in layer.stream(STREAM_EDIT_IMAGES, REQUEST, calling())]
    assert (own, backend.requests) == ([event], [REQUEST.generate, REQUEST])


async def test_a_whole_answer_must_come_within_the_time_for_the_first_event() -> None:
    """A provider that answers nothing fails as a silent stream does."""
    layer = WholeAsStream(ScriptedBackend([[HANG]]), frozenset({STREAM_GENERATE_IMAGES}))
    call = calling()
    call.attempt.start = asyncio.get_running_loop().time()
    call.attempt.first_content_timeout = 0.01
    call.attempt.first_content_allowed = 0.01
    with pytest.raises(NoAnswer):
        await anext(layer.stream(STREAM_GENERATE_IMAGES, REQUEST, call))
