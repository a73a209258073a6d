"""The process itself as a provider: images enlarged with a filter."""

import asyncio
import io

import PIL.Image
import pytest
from ringmain.v1.content_pb2 import Media
from ringmain.v1.image_service_pb2 import UpscaleConfig, UpscaleImageRequest
from ringmain.v1.model_service_pb2 import CAPABILITY_IMAGE_UPSCALING
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.config import LocalSettings
from ringmain_server.errors import MediaInvalid, UnknownProviderModel
from ringmain_server.media.limits import ReadLimits
from ringmain_server.media.workers import MediaWorkers, unchecked
from ringmain_server.operations import UPSCALE_IMAGE
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.local.upscale import UpscaleJob
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions

from tests.fakes.pictures import saved, scene


def _local(workers: MediaWorkers | None = None) -> Provider:
    return build_provider("local", LocalSettings(kind="local"), HttpSessions(), workers)


async def _enlarged(
    request: UpscaleImageRequest, model: str = "lanczos", workers: MediaWorkers | None = None
) -> Media:
    candidate = Candidate("local", "local", model)
    call = Call("resp_1", "ringmain.v1.ImageService/UpscaleImage", deadline=float("inf"))
    call.current = Attempt(candidate, asyncio.get_running_loop().time())
    answer = await _local(workers).backend(candidate).call(UPSCALE_IMAGE, request, call)
    assert answer.usage.image_count == 1
    return answer.image


def _request(factor: int = 2, kind: str = "PNG", mime_type: str = "") -> UpscaleImageRequest:
    image = Media(data=saved(scene(), kind))
    config = UpscaleConfig(factor=factor, mime_type=mime_type)
    return UpscaleImageRequest(image=image, upscale_config=config)


def _open(media: Media) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(media.data))


def test_it_is_there_and_says_what_it_can() -> None:
    """Both filters are listed, and can enlarge images; of another model nothing is known."""
    local = _local()
    assert (local.kind, local.models) == ("local", ("lanczos", "bicubic"))
    assert local.capabilities is not None
    assert sorted(local.capabilities("bicubic") or ()) == [CAPABILITY_IMAGE_UPSCALING]
    assert local.capabilities("gguf") is None


@pytest.mark.parametrize("factor", [2, 3, 8])
async def test_sides_grow_by_the_factor(factor: int) -> None:
    """Width and height are so many times larger, and the picture is the same."""
    image = _open(await _enlarged(_request(factor)))
    assert image.size == (120 * factor, 80 * factor)
    assert image.getpixel((5 * factor, 5 * factor)) == scene().getpixel((5, 5))


async def test_the_filters_are_different() -> None:
    """Lanczos and bicubic make other pixels of the same image."""
    image = Media(data=saved(scene((9, 9)), "PNG"))
    request = UpscaleImageRequest(image=image, upscale_config=UpscaleConfig(factor=4))
    assert (await _enlarged(request)).data != (await _enlarged(request, "bicubic")).data


async def test_the_format_is_the_images_own_or_the_one_asked_for() -> None:
    """JPEG stays JPEG; WebP can be had."""
    assert (await _enlarged(_request(kind="JPEG"))).mime_type == "image/jpeg"
    assert (await _enlarged(_request(mime_type="image/webp"))).mime_type == "image/webp"


async def test_what_would_be_too_large_is_refused() -> None:
    """The limits of what is read hold for what is made."""
    workers = MediaWorkers(check_document=unchecked, read=ReadLimits(max_pixels=20_000))
    with pytest.raises(MediaInvalid, match="at most 20000 pixels"):
        await _enlarged(_request(), workers=workers)


async def test_other_models_and_addresses_are_refused() -> None:
    """There is no third filter, and nothing is fetched here; nothing is streamed either."""
    with pytest.raises(UnknownProviderModel):
        await _enlarged(_request(), "nearest")
    with pytest.raises(MediaInvalid):
        await _enlarged(UpscaleImageRequest(image=Media(uri="https://example.com/a.png")))
    local = _local()
    with pytest.raises(TypeError):
        await local.transport.open(UpscaleJob(b"", 2, "lanczos", ""))
    await local.check()
    await local.transport.close()
