"""Room 4, pure: reads drawn images from answers of OpenAI's wire.

https://platform.openai.com/docs/api-reference/images/object: images come as base64, with a revised prompt if
the model rewrites prompts; gpt-image also reports its text and image tokens.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.errors import ContentFiltered, MalformedAnswer, ModelOutputInvalid
from ringmain_server.kinds.openai import ImageEndpoint
from ringmain_server.media.detect import detect
from ringmain_server.providers import numbers
from ringmain_server.providers.flags import flagged, flags
from ringmain_server.providers.http_errors import clean
from ringmain_server.providers.json_base64 import Skeleton
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category
from ringmain_server.providers.openai.images_request import Order, limits_of
from ringmain_server.providers.openai.media_answer import count, document, malformed, text
from ringmain_server.providers.openai.media_fields import IMAGES, IMAGES_WIRE
from ringmain_server.providers.openai.told_cost import told_cost
from ringmain_server.providers.unknown_fields import look

BLOB = "b64_json"
_STANDARD = "standard"


@dataclass(slots=True)
class DrawnImage:
    """An image of an answer.

    Attributes:
        said: The answer's JSON object for the image.
        data: Its bytes; empty until they are available.
        address: The URL of its bytes, if they are not in the answer; otherwise empty.
        objection: The category to which a safety system objects; otherwise empty.
        fault: The failure to read it, if other images of the answer can be read.
    """

    said: Mapping[str, object]
    data: bytes = b""
    address: str = ""
    objection: str = ""
    fault: MalformedAnswer | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The content of one answer.

    Attributes:
        found: The document.
        pictures: Its images, in order.
    """

    found: Mapping[str, object]
    pictures: Sequence[DrawnImage]


def parse(raw: bytes, candidate: Candidate, errors: OpenAIErrors) -> Drawn:
    """Reads one answer.

    Args:
        raw: The answer; its images may have been cut out.
        candidate: The candidate that drew.
        errors: Translates the provider's errors.

    Raises:
        ProviderError: The answer is malformed, or is an error under status 200.
    """
    skeleton = Skeleton.of(raw, BLOB)
    found = document(skeleton, candidate.provider_id, errors)
    look(IMAGES_WIRE, candidate.provider_id, found, IMAGES)
    items = found.get("data")
    if not isinstance(items, list):
        raise malformed(candidate.provider_id, "without an image")
    if not items:
        raise ModelOutputInvalid(candidate.provider_id, "the model drew nothing")
    objected = flags(found, len(items))
    pictures = [
        _read(item, skeleton, candidate, objected=one) for item, one in zip(items, objected, strict=True)
    ]
    faults = [picture.fault for picture in pictures if picture.fault is not None]
    # Only an answer without a single good image fails; others are returned with a note.
    if len(faults) == len(pictures):
        raise faults[0]
    return Drawn(found, pictures)


def _read(item: object, skeleton: Skeleton, candidate: Candidate, *, objected: bool) -> DrawnImage:
    """Reads an image, or notes why it cannot be read, so that one bad image does not spoil the others."""
    try:
        return _picture(item, skeleton, candidate, objected=objected)
    except MalformedAnswer as exc:
        return DrawnImage({}, fault=exc.with_traceback(None))


def _picture(item: object, skeleton: Skeleton, candidate: Candidate, *, objected: bool) -> DrawnImage:
    who = candidate.provider_id
    if not isinstance(item, dict):
        raise malformed(who, "with an image of no known shape")
    data, address = skeleton.blob(item.get(BLOB)), text(item.get("url"))
    # Checked before the bytes are used: some services return a flagged image, blackened or blurred.
    if objected or is_withheld(item):
        return DrawnImage(
            item, objection=content_filter_category(item.get("content_filter_results")) or "content_policy"
        )
    if data is None and address.startswith("data:"):
        data = _inline(address)
    if data is None and not address:
        raise malformed(who, "with an image that cannot be decoded")
    return DrawnImage(item, address=address) if data is None else DrawnImage(item, checked(data, who))


def _inline(address: str) -> bytes:
    """Returns the bytes of a `data:` URL; empty if it is malformed.

    https://www.rfc-editor.org/rfc/rfc2397
    """
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except ValueError:
        return b""


def checked(data: bytes, provider_id: str) -> bytes:
    """Returns the bytes of an image after a check that they are one.

    Raises:
        MalformedAnswer: The bytes are not an image.
    """
    picture_type(data, provider_id)
    return data


def fill(response: Any, drawn: Drawn, asked: Order, candidate: Candidate, endpoint: ImageEndpoint) -> None:
    """Adds an answer's usage, and those of its images whose bytes are available, to a response.

    Args:
        response: The response to fill.
        drawn: The answer.
        asked: The order for the images.
        candidate: The candidate that drew.
        endpoint: The image endpoint of this kind of provider.
    """
    made = [picture for picture in drawn.pictures if picture.data]
    for picture in made:
        revised = text(picture.said.get("revised_prompt"))
        image = response.images.add(revised_prompt=revised, note=asked.note)
        image.media.mime_type = picture_type(picture.data, candidate.provider_id)
        image.media.data = picture.data
        picture.data = b""  # the response holds the bytes now
    size = text(drawn.found.get("size")) or asked.size
    used_up = used(drawn.found.get("usage"), len(made), asked, candidate, endpoint, size=size)
    add_usage(response.usage, used_up)


def is_withheld(item: Mapping[str, object]) -> bool:
    """Whether a safety system objects to an image, by its flags or by Azure's results for it."""
    return flagged(item) or bool(content_filter_category(item.get("content_filter_results")))


def withheld(provider_id: str, category: str = "") -> ContentFiltered:
    """Returns the failure of an image that a safety system objects to."""
    why = "the provider's safety system withheld the image"
    return ContentFiltered(provider_id, why, metadata={"category": clean(category) or "unspecified"})


def picture_type(data: bytes, provider_id: str) -> str:
    """Returns the media type of an image, detected from its bytes.

    Raises:
        MalformedAnswer: The bytes are not an image.
    """
    mime_type = detect(data)
    if not mime_type.startswith("image/"):
        raise malformed(provider_id, "with something that is no image")
    return mime_type


def used(
    counts: object, made: int, asked: Order, candidate: Candidate, endpoint: ImageEndpoint, *, size: str
) -> Usage:
    """Returns the usage of one answer, with its cost if that is known."""
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
        # Output tokens are the image's, except for those that the provider counts as text.
        image_output_tokens=written - words,
        images=made,
        quality=asked.quality or _STANDARD,
        size=size or (limits.sizes[0] if limits.sizes else ""),
    )
    cost = told_cost(counts)
    if cost is None:
        cost = media_cost(candidate.kind, candidate.provider_model, told)
    if cost is not None:
        usage.cost_nano_usd = cost
    return usage


def add_usage(total: Usage, more: Usage) -> None:
    """Adds the usage of another answer; the total has a cost only if every answer has one."""
    known = more.HasField("cost_nano_usd") and (total.HasField("cost_nano_usd") or not total.ByteSize())
    cost = total.cost_nano_usd + more.cost_nano_usd
    total.input_token_count = numbers.total(total.input_token_count, more.input_token_count)
    total.output_token_count = numbers.total(total.output_token_count, more.output_token_count)
    total.image_count += more.image_count
    if known:
        total.cost_nano_usd = min(cost, numbers.TOTAL)
    else:
        total.ClearField("cost_nano_usd")
