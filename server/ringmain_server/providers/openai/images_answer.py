"""Room 4, pure: drawn images from OpenAI's wire.

https://platform.openai.com/docs/api-reference/images/object: images as base64, a rewritten prompt where the
model rewrites, and from gpt-image on the tokens of words and of images.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.errors import ContentFiltered, ModelOutputInvalid
from ringmain_server.media.detect import detect
from ringmain_server.providers import numbers
from ringmain_server.providers.flags import flagged, flags
from ringmain_server.providers.http_errors import clean
from ringmain_server.providers.leaves import Skeleton
from ringmain_server.providers.openai.endpoints import ImageEndpoint
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category
from ringmain_server.providers.openai.images_request import Order, limits_of
from ringmain_server.providers.openai.media_answer import count, document, malformed, text

LEAF = "b64_json"
_STANDARD = "standard"


def read(
    raw: bytes,
    response: Any,
    asked: Order,
    candidate: Candidate,
    endpoint: ImageEndpoint,
    errors: OpenAIErrors,
) -> list[str]:
    """Adds the images and the usage of one answer to a response.

    Args:
        raw: The answer, its images perhaps cut out.
        response: What is filled.
        asked: What was asked for.
        candidate: Who drew.
        endpoint: How its kind draws.
        errors: What its errors mean.

    Returns:
        For each image that a safety system objects to, and which is left out, the category.

    Raises:
        ProviderError: The answer is malformed, or an error in disguise.
    """
    skeleton = Skeleton.of(raw, LEAF)
    found = document(skeleton, candidate.provider_id, errors)
    pictures = list(_images(found, skeleton, candidate))
    made, objections = 0, []
    for item, data, mime_type in pictures:
        if data is None:
            objections.append(_objection(item))
            continue
        image = response.images.add(revised_prompt=text(item.get("revised_prompt")), note=asked.note)
        image.media.mime_type = mime_type
        image.media.data = data
        made += 1
    size = text(found.get("size")) or asked.size
    add_usage(response.usage, used(found.get("usage"), made, asked, candidate, endpoint, size=size))
    return objections


def _images(
    found: Mapping[str, object], skeleton: Skeleton, candidate: Candidate
) -> Iterator[tuple[Mapping[str, object], bytes | None, str]]:
    """What is said of each image, its bytes and their type; None where a safety system objects to it."""
    items = found.get("data")
    if not isinstance(items, list):
        raise malformed(candidate.provider_id, "without an image")
    if not items:
        raise ModelOutputInvalid(candidate.provider_id, "the model drew nothing")
    for item, objected in zip(items, flags(found, len(items)), strict=True):
        if not isinstance(item, dict):
            raise malformed(candidate.provider_id, "with an image of no known shape")
        if objected or is_withheld(item):
            skeleton.leaf(item.get(LEAF))  # let go of
            yield item, None, ""
            continue
        data = skeleton.leaf(item.get(LEAF))
        if data is None:
            raise malformed(candidate.provider_id, "with an image that cannot be decoded")
        yield item, data, picture_type(data, candidate.provider_id)


def is_withheld(item: Mapping[str, object]) -> bool:
    """Whether a safety system objects to an image, by its flags or Azure's results for it."""
    return flagged(item) or bool(content_filter_category(item.get("content_filter_results")))


def _objection(item: Mapping[str, object]) -> str:
    return content_filter_category(item.get("content_filter_results")) or "content_policy"


def withheld(provider_id: str, category: str = "") -> ContentFiltered:
    """The failure of an image that a safety system objects to."""
    why = "the provider's safety system withheld the image"
    return ContentFiltered(provider_id, why, metadata={"category": clean(category) or "unspecified"})


def picture_type(data: bytes, provider_id: str) -> str:
    """The media type of an image, from its bytes.

    Raises:
        MalformedAnswer: It is none.
    """
    mime_type = detect(data)
    if not mime_type.startswith("image/"):
        raise malformed(provider_id, "with something that is no image")
    return mime_type


def used(
    counts: object, made: int, asked: Order, candidate: Candidate, endpoint: ImageEndpoint, *, size: str
) -> Usage:
    """What one answer consumed, and what that cost where it is known."""
    read_count, written = count(counts, "input_tokens"), count(counts, "output_tokens")
    usage = Usage(input_token_count=read_count, output_token_count=written, image_count=made)
    details = counts.get("input_tokens_details") if isinstance(counts, Mapping) else None
    of_written = counts.get("output_tokens_details") if isinstance(counts, Mapping) else None
    words = min(count(of_written, "text_tokens"), written)
    limits = limits_of(candidate, endpoint)
    told = MediaCounts(
        input_tokens=read_count,
        image_input_tokens=min(count(details, "image_tokens"), read_count),
        output_tokens=written,
        # What is written is the image, unless the provider says that some of it is words.
        image_output_tokens=written - words,
        images=made,
        quality=asked.quality or _STANDARD,
        size=size or (limits.sizes[0] if limits.sizes else ""),
    )
    cost = media_cost(candidate.kind, candidate.provider_model, told)
    if cost is not None:
        usage.cost_nano_usd = cost
    return usage


def add_usage(total: Usage, more: Usage) -> None:
    """Adds what another answer consumed; a cost is known only as long as each is."""
    known = more.HasField("cost_nano_usd") and (total.HasField("cost_nano_usd") or not total.ByteSize())
    cost = total.cost_nano_usd + more.cost_nano_usd
    total.input_token_count = numbers.total(total.input_token_count, more.input_token_count)
    total.output_token_count = numbers.total(total.output_token_count, more.output_token_count)
    total.image_count += more.image_count
    total.audio_duration_ms += more.audio_duration_ms
    if known:
        total.cost_nano_usd = min(cost, numbers.TOTAL)
    else:
        total.ClearField("cost_nano_usd")
