"""Sandbox: pictures on the OpenAI wire. Pillow draws, so everything here runs in a thread.

https://platform.openai.com/docs/api-reference/images: `create` and `createEdit`, whole and streamed, and
https://platform.openai.com/docs/api-reference/moderations/create with an image. The wire lacks some fields of
the contract; those have the contract's names. It has no endpoint that enlarges pictures, so that one is the
sandbox's own, in the shape of the others.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import orjson

from ringmain_sandbox import tokens
from ringmain_sandbox.pictures import change, files, style
from ringmain_sandbox.pictures.look import look
from ringmain_sandbox.pictures.paint import DETAILS, caption
from ringmain_sandbox.pictures.sizes import wanted
from ringmain_sandbox.prompt import PACING, check_fields
from ringmain_sandbox.question import Question
from ringmain_sandbox.received import File
from ringmain_sandbox.refusal import bad_request
from ringmain_sandbox.script import Reply
from ringmain_sandbox.wire import event

if TYPE_CHECKING:
    from PIL.Image import Image

GENERATION_PATH = "/images/generations"
EDIT_PATH = "/images/edits"
UPSCALE_PATH = "/images/upscales"
CLASSIFY_PATH = "/moderations"

_DRAWING = frozenset(
    {
        *PACING,
        *("model", "prompt", "n", "size", "quality", "style", "output_format", "background", "user"),
        *("stream", "partial_images", "moderation", "output_compression", "response_format"),
        *("seed", "negative_prompt", "aspect_ratio"),
    }
)
_EDITING = _DRAWING | {"mode", "outpaint", "input_fidelity"}
_UPSCALING = frozenset({*PACING, "model", "prompt", "factor", "output_format"})
_MOST_IMAGES = 10
_MOST_PREVIEWS = 3
_MOST_PIXELS = 1 << 26
_MARGINS = re.compile(r"(\d{1,4}),(\d{1,4}),(\d{1,4}),(\d{1,4})")
_DATA_URL = re.compile(r"data:[^,]*;base64,")


@dataclass(frozen=True, slots=True)
class _Order:
    """The settings that drawing and changing share.

    Attributes:
        question: The request.
        kind: The prefix of the names of its events.
        form: One of `files.FORMATS`.
        count: The number of images.
        previews: The number of previews of each.
    """

    question: Question
    kind: str
    form: str
    count: int
    previews: int

    def brush(self, index: int) -> change.Brush:
        """Returns the brush for one of the images: the same for the same prompt and seeds."""
        question = self.question
        prompt = question.text("prompt")
        seeds = (question.seed, question.received.body.get("seed") or 0, prompt, index)
        detail = DETAILS.get(question.text("quality"), DETAILS["medium"])
        rng = Random("|".join(map(str, seeds)))
        unwanted = question.text("negative_prompt")
        return change.Brush(prompt, unwanted, rng, detail, question.host.checkpoint)


def generate(question: Question) -> Reply:
    """Answers a request for pictures.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    check_fields(question.received.body, _DRAWING)
    if not question.text("prompt").strip():
        raise bad_request("prompt must describe something.", "prompt")
    order = _order(question, "image_generation")
    size = wanted(question.text("size"), question.text("aspect_ratio"))
    transparent = question.text("background") == "transparent"
    if transparent and order.form == "jpeg":
        raise bad_request("A transparent background needs png or webp.", "background")

    def draw(brush: change.Brush) -> "Image":
        image = _in_style(brush.picture(size, transparent=transparent), question)
        caption(image, brush.prompt, strip=not transparent)
        return image

    return _reply(order, draw)


def edit(question: Question) -> Reply:
    """Answers a request to change pictures.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    received = question.received
    check_fields(received.body, _EDITING)
    order = _order(question, "image_edit")
    given = (*_files(question, "image"), *_files(question, "image[]"))
    images = [files.read(file.data, "image") for file in given]
    if not images:
        raise bad_request("image must hold at least one image.", "image")
    masks = [files.read(file.data, "mask") for file in _files(question, "mask")]
    mode, margins = question.text("mode"), _margins(question.text("outpaint"))
    size, ratio = question.text("size"), question.text("aspect_ratio")
    scaled = wanted(size, ratio) if ratio or size not in ("", "auto") else None

    def draw(brush: change.Brush) -> "Image":
        if mode == "outpaint" or any(margins):
            image = change.outpaint(images[0], margins, brush)
        elif masks:
            image = change.inpaint(images[0], masks[0], brush)
        elif mode == "style":
            image = change.restyle(images[0], images[1:], brush)
        else:
            image = _in_style(change.draw_on(images[0], brush), question)
        return image if scaled is None else image.resize(scaled)

    return _reply(order, draw)


def upscale(question: Question) -> Reply:
    """Answers a request to enlarge a picture.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    check_fields(question.received.body, _UPSCALING)
    given = _files(question, "image")
    if not given:
        raise bad_request("image must hold an image.", "image")
    factor = _number(question, "factor", 2, 8, 2)
    image = files.read(given[0].data, "image")
    width, height = image.width * factor, image.height * factor
    if width * height > _MOST_PIXELS:
        raise bad_request(f"The image would have more than {_MOST_PIXELS} pixels.", "factor")
    from PIL.Image import Resampling

    data = files.write(image.resize((width, height), Resampling.LANCZOS), _form(question))
    answer = {"created": 0, "data": [_encoded(data)], "usage": _usage(question, 1)}
    return _whole(1, answer)


def classify(question: Question) -> Reply:
    """Answers a request to rate a picture.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    check_fields(question.received.body, {*PACING, "model", "input"})
    given = question.received.body.get("input")
    urls = [
        str(part["image_url"].get("url"))
        for part in (given if isinstance(given, list) else ())
        if isinstance(part, dict) and isinstance(part.get("image_url"), dict)
    ]
    if len(urls) != 1 or not (found := _DATA_URL.match(urls[0])):
        raise bad_request("input must hold one image as a data URL.", "input")
    try:
        data = base64.b64decode(urls[0][found.end() :], validate=True)
    except ValueError as exc:
        raise bad_request("input holds data that is not base64.", "input") from exc
    seen = look(files.read(data, "input"))
    result = {
        "flagged": any(seen.flagged.values()),
        "categories": seen.flagged,
        "category_scores": seen.scores,
        "labels": list(seen.labels),
    }
    answer = {
        "id": f"modr-sandbox-{question.digest[:16]}",
        "model": f"sandbox-{question.received.model}",
        "results": [result],
    }
    return Reply(
        1,
        whole=partial(orjson.dumps, answer),
        nothing=partial(orjson.dumps, {**answer, "results": []}),
    )


def _order(question: Question, kind: str) -> _Order:
    count = _number(question, "n", 1, _MOST_IMAGES, 1)
    previews = _number(question, "partial_images", 0, _MOST_PREVIEWS, 0)
    return _Order(question, kind, _form(question), count, previews if question.stream else 0)


def _form(question: Question) -> str:
    form = question.text("output_format", "png")
    if form not in files.FORMATS:
        raise bad_request(f"output_format must be one of {', '.join(files.FORMATS)}.", "output_format")
    return form


def _number(question: Question, name: str, least: int, most: int, default: int) -> int:
    value = question.received.body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_request(f"{name} must be from {least} to {most}.", name)
    return value


def _margins(text: str) -> list[int]:
    if not text:
        return [0, 0, 0, 0]
    found = _MARGINS.fullmatch(text)
    if found is None:
        raise bad_request("outpaint must be left,top,right,bottom in pixels.", "outpaint")
    return [int(margin) for margin in found.groups()]


def _files(question: Question, name: str) -> tuple[File, ...]:
    return question.received.files.get(name, ())


def _in_style(image: "Image", question: Question) -> "Image":
    for one in style.named(re.findall(r"\w+", question.text("style").casefold())):
        image = style.styled(image, one)
    return image


def _reply(order: _Order, draw: Callable[[change.Brush], "Image"]) -> Reply:
    usage = _usage(order.question, order.count)
    if order.question.stream:
        *pieces, last = _events(order, draw, usage)
        return Reply(len(pieces), chunks=partial(iter, pieces), ending=lambda: last)
    # One after the other: only one is held as pixels.
    data = [_encoded(files.write(draw(order.brush(index)), order.form)) for index in range(order.count)]
    return _whole(order.count, {"created": 0, "data": data, "output_format": order.form, "usage": usage})


def _whole(count: int, answer: dict[str, object]) -> Reply:
    nothing = {**answer, "data": []}
    return Reply(count, whole=partial(orjson.dumps, answer), nothing=partial(orjson.dumps, nothing))


def _events(order: _Order, draw: Callable[[change.Brush], "Image"], usage: dict[str, int]) -> Iterator[bytes]:
    """Yields the events of each image: its previews and itself. The last event has the counts."""
    for index in range(order.count):
        image = draw(order.brush(index))
        told: dict[str, object] = {"output_format": order.form, "image_index": index}
        for number, preview in enumerate(files.previews(image, order.previews)):
            drawn = {**_encoded(files.write(preview, order.form)), "partial_image_index": number}
            yield event({"type": f"{order.kind}.partial_image", **drawn, **told})
        if index == order.count - 1:
            told["usage"] = usage
        yield event({"type": f"{order.kind}.completed", **_encoded(files.write(image, order.form)), **told})


def _encoded(data: bytes) -> dict[str, object]:
    return {"b64_json": base64.b64encode(data).decode()}


def _usage(question: Question, images: int) -> dict[str, int]:
    """Returns the counts. A picture is one token, as it is in a chat."""
    given = sum(len(one) for one in question.received.files.values())
    read = tokens.count(question.text("prompt")) + given
    return {"input_tokens": read, "output_tokens": images, "total_tokens": read + images}
