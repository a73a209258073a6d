"""Pictures over the sandbox's wire: a look at their pixels."""

import base64
import io
from typing import Any

import PIL.Image
import pytest
from PIL import ImageChops, ImageStat
from ringmain.v1 import image_service_pb2 as pb
from ringmain.v1.content_pb2 import Media
from ringmain_sandbox.pictures.colors import COLORS, Color, distance, shaded
from ringmain_sandbox.pictures.files import write
from ringmain_sandbox.pictures.shapes import PARTS
from ringmain_server.errors import MalformedAnswer, MediaInvalid, Rejected, StreamBroken
from ringmain_server.operations import (
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    GENERATE_IMAGES,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
)
from ringmain_server.providers.sandbox.image_translators import ClassifyTranslator, ImageDecoder
from ringmain_server.providers.transport import FormField, HttpRequest

from tests.fakes.pictures import photo, saved, scene
from tests.providers.sandbox.bench import Bench
from tests.providers.sandbox.test_embedding import BOX
from tests.providers.sandbox.uploads import edit, enlargement, generation, inspection, stream

Image = PIL.Image.Image


def _open(data: bytes) -> Image:
    return PIL.Image.open(io.BytesIO(data))


async def _drawn(prompt: str, **config: Any) -> Image:
    answer = await Bench().whole(GENERATE_IMAGES, "image", generation(prompt, **config))
    return _open(answer.images[0].media.data)


async def _changed(request: pb.EditImagesRequest) -> Image:
    answer = await Bench().whole(EDIT_IMAGES, "image", request)
    return _open(answer.images[0].media.data)


def _near(image: Image, color: Color) -> Image:
    """White where a picture has about this color, black elsewhere."""
    channels = image.convert("RGB").split()
    masks = [
        channel.point([255 if abs(value - wanted) < 24 else 0 for value in range(256)])
        for channel, wanted in zip(channels, color, strict=True)
    ]
    return ImageChops.multiply(ImageChops.multiply(masks[0], masks[1]), masks[2])


def _spots(mask: Image) -> int:
    """How many connected areas of some size are white."""
    from PIL import ImageDraw

    found, mask = 0, mask.copy()
    while (box := mask.getbbox()) is not None:
        row = mask.crop((0, box[1], mask.width, box[1] + 1)).tobytes()
        before = mask.histogram()[255]
        ImageDraw.floodfill(mask, (row.index(255), box[1]), 0)
        found += before - mask.histogram()[255] > 20
    return found


def _share(image: Image, color: Color) -> float:
    return ImageStat.Stat(_near(image, color)).mean[0] / 255


@pytest.mark.parametrize("quality", ["LOW", "MEDIUM", "HIGH", "EXTRA_HIGH"])
@pytest.mark.parametrize("seed", [0, 1, 2])
async def test_three_red_circles_on_blue(seed: int, quality: str) -> None:
    """There are three red spots, and about all else is blue."""
    image = await _drawn(
        "three red circles on blue", size="360x240", seed=seed, quality=f"IMAGE_QUALITY_{quality}"
    )
    assert image.size == (360, 240)
    assert _spots(_near(image, COLORS["red"])) == 3
    assert _share(image, COLORS["red"]) > 0.1
    assert _share(image, COLORS["blue"]) > 0.5


@pytest.mark.parametrize("count", [1, 4, 7, 12])
async def test_shapes_are_as_many_as_asked(count: int) -> None:
    """Shapes never touch, so that they can be counted."""
    image = await _drawn(f"{count} yellow stars on navy", size="512x384")
    assert _spots(_near(image, COLORS["yellow"])) == count


@pytest.mark.parametrize("kind", sorted(PARTS.keys() - {"blob"}))
async def test_every_shape_is_drawn_in_its_color(kind: str) -> None:
    """A purple one of each is there, in purple, on white."""
    image = await _drawn(f"a purple {kind} on white")
    assert _share(image, COLORS["purple"]) > 0.02
    assert _share(image, COLORS["white"]) > 0.2


async def test_colors_that_belong_to_nothing_appear() -> None:
    """Colors are in the picture even when no shape is named, or only one."""
    for prompt in ("crimson teal and gold", "a circle, crimson, teal, gold"):
        image = await _drawn(prompt, size="256x256")
        assert all(_share(image, COLORS[color]) > 0.005 for color in ("crimson", "teal", "gold"))


async def test_what_is_unwanted_is_not_drawn() -> None:
    """A color of the negative prompt is nowhere."""
    image = await _drawn("a red circle on blue", negative_prompt="red")
    assert _share(image, COLORS["red"]) == 0


async def test_prompts_without_shapes_are_patterns_of_their_own() -> None:
    """Other words and other seeds make other pictures; the same ones the same."""
    first, again = await _drawn("quiet hope"), await _drawn("quiet hope")
    assert first.tobytes() == again.tobytes()
    assert len(first.getcolors(1 << 20) or ()) > 4
    for other in (await _drawn("loud fear"), await _drawn("quiet hope", seed=1)):
        assert other.tobytes() != first.tobytes()


async def test_several_images_are_different() -> None:
    """Each of several images is another one, the first that of a request for one."""
    several = await Bench().whole(GENERATE_IMAGES, "image", generation(image_count=3))
    one = await Bench().whole(GENERATE_IMAGES, "image", generation())
    data = [image.media.data for image in several.images]
    assert len(set(data)) == 3
    assert data[0] == one.images[0].media.data
    assert (several.usage.image_count, several.usage.output_token_count) == (3, 3)


async def test_the_prompt_is_written_at_the_bottom() -> None:
    """A strip with light letters says what was asked; a tiny picture has none."""
    one, two = [await _drawn(f"a red circle on blue {word}", size="480x320") for word in ("ab", "cd")]
    strip = (0, 308, 480, 320)
    assert ImageStat.Stat(one.crop(strip).convert("L")).extrema[0][1] > 180
    assert one.crop(strip).tobytes() != two.crop(strip).tobytes()
    assert _share(await _drawn("red square " * 200, size="480x320"), Color(24, 24, 28)) > 0.01
    assert _share(await _drawn("a red circle on white", size="16x16"), Color(24, 24, 28)) == 0


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
async def test_formats_are_those_asked_for(form: str) -> None:
    """The file is of the wanted format."""
    image = await _drawn("a red circle on white", mime_type=f"image/{form}")
    assert (image.format or "").lower() == form


async def test_transparent_backgrounds_are_transparent() -> None:
    """Only the shape is opaque; a format without transparency is refused."""
    image = await _drawn("a red ring", transparent_background=True, mime_type="image/webp")
    assert image.getchannel("A").getextrema() == (0, 255)
    assert image.convert("RGBA").getpixel((2, 2))[3] == 0  # type: ignore[index]
    body = {"model": "image", "prompt": "a", "background": "transparent", "output_format": "jpeg"}
    with pytest.raises(Rejected, match="needs png or webp"):
        await Bench().transport.send(HttpRequest("/images/generations", body))


async def test_quality_is_detail() -> None:
    """More work makes a larger file of the same picture."""
    sizes = [
        len((await Bench().whole(GENERATE_IMAGES, "image", request)).images[0].media.data)
        for request in (
            generation(size="256x256", quality=quality)
            for quality in (pb.IMAGE_QUALITY_LOW, pb.IMAGE_QUALITY_MEDIUM, pb.IMAGE_QUALITY_HIGH)
        )
    ]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    "style", ["sketch", "noir", "sepia", "poster", "negative", "mosaic", "oil", "watercolour", "vivid"]
)
async def test_styles_change_a_picture(style: str) -> None:
    """Each style makes another picture of the same prompt, drawn or given."""
    assert (await _drawn("a red circle on blue", style=style)).tobytes() != (
        await _drawn("a red circle on blue")
    ).tobytes()
    request = edit(f"in the style of {style}", mode=pb.EDIT_MODE_STYLE)
    request.images[0].data = saved(photo((60, 50)), "PNG")
    changed = await _changed(request)
    assert changed.size == (60, 50)
    assert changed.tobytes() != _open(request.images[0].data).tobytes()


async def test_what_is_transparent_stays_so_in_any_style() -> None:
    """A style changes colors; where a picture can be seen through, it still can."""
    plain = await _drawn("a red ring", transparent_background=True)
    styled = await _drawn("a red ring", transparent_background=True, style="sepia")
    assert styled.mode == "RGBA"
    assert styled.getchannel("A").tobytes() == plain.getchannel("A").tobytes()
    assert styled.convert("RGB").tobytes() != plain.convert("RGB").tobytes()


async def test_what_is_transparent_is_white_where_it_cannot_be() -> None:
    """A format without transparency shows a picture on white."""
    half = PIL.Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    half.paste((0, 0, 255, 255), (32, 0, 64, 64))
    found = _open(write(half, "jpeg"))
    assert found.format == "JPEG"
    assert min(found.getpixel((8, 8))) > 250  # type: ignore[arg-type]
    assert found.getpixel((56, 8))[2] > 250  # type: ignore[index]


async def test_previews_grow_sharper() -> None:
    """Each preview is nearer to the image; a stream's image is that of the whole answer."""
    request = generation("four green stars on white", size="256x256")
    events = await Bench().events(STREAM_GENERATE_IMAGES, "image", stream(request, 3))
    previews = [_open(event.preview.media.data) for event in events if event.HasField("preview")]
    data = b"".join(event.chunk.data for event in events)
    final = _open(data)
    off = [sum(ImageStat.Stat(ImageChops.difference(one, final)).mean) for one in previews]
    assert len(off) == 3
    assert off == sorted(off, reverse=True)
    assert off[-1] > 0
    whole = await Bench().whole(GENERATE_IMAGES, "image", request)
    assert whole.images[0].media.data == data
    assert events[-1].finished.usage == whole.usage


async def test_inpainting_keeps_what_the_mask_covers() -> None:
    """Within the transparent pixels there is the prompt, and every other pixel is exactly as before."""
    base = scene((200, 160))
    mask = PIL.Image.new("RGBA", base.size, (255, 255, 255, 255))
    mask.paste((0, 0, 0, 0), (50, 40, 150, 120))
    request = edit("a yellow circle on purple", mode=pb.EDIT_MODE_INPAINT)
    request.images[0].data = saved(base, "PNG")
    request.mask.data = saved(mask, "PNG")
    changed = await _changed(request)
    outside = PIL.Image.new("L", base.size, 255)
    outside.paste(0, (50, 40, 150, 120))
    black = PIL.Image.new("RGB", base.size)
    kept = [PIL.Image.composite(image.convert("RGB"), black, outside) for image in (base, changed)]
    assert kept[0].tobytes() == kept[1].tobytes()
    inside = changed.crop((50, 40, 150, 120))
    assert _share(inside, COLORS["purple"]) > 0.4
    assert _share(inside, COLORS["yellow"]) > 0.05


@pytest.mark.parametrize("mask", [PIL.Image.new("RGBA", (9, 9)), scene(), scene(mode="RGBA")])
async def test_senseless_masks_are_refused(mask: Image) -> None:
    """A mask of another size, and one without transparent pixels, are a 400."""
    request = edit(mode=pb.EDIT_MODE_INPAINT)
    request.mask.data = saved(mask, "PNG")
    with pytest.raises(Rejected, match="mask must"):
        await _changed(request)


async def test_outpainting_leaves_the_centre() -> None:
    """The canvas grows by the margins; the original is untouched in its place; around it is the prompt."""
    request = edit("a green background", mode=pb.EDIT_MODE_OUTPAINT)
    margins = request.outpaint
    margins.left, margins.top, margins.right, margins.bottom = 30, 20, 10, 40
    changed = (await _changed(request)).convert("RGB")
    assert changed.size == (160, 140)
    assert changed.crop((30, 20, 150, 100)).tobytes() == scene().tobytes()
    assert _share(changed.crop((0, 0, 160, 20)), COLORS["green"]) > 0.4
    margins.left = margins.right = 4096
    request.images[0].data = saved(scene((4200, 8)), "PNG")
    with pytest.raises(Rejected, match="larger than"):
        await _changed(request)


async def test_other_images_give_their_colors() -> None:
    """The styled image has about the mean of the image whose style it takes; transparency stays."""
    request = edit("", mode=pb.EDIT_MODE_STYLE)
    request.images[0].data = saved(PIL.Image.new("RGBA", (40, 40), (10, 200, 10, 0)), "PNG")
    request.images.add(data=saved(PIL.Image.new("RGB", (20, 20), (200, 60, 120)), "PNG"))
    changed = await _changed(request)
    assert changed.mode == "RGBA"
    assert changed.getchannel("A").getextrema() == (0, 0)
    mean = ImageStat.Stat(changed.convert("RGB")).mean
    assert distance(Color(*map(round, mean)), Color(200, 60, 120)) < 12


async def test_colors_and_nothing_are_styles_too() -> None:
    """Colors that the prompt names tint an image; a prompt that names nothing picks one."""
    blue = await _changed(edit("make it blue", mode=pb.EDIT_MODE_STYLE))
    red, _, found = ImageStat.Stat(blue).mean[:3]
    assert found > red * 1.2
    assert (await _changed(edit("surprise me", mode=pb.EDIT_MODE_STYLE))).tobytes() != scene().tobytes()


async def test_without_a_mode_the_prompt_is_drawn_onto_the_image() -> None:
    """What the prompt names is there, and most of the image is as it was."""
    changed = await _changed(edit("a purple circle"))
    assert _share(changed, COLORS["purple"]) > 0.05
    same = ImageChops.difference(changed.convert("RGB"), scene()).convert("L").histogram()[0]
    assert same > 0.5 * 120 * 80
    request = edit("a purple circle", image_config={"size": "60x40"})
    request.images[0].data = saved(scene(mode="RGBA"), "PNG")
    smaller = await _changed(request)
    assert (smaller.size, smaller.mode) == ((60, 40), "RGBA")


async def test_streamed_edits_are_the_whole_ones() -> None:
    """An edit's stream brings the same image as its whole answer."""
    request = edit("a white star", mode=pb.EDIT_MODE_OUTPAINT)
    request.outpaint.top = 20
    events = await Bench().events(STREAM_EDIT_IMAGES, "image", stream(request))
    whole = await Bench().whole(EDIT_IMAGES, "image", request)
    assert b"".join(event.chunk.data for event in events) == whole.images[0].media.data


async def test_enlarging_keeps_the_format() -> None:
    """Sides grow by the factor; the format is the image's own, or the one asked for."""
    request = enlargement(3)
    request.upscale_config.prompt = "a scene"
    answer = await Bench().whole(UPSCALE_IMAGE, "upscale", request)
    assert (_open(answer.image.data).size, answer.image.mime_type) == ((360, 240), "image/png")
    request.upscale_config.mime_type = "image/jpeg"
    assert (await Bench().whole(UPSCALE_IMAGE, "upscale", request)).image.mime_type == "image/jpeg"
    request.image.data = saved(scene((6000, 4000)), "PNG")
    with pytest.raises(Rejected, match="more than"):
        await Bench().whole(UPSCALE_IMAGE, "upscale", request)


async def test_pictures_are_rated_and_labelled_by_their_colors() -> None:
    """Labels and flags follow the pixels, the same each time."""
    seen = {
        color: await Bench().whole(
            CLASSIFY_IMAGE, "classify", inspection(saved(PIL.Image.new("RGB", size, color), "PNG"))
        )
        for color, size in (("#c01010", (40, 40)), ("#f0f0f0", (20, 40)), ("#000000", (40, 20)))
    }
    red, white, black = seen.values()
    assert [one.category for one in red.safety_ratings if one.flagged] == ["violence"]
    assert not any(one.flagged for one in white.safety_ratings)
    assert {one.category for one in black.safety_ratings if one.flagged} == {"hate", "self-harm"}
    assert "square format" in red.labels
    assert {"white", "bright", "portrait format", "greyscale"} <= set(white.labels)
    assert {"dark", "landscape format"} <= set(black.labels)
    clear = inspection(saved(PIL.Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"))
    assert "transparent" in (await Bench().whole(CLASSIFY_IMAGE, "classify", clear)).labels
    assert red.usage.input_token_count == 1


IMAGE = FormField("image", saved(scene(), "PNG"), "a.png")
GENERATION, EDIT, UPSCALE = "/images/generations", "/images/edits", "/images/upscales"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": " "}, "prompt must"),
        ({"n": 0}, "n must"),
        ({"n": 11}, "n must"),
        ({"partial_images": 4}, "partial_images must"),
        ({"output_format": "gif"}, "output_format must"),
        ({"sise": "1x1"}, "mean size"),
    ],
)
async def test_senseless_wishes_are_refused(fields: dict[str, Any], words: str) -> None:
    """A 400 says what is wrong."""
    with pytest.raises(Rejected, match=words):
        await Bench().transport.send(HttpRequest(GENERATION, {"model": "image", "prompt": "a", **fields}))


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        (EDIT, [FormField("prompt", "a")], "image must hold"),
        (EDIT, [FormField("image", b"nope", "a.png")], "no image that can be read"),
        (EDIT, [FormField("image", saved(scene(), "PNG")[:200], "a.png")], "no image that can be read"),
        (
            EDIT,
            [FormField("image", saved(scene(), "PNG"), "a"), FormField("outpaint", "1,2")],
            "outpaint must",
        ),
        (UPSCALE, [FormField("factor", "2")], "image must hold"),
        (UPSCALE, [IMAGE, FormField("factor", "9")], "factor must"),
        (UPSCALE, [IMAGE, FormField("factor", "x")], "factor must"),
    ],
)
async def test_senseless_forms_are_refused(path: str, form: list[FormField], words: str) -> None:
    """A 400 says what is wrong."""
    model = FormField("model", "upscale" if path == UPSCALE else "image")
    with pytest.raises(Rejected, match=words):
        await Bench().transport.send(HttpRequest(path, form=[model, *form]))


async def test_bombs_are_refused_before_they_are_decoded() -> None:
    """A small file of too many pixels is a 400."""
    bomb = saved(PIL.Image.new("1", (9000, 9000)), "PNG")
    form = [FormField("model", "image"), FormField("image", bomb, "a.png")]
    with pytest.raises(Rejected, match="pixels"):
        await Bench().transport.send(HttpRequest(EDIT, form=form))


@pytest.mark.parametrize("given", [[], "a", [{"image_url": {"url": "http://x"}}], [{"image_url": 3}]])
async def test_only_one_inline_image_is_rated(given: object) -> None:
    """Anything but one data URL is a 400, and so is data that is not base64."""
    with pytest.raises(Rejected, match="one image as a data URL"):
        await Bench().transport.send(HttpRequest("/moderations", {"model": "classify", "input": given}))
    broken = [{"image_url": {"url": "data:image/png;base64,?"}}]
    with pytest.raises(Rejected, match="not base64"):
        await Bench().transport.send(HttpRequest("/moderations", {"model": "classify", "input": broken}))


async def test_options_of_the_provider_are_passed_on() -> None:
    """What is under `sandbox` reaches the wire, whole numbers as such."""
    request = generation()
    request.image_config.provider_options["sandbox"].update({"n": 2, "first_token_ms": 1500, "user": "x"})
    bench = Bench()
    began = bench.timer.now
    assert len((await bench.whole(GENERATE_IMAGES, "image", request)).images) == 2
    assert bench.timer.now - began == pytest.approx(1.5)


async def test_images_at_addresses_are_refused() -> None:
    """An address that was not fetched is MEDIA_INVALID."""
    request = edit()
    request.images[0].CopyFrom(Media(uri="https://example.com/a.png"))
    with pytest.raises(MediaInvalid):
        await _changed(request)


def test_a_stream_that_was_whole_ends_with_nothing() -> None:
    """What the last picture completed needs no end of the connection."""
    decoder = ImageDecoder(BOX)
    drawn = base64.b64encode(saved(scene(), "PNG"))
    told = b'data: {"type":"image_generation.completed","b64_json":"%s","usage":{"input_tokens":3}}\n\n'
    events = decoder.feed(told % drawn)
    assert [event.WhichOneof("event") for event in events] == ["chunk", "finished"]
    assert decoder.complete
    assert not decoder.end()
    assert (decoder.usage().input_token_count, decoder.usage().image_count) == (3, 1)


def test_what_is_no_event_is_malformed() -> None:
    """Decoders refuse what the wire does not have, and skip events that they do not know."""
    decoder = ImageDecoder(BOX)
    assert not decoder.feed(b'data: {"type":"x","b64_json":"AAAA"}\n\n')
    for data in (b'data: {"b64_json":"AAAA"}\n\n', b"data: 3\n\n", b'data: {"type":"x.completed"}\n\n'):
        with pytest.raises(MalformedAnswer):
            ImageDecoder(BOX).feed(data)
    with pytest.raises(StreamBroken):
        decoder.end()
    assert decoder.usage().estimated
    with pytest.raises(MalformedAnswer, match="larger than any picture"):
        ImageDecoder(BOX, limit=100).feed(b"data: " + b"x" * 200)
    with pytest.raises(MalformedAnswer):
        ClassifyTranslator().response(b'{"results":[{"labels":3}]}', inspection(), BOX)


def test_shades_go_to_white_and_black() -> None:
    """A whole shade is white or black."""
    assert (shaded(COLORS["red"], 1), shaded(COLORS["red"], -1)) == ((255, 255, 255), (0, 0, 0))
