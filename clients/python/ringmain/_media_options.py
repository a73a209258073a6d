"""Client: options of the calls for images, speech, vectors and documents."""

import os
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from ringmain._request import ProviderOptions, SharedOptions
from ringmain.messages import Detail, Source
from ringmain.pictures import Image
from ringmain.v1.content_pb2 import Media

Picture: TypeAlias = Source | Media | Image
"""An image: its address, its path, its bytes, a message of the contract, or an image that a model drew."""

Recording: TypeAlias = str | bytes | os.PathLike[str] | Iterable[bytes]
"""A file: its path, its bytes, or an iterable of its bytes."""


class DrawOptions(SharedOptions, total=False):
    """Options for drawing pictures."""

    count: int | None
    """The number of pictures, 1 to 10."""
    size: str | None
    """The size, such as `1024x1536`. A model that lacks it draws the nearest size that it has."""
    aspect_ratio: str | None
    """The aspect ratio, such as `16:9`."""
    quality: Literal["low", "medium", "high", "extra_high"] | None
    """The effort that the model spends on each picture."""
    style: str | None
    """A style, as the provider names it."""
    format: Literal["png", "jpeg", "webp"] | None
    """The format of the files. Unset means PNG."""
    transparent: bool | None
    """Whether the background is transparent, if the model can draw it so."""
    seed: int | None
    """A seed, with which a provider tries to repeat its results."""
    negative_prompt: str | None
    """A description of content that must not appear."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class EditOptions(DrawOptions, total=False):
    """Options for changing pictures."""

    mask: Picture | None
    """A mask, whose transparent pixels mark the area to redraw."""
    outpaint: Mapping[str, int] | int | None
    """The pixels to draw beyond the border: on every side, or by `left`, `top`, `right` and `bottom`."""
    mode: Literal["inpaint", "outpaint", "style"] | None
    """The kind of change. Unset means the one that `mask`, `outpaint` or else the prompt implies."""


class UpscaleOptions(SharedOptions, total=False):
    """Options for enlarging a picture."""

    prompt: str | None
    """A description of the picture, for models that need one."""
    format: Literal["png", "jpeg", "webp"] | None
    """The format of the file. Unset means that of the picture."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class InspectOptions(SharedOptions, total=False):
    """Options for inspecting a picture."""

    model: str | None
    """A model that classifies images. Unset means no classification: the client's model is not asked."""


class ReadOptions(SharedOptions, total=False):
    """Options for reading a document."""

    mime_type: str | None
    """The document's media type. Unset means that the gateway detects it."""
    mode: Literal["text", "page"] | None
    """The way to read: `text` takes the text and describes each picture, `page` shows the model each page as
    a picture."""
    prompt: str | None
    """The instructions to the model for each page or picture."""
    first_page: int | None
    """The first page to read, counted from 1. Use it to resume after a failure."""
    max_output_tokens: int | None
    """The most tokens that the model may write for a page or picture."""
    temperature: float | None
    """The sampling temperature, 0 to 2."""
    seed: int | None
    """A seed, with which a provider tries to repeat its results."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class TranscribeOptions(SharedOptions, total=False):
    """Options for a transcription."""

    mime_type: str | None
    """The recording's media type. Unset means that the gateway detects it."""
    language: str | None
    """The spoken language as a BCP 47 code. Unset means that the model detects it."""
    translate: bool | None
    """Whether to translate into English."""
    prompt: str | None
    """Words that the recording is likely to have."""
    word_offsets: bool | None
    """Whether to tell where each word starts and ends, if the model can."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class SpeakOptions(SharedOptions, total=False):
    """Options for speech."""

    voice: str | None
    """The voice, as the provider names it."""
    instructions: str | None
    """A description of the way to speak."""
    speed: float | None
    """The speed, 0.25 to 4."""
    format: Literal["mp3", "wav", "ogg", "flac", "aac", "pcm"] | None
    """The format of the file. Unset means MP3, or a format that the model has."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class SeeOptions(SharedOptions, total=False):
    """Options for questions about images."""

    detail: Detail | None
    """The level of detail in which the model sees the images."""
    max_output_tokens: int | None
    """The most tokens that the model may write."""
    temperature: float | None
    """The sampling temperature, 0 to 2."""
    seed: int | None
    """A seed, with which a provider tries to repeat its results."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""


class EmbedOptions(SharedOptions, total=False):
    """Options for embedding texts and media."""

    media: Iterable[Picture] | None
    """Images or other media, each of which gets a vector after those of the texts."""
    purpose: Literal["document", "query", "similarity"] | None
    """The purpose of the vectors."""
    dimensions: int | None
    """The number of dimensions of each vector."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind."""
