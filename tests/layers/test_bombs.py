"""Bombs of every type are refused by name before a provider is asked, in whichever field they come."""

from collections.abc import Callable

import pytest
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server.errors import MediaInvalid
from ringmain_server.operations import CHAT, EDIT_IMAGES, STREAM_CHAT, STREAM_EDIT_IMAGES, UPSCALE_IMAGE

from tests.fakes.document_bombs import DOCUMENT_BOMBS, GOOD
from tests.fakes.image_bombs import BOMBS, GIF
from tests.layers.test_media import World, ask, edit

ALL = {**BOMBS, **DOCUMENT_BOMBS}


@pytest.mark.parametrize("mime_type", ALL)
async def test_a_bomb_in_a_conversation_reaches_no_provider(mime_type: str) -> None:
    """Whole or streamed, whatever the caller says that it is."""
    bombs = list(ALL[mime_type].values())
    for make, told in ((bombs[0], mime_type), (bombs[-1], "")):
        world, request = World(), ask(Media(data=make(), mime_type=told))
        for asked in (world.call(CHAT, request), world.stream(STREAM_CHAT, request)):
            with pytest.raises(MediaInvalid) as refused:
                await asked
            assert refused.value.violations[0].field == "messages[0].parts[1].media.data"
        assert not world.backend.requests


@pytest.mark.parametrize("mime_type", GOOD)
async def test_a_good_document_passes_as_it_is(mime_type: str) -> None:
    """A document within the limits is neither changed nor copied."""
    world, request = World(), ask(Media(data=GOOD[mime_type](), mime_type=mime_type))
    await world.call(CHAT, request)
    assert world.sent is request


def _mask() -> image_pb2.EditImagesRequest:
    return edit(mask=Media(data=_GIF), prompt="x")


def _image() -> image_pb2.EditImagesRequest:
    return edit(images=[Media(data=_GIF)], prompt="x")


_GIF = GIF["frame, disposal 2"]()


@pytest.mark.parametrize(("build", "field"), [(_mask, "mask.data"), (_image, "images[0].data")])
async def test_a_bomb_to_be_changed_reaches_no_provider(
    build: Callable[[], image_pb2.EditImagesRequest], field: str
) -> None:
    """Neither as an image nor as a mask, whole or streamed."""
    world = World()
    with pytest.raises(MediaInvalid) as refused:
        await world.call(EDIT_IMAGES, build())
    assert refused.value.violations[0].field == field
    with pytest.raises(MediaInvalid) as refused:
        await world.stream(STREAM_EDIT_IMAGES, image_pb2.StreamImagesRequest(edit=build()))
    assert refused.value.violations[0].field == f"edit.{field}"
    assert not world.backend.requests


async def test_a_bomb_to_be_enlarged_reaches_no_provider() -> None:
    """It is refused as well."""
    world = World()
    with pytest.raises(MediaInvalid):
        await world.call(UPSCALE_IMAGE, image_pb2.UpscaleImageRequest(image=Media(data=_GIF)))
    assert not world.backend.requests
