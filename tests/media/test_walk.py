"""Where media sit in requests."""

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media, Part, ToolResult
from ringmain.v1.generation_pb2 import FunctionTool, Tool
from ringmain_server.media.walk import any_media, media_in, with_media

_MEDIA = st.builds(Media, data=st.binary(max_size=4), filename=st.text(max_size=3))
_PLAIN = st.builds(Part, text=st.text(max_size=3)) | st.builds(Part, media=_MEDIA)
_RESULT = st.builds(
    lambda parts: Part(tool_result=ToolResult(tool_call_id="c", parts=parts)), st.lists(_PLAIN, max_size=3)
)


@st.composite
def _chats(draw: st.DrawFn) -> chat_pb2.ChatRequest:
    request = chat_pb2.ChatRequest(model="m", request_id=draw(st.text(max_size=3)))
    request.attribution.labels["a"] = "b"
    for parts in draw(st.lists(st.lists(_PLAIN | _RESULT, max_size=3), max_size=3)):
        request.messages.add(role=2, parts=parts)
    request.tools.append(Tool(function=FunctionTool(name="t")))
    return request


_EDITS = st.builds(
    image_pb2.EditImagesRequest,
    model=st.just("m"),
    images=st.lists(_MEDIA, max_size=3),
    mask=st.none() | _MEDIA,
    mode=st.integers(0, 3),
)
_STREAMED = st.builds(image_pb2.StreamImagesRequest, edit=_EDITS, preview_count=st.integers(0, 3))


@given(_chats() | _EDITS | _STREAMED)
def test_nothing_replaced_is_the_same_request(request_: Message) -> None:
    """A copy with no other media equals its original, and is another message."""
    copy = with_media(request_, {})
    assert copy == request_
    assert copy is not request_


@given(_chats() | _EDITS | _STREAMED, st.data())
def test_what_is_replaced_is_replaced_and_nothing_else(request_: Message, data: st.DataObject) -> None:
    """Every medium is found under its path; after replacing some, all others are as they were."""
    found = dict(media_in(request_))
    chosen = data.draw(st.sets(st.sampled_from(sorted(found)))) if found else set()
    others = {path: Media(data=b"other", filename=path) for path in chosen}
    before = request_.SerializeToString(deterministic=True)
    again = dict(media_in(with_media(request_, others)))
    assert again == {**found, **others}
    assert request_.SerializeToString(deterministic=True) == before


def test_paths_are_those_of_violations() -> None:
    """A path says where in the request, as errors do."""
    request = chat_pb2.ChatRequest()
    request.messages.add().parts.add(text="x")
    inner = request.messages[0].parts.add().tool_result.parts.add()
    inner.media.data = b"x"
    assert [path for path, _ in media_in(request)] == ["messages[0].parts[1].tool_result.parts[0].media"]


def test_a_request_without_media_has_none() -> None:
    """Types that can hold none are passed over at once."""
    assert list(media_in(embedding_pb2.EmbedRequest(texts=["x"]))) == []


@given(_chats())
def test_whether_any_medium_is_wanted_is_told_without_paths(request: chat_pb2.ChatRequest) -> None:
    """What `media_in` finds, `any_media` knows of."""
    found = [media for _, media in media_in(request)]
    assert any_media(request, lambda _: True) is bool(found)
    assert any_media(request, lambda media: not media.data) is any(not media.data for media in found)
