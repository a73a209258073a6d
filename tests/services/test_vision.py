"""A question about images as a chat of one turn."""

import pytest
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import IMAGE_DETAIL_HIGH, Media
from ringmain_server.errors import MediaInvalid, Violation
from ringmain_server.services.places import named
from ringmain_server.services.vision import _PLACES, question

PNG, FAR = Media(data=b"\x89PNG\r\n\x1a\n"), Media(uri="https://example.com/x.png")


def test_everything_of_a_question_reaches_the_chat() -> None:
    """The images come first, each with the wanted detail; every other field has its counterpart."""
    asked = vision_pb2.AnalyzeImagesRequest(
        request_id="order-1", model="m", prompt="What?", images=[PNG, FAR], image_detail=IMAGE_DETAIL_HIGH
    )
    asked.attribution.user_id = "ann"
    asked.routing_policy.failover_disabled = True
    asked.generation_config.temperature = 0.5
    chat = question(asked)
    (message,) = chat.messages
    assert [part.media for part in message.parts[:2]] == [PNG, FAR]
    assert [part.image_detail for part in message.parts] == [IMAGE_DETAIL_HIGH, IMAGE_DETAIL_HIGH, 0]
    assert message.parts[2].text == "What?"
    shared = {"request_id", "model", "attribution", "routing_policy", "generation_config"}
    assert {field.name for field, _ in chat.ListFields()} == {*shared, "messages"}
    for name in shared:
        assert getattr(chat, name) == getattr(asked, name)


def test_a_plain_question_is_a_plain_chat() -> None:
    """What was not said is not said to the model either."""
    chat = question(vision_pb2.AnalyzeImagesRequest(model="m", prompt="What?", images=[PNG]))
    expected = ChatRequest(model="m")
    expected.messages.add(role=2).parts.add(media=PNG)
    expected.messages[0].parts.add(text="What?")
    assert chat == expected


def test_fields_are_named_as_the_caller_has_them() -> None:
    """A violation of the chat that was made is one of the caller's request; others stay."""
    violations = [Violation("messages[0].parts[3].media.uri", "is far"), Violation("model", "is odd")]
    with pytest.raises(MediaInvalid) as refused, named(_PLACES):
        raise MediaInvalid(violations)
    assert [one.field for one in refused.value.violations] == ["images[3].uri", "model"]
    assert refused.value.message == "images[3].uri: is far (and 1 more)"
