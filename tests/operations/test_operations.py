"""What operations say of their requests."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server.operations import (
    CHAT,
    CLASSIFY_IMAGE,
    COUNT_TOKENS,
    EDIT_IMAGES,
    EMBED,
    GENERATE_IMAGES,
    SPEAK,
    STREAM_CHAT,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
    AnyOperation,
)

REQUESTS: dict[AnyOperation, Message] = {
    CHAT: chat_pb2.ChatRequest(),
    STREAM_CHAT: chat_pb2.ChatRequest(),
    COUNT_TOKENS: chat_pb2.CountTokensRequest(),
    GENERATE_IMAGES: image_pb2.GenerateImagesRequest(),
    STREAM_GENERATE_IMAGES: image_pb2.StreamImagesRequest(generate=image_pb2.GenerateImagesRequest()),
    EDIT_IMAGES: image_pb2.EditImagesRequest(),
    STREAM_EDIT_IMAGES: image_pb2.StreamImagesRequest(edit=image_pb2.EditImagesRequest()),
    UPSCALE_IMAGE: image_pb2.UpscaleImageRequest(),
    CLASSIFY_IMAGE: image_pb2.InspectImageRequest(),
    EMBED: embedding_pb2.EmbedRequest(),
    SPEAK: audio_pb2.SpeakRequest(),
}


def _holders(message: Any) -> Iterator[Any]:
    """The messages within a request that have `provider_options`, of a choice only the one that is chosen."""
    kind: Descriptor = message.DESCRIPTOR
    if "provider_options" in kind.fields_by_name:
        yield message
    for field in kind.fields:
        left_out = field.containing_oneof is not None and not message.HasField(field.name)
        if field.message_type is not None and not field.is_repeated and not left_out:
            yield from _holders(getattr(message, field.name))


@pytest.mark.parametrize("op", REQUESTS, ids=lambda op: op.name)
def test_options_for_a_provider_are_noticed_wherever_a_request_has_them(op: AnyOperation) -> None:
    """An operation tells that a request has options of its own, and that another one has none."""
    request = type(REQUESTS[op])()
    request.CopyFrom(REQUESTS[op])
    assert not op.passes_options(request)
    for holder in list(_holders(request)):
        holder.provider_options["openai"].update({"user": "x"})
        assert op.passes_options(request)
        holder.ClearField("provider_options")
