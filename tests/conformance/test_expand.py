"""Requests are written in proto JSON with shorthands."""

import io

import pytest
from PIL import Image
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse, CountTokensRequest
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_USER, Message, Part
from ringmain.v1.image_service_pb2 import StreamImagesRequest
from ringmain.v1.model_service_pb2 import ListModelsRequest

from tests.conformance.expand import goes_on, message, png


def test_the_model_is_the_cases_own() -> None:
    """A request that names no model gets the given one, wherever its model stands."""
    assert message("Chat", {}, "one") == ChatRequest(model="one")
    assert message("Chat", {"model": "two"}, "one") == ChatRequest(model="two")
    counted = message("CountTokens", {"chat": {}}, "one")
    assert isinstance(counted, CountTokensRequest)
    assert counted.chat.model == "one"
    drawn = message("StreamImages", {"generate": {"prompt": "x"}}, "one")
    assert isinstance(drawn, StreamImagesRequest)
    assert drawn.generate.model == "one"
    assert message("ListModels", {}, "one") == ListModelsRequest()


def test_an_answer_is_sent_back() -> None:
    """The next request has the answer's message as it came, and what follows it; the first stays as it is."""
    first = message("Chat", {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}, "one")
    said = Message(role=ROLE_ASSISTANT, parts=[Part(text="Ho", signature=b"s", provider_id="p")])
    more = {"role": "ROLE_USER", "parts": [{"text": {"$text": {"byte_count": 2}}}]}
    request = goes_on(first, ChatResponse(message=said), [more])
    hi, ho, last = request.messages
    assert (hi.parts[0].text, ho) == ("Hi", said)
    assert last == Message(role=ROLE_USER, parts=[Part(text="xx")])
    assert first == message("Chat", {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}, "one")


def test_shorthands() -> None:
    """Text, bytes and pictures can be told by their size."""
    parts = [
        {"text": {"$text": {"byte_count": 5}}},
        {"media": {"data": {"$bytes": {"byte_count": 6, "prefix": "%PDF"}}}},
        {"media": {"data": {"$png": {"width": 2, "height": 1}}}},
    ]
    request = message("Chat", {"messages": [{"parts": parts}]}, "one")
    assert isinstance(request, ChatRequest)
    text, document, picture = request.messages[0].parts
    assert text.text == "xxxxx"
    assert document.media.data == b"%PDF\0\0"
    assert picture.media.data == png(2, 1)


@pytest.mark.parametrize("bits", [8, 16])
def test_pictures_are_whole(bits: int) -> None:
    """A picture of noise can be read, has its size, and is the same each time."""
    data = png(7, 5, bits)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.size == (7, 5)
    assert data == png(7, 5, bits)
    assert len(data) > 7 * 5 * 3 * bits // 8
