"""Room 4, pure: translates a request to draw into the fields of OpenAI's wire.

https://platform.openai.com/docs/api-reference/images/create and /createEdit. There are two shapes: that of
models which always answer in bytes and have `output_format` and `background`, and that of older ones, which
accept `response_format` (`Knobs.asks_for_bytes`). Other kinds of this wire have their own fields
(`kinds/openai.py`). Where a model lacks a field:

* A seed and a negative prompt are ignored, as the contract says.
* A style that is not one of the model's values becomes a sentence of the description.
* A size or a ratio becomes the nearest one that the model has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ringmain.v1.image_service_pb2 import (
    IMAGE_QUALITY_EXTRA_HIGH,
    IMAGE_QUALITY_HIGH,
    IMAGE_QUALITY_LOW,
    IMAGE_QUALITY_MEDIUM,
    ImageConfig,
)

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.limits import ImageLimits
from ringmain_server.kinds.openai import ImageEndpoint
from ringmain_server.media.sizes import SizeChoice, choose
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.image_size import fit, free_size
from ringmain_server.providers.openai.request_pieces import options

_GATEWAYS_OWN = frozenset(
    {"model", "prompt", "n", "stream", "partial_images", "response_format", "image", "mask"}
)
"""Fields that decide how the answer is read and billed, so passed-through options may not change them."""
_QUALITIES = {
    IMAGE_QUALITY_LOW: ("low", "standard"),
    IMAGE_QUALITY_MEDIUM: ("medium", "standard"),
    IMAGE_QUALITY_HIGH: ("high", "hd"),
}
"""Words for a quality. A model has at most one of them."""
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_STEP = 16
"""A free width and height are multiples of this many pixels, for kinds that require both."""

# Assumed limits of a deployment, or of a model that the catalog does not know.
_ASSUMED = ImageLimits(
    sizes=("1024x1024", "1536x1024", "1024x1536"),
    max_count=10,
    mime_types=tuple(_FORMATS),
    qualities=("low", "medium", "high"),
    max_previews=3,
    max_inputs=16,
    input_types=tuple(_FORMATS),
    transparent=True,
)


@dataclass(frozen=True, slots=True)
class Order:
    """A request to draw, in the wire's terms.

    Attributes:
        fields: The fields of one request, without the number of images.
        counts: The number of images of each request.
        note: Unmet wishes, to be noted in the answer; those visible in an image's size are noted elsewhere
            (`media/finish.py`).
        size: The requested size, empty if the model chooses.
        quality: The requested quality, empty if the model chooses.
    """

    fields: Object
    counts: tuple[int, ...]
    note: str
    size: str
    quality: str


def limits_of(candidate: Candidate, endpoint: ImageEndpoint) -> ImageLimits:
    """Returns the known or assumed limits of the model that draws."""
    known = candidate.limits.image
    if known is not None:
        return known
    return _ASSUMED if endpoint.own else ImageLimits(max_count=endpoint.count)


def order(
    prompt: str,
    config: ImageConfig,
    candidate: Candidate,
    endpoint: ImageEndpoint,
    *,
    size: str = "",
    user: str = "",
) -> Order:
    """Returns the order for images.

    Args:
        prompt: The description.
        config: The settings for drawing.
        candidate: The candidate that draws.
        endpoint: The image endpoint of this kind of provider.
        size: The size to ask for instead of the configuration's.
        user: The hash of the end user; empty if the provider is not told.

    Raises:
        InvalidField: An option sets a field that only the gateway may set.
    """
    limits = limits_of(candidate, endpoint)
    choice = _size(config, limits, endpoint, size)
    fields: Object = {"model": candidate.provider_model, "prompt": _prompt(prompt, config, limits)}
    for name, value in _sized(choice.value, endpoint):
        fields[name] = value
    quality = _quality(config, limits, endpoint)
    if quality:
        fields[endpoint.quality] = quality
    fields.update(_own(config, candidate, limits, endpoint))
    if endpoint.user and user:
        fields[endpoint.user] = user
    for passed_through in options(config, candidate.kind, _GATEWAYS_OWN, "image_config"):
        fields.update(passed_through)
    counts = _counts(config, limits, endpoint)
    return Order(fields, counts, _unmet(config, limits), choice.value, quality)


def _size(config: ImageConfig, limits: ImageLimits, endpoint: ImageEndpoint, size: str) -> SizeChoice:
    if endpoint.ratio:
        offered = limits.ratios or endpoint.ratios
        return choose(offered, size=size or config.size, aspect_ratio=config.aspect_ratio)
    wanted = size or config.size
    if not wanted and config.aspect_ratio and not (limits.sizes or limits.step):
        return SizeChoice("{}x{}".format(*free_size(config.aspect_ratio, _STEP)))
    return fit(limits, size=wanted, aspect_ratio=config.aspect_ratio)


def _sized(chosen: str, endpoint: ImageEndpoint) -> Iterator[tuple[str, object]]:
    if not chosen:
        return
    field = endpoint.ratio or endpoint.size
    if field:
        yield field, chosen
    else:
        width, _, height = chosen.partition("x")
        yield endpoint.width, int(width)
        yield endpoint.height, int(height)


def _prompt(prompt: str, config: ImageConfig, limits: ImageLimits) -> str:
    if not config.style or config.style in limits.styles:
        return prompt
    return f"{prompt}\n\nStyle: {config.style}"


def _quality(config: ImageConfig, limits: ImageLimits, endpoint: ImageEndpoint) -> str:
    if not endpoint.quality:
        return ""
    if config.quality == IMAGE_QUALITY_EXTRA_HIGH:
        return limits.qualities[-1] if limits.qualities else ""
    words = _QUALITIES.get(config.quality, ())
    return next((word for word in words if word in limits.qualities), "")


def _own(
    config: ImageConfig, candidate: Candidate, limits: ImageLimits, endpoint: ImageEndpoint
) -> Iterator[tuple[str, object]]:
    """Yields the fields that only some of the request shapes have."""
    if not endpoint.own or candidate.knobs.asks_for_bytes:
        yield "response_format", endpoint.response_format
        if config.style in limits.styles:
            yield "style", config.style
    else:
        if config.mime_type:
            yield "output_format", _FORMATS[config.mime_type]
        if config.transparent_background and limits.transparent:
            yield "background", "transparent"
    if endpoint.negative_prompt and config.negative_prompt:
        yield endpoint.negative_prompt, config.negative_prompt
    if endpoint.seed and config.HasField("seed"):
        yield endpoint.seed, config.seed


def _unmet(config: ImageConfig, limits: ImageLimits) -> str:
    opaque = config.transparent_background and not limits.transparent
    return "the model draws no transparent background" if opaque else ""


def _counts(config: ImageConfig, limits: ImageLimits, endpoint: ImageEndpoint) -> tuple[int, ...]:
    most = min(limits.max_count or endpoint.count, endpoint.count)
    left, counts = max(config.image_count, 1), []
    while left:
        counts.append(min(left, most))
        left -= counts[-1]
    return tuple(counts)
