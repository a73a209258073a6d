"""InspectImage: what a file holds, and what a classifier says of it."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from PIL import Image
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain.v1.content_pb2 import Media
from ringmain_server.errors import ModelOutputInvalid
from ringmain_server.services.classify import CATEGORIES, classification

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details


def _jpeg() -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Camera & Co"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (32, 16), "#ff0000").save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


@asynccontextmanager
async def _stub(config: Any = None) -> AsyncIterator[tuple[Gateway, "image_grpc.ImageServiceAsyncStub"]]:
    async with gateway(config) as ringmain:
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(ringmain.channel)
        yield ringmain, stub


async def test_says_what_a_file_holds() -> None:
    """Type, size, EXIF without the place, hashes and colours, without any model."""
    async with _stub() as (_, stub):
        found = await stub.InspectImage(image_pb2.InspectImageRequest(image=Media(data=_jpeg())))
    assert (found.mime_type, found.width, found.height, found.frame_count) == ("image/jpeg", 32, 16, 1)
    assert found.exif["Make"] == "Camera & Co"
    assert not any(name.startswith("GPS") for name in found.exif)
    assert len(found.sha256) == 64
    assert found.dominant_colors[0].startswith("#f")
    assert not found.HasField("usage")


async def test_the_place_is_told_where_the_operator_allows() -> None:
    """A configuration may let the location through."""
    async with _stub({"media": {"location_allowed": True}}) as (_, stub):
        found = await stub.InspectImage(image_pb2.InspectImageRequest(image=Media(data=_jpeg())))
    assert any(name.startswith("GPS") for name in found.exif)


async def test_a_model_that_sees_classifies() -> None:
    """A model without a classifier of its own is asked for JSON; its usage is told."""
    async with _stub() as (ringmain, stub):
        request = image_pb2.InspectImageRequest(image=Media(data=_jpeg()), model="sandbox/chat")
        found = await stub.InspectImage(request)
        line = ringmain.log()[-1]
    assert [rating.category for rating in found.safety_ratings] == list(CATEGORIES)
    assert found.usage.input_token_count > 0
    assert (line["method"], line["model"]) == ("ringmain.v1.ImageService/InspectImage", "sandbox/chat")


@pytest.mark.parametrize(
    ("image", "field"),
    [
        (Media(data=b"x" * 10, mime_type="image/png"), "image.data"),
        (Media(uri="https://example.com/a.png"), "image.uri"),
    ],
)
async def test_what_cannot_be_looked_at_is_named(image: Media, field: str) -> None:
    """Broken bytes and addresses that are not fetched are MEDIA_INVALID."""
    async with _stub() as (_, stub):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.InspectImage(image_pb2.InspectImageRequest(image=image))
    found: Any = details(failed.value)
    assert found["ErrorInfo"].reason == "MEDIA_INVALID"
    assert [violation.field for violation in found["BadRequest"].field_violations] == [field]


async def test_an_unknown_classifier_is_not_found() -> None:
    """The model's name is checked like any other."""
    async with _stub() as (_, stub):
        request = image_pb2.InspectImageRequest(image=Media(data=_jpeg()), model="nothing")
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.InspectImage(request)
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


def _said(text: str) -> ChatResponse:
    response = ChatResponse()
    response.message.parts.add(text=text)
    return response


def test_scores_are_bounded_and_flagged() -> None:
    """Whatever a model writes as a score is from 0 to 1; from one half on the image is flagged."""
    scores = dict.fromkeys(CATEGORIES, 0.1) | {"violence": 7, "hate": -1, "sexual": 0.5}
    found = classification(_said(json.dumps({"labels": ["fox", "", 3], "scores": scores})))
    rated = {rating.category: (round(rating.score, 2), rating.flagged) for rating in found.safety_ratings}
    assert rated["violence"] == (1.0, True)
    assert rated["hate"] == (0.0, False)
    assert rated["sexual"] == (0.5, True)
    assert list(found.labels) == ["fox"]


@pytest.mark.parametrize(
    "text", ["", "no", "[]", "{}", '{"labels": [], "scores": {}}', '{"labels": 1, "scores": 2}']
)
def test_an_answer_of_another_shape_is_the_models_mistake(text: str) -> None:
    """What is not JSON of the schema is never a classification."""
    with pytest.raises(ModelOutputInvalid):
        classification(_said(text))
