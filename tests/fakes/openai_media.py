"""Tests, fakes: what OpenAI answers beside chat, in the SDK's own types. Pure.

Pictures are of the size and format that was asked for, vectors follow from their texts, speech is the text's
own bytes, and what is heard is what the recording's bytes say.
"""

import base64
import functools
import hashlib
import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import PIL.Image
from openai.types import CreateEmbeddingResponse, Embedding, Image, ImagesResponse, ModerationCreateResponse
from openai.types.audio import (
    Transcription,
    TranscriptionSegment,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionTextSegmentEvent,
    TranscriptionVerbose,
)

CREATED = 1_760_000_000
DIMENSIONS = 8
_IMAGE_USAGE = {
    "input_tokens": 50,
    "output_tokens": 1056,
    "total_tokens": 1106,
    "input_tokens_details": {"image_tokens": 10, "text_tokens": 40},
}
_DEFAULT_SIZE = "1024x1024"
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


@functools.lru_cache(maxsize=64)
def picture(size: str = _DEFAULT_SIZE, kind: str = "png", shade: int = 128) -> bytes:
    """A picture of one colour."""
    width, _, height = size.partition("x")
    out = io.BytesIO()
    PIL.Image.new("RGB", (int(width), int(height)), (shade, 40, 200)).save(out, _FORMATS[kind])
    return out.getvalue()


def _drawn(body: Mapping[str, Any], shade: int = 128) -> bytes:
    size = body.get("size") or _DEFAULT_SIZE
    return picture(_DEFAULT_SIZE if size == "auto" else size, body.get("output_format") or "png", shade)


def images(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`/images/generations` and `/images/edits`, whole."""
    dall_e = str(body.get("model", "")).startswith("dall-e")
    revised = "A fox, drawn by the upstream." if body.get("model") == "dall-e-3" else None
    count = int(body.get("n") or 1)
    data = [
        Image(b64_json=_text(_drawn(body, 100 + index)), revised_prompt=revised) for index in range(count)
    ]
    if dall_e:
        return ImagesResponse(created=CREATED, data=data).model_dump(exclude_none=True)
    told = {
        "created": CREATED,
        "data": data,
        "size": body.get("size") or _DEFAULT_SIZE,
        "quality": body.get("quality") or "high",
        "output_format": body.get("output_format") or "png",
        "background": body.get("background") or "opaque",
        "usage": _IMAGE_USAGE,
    }
    return ImagesResponse.model_validate(told).model_dump(exclude_none=True)


def image_events(body: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The events of a stream; `kind` is `image_generation` or `image_edit`."""
    common = {
        "created_at": CREATED,
        "size": body.get("size") or _DEFAULT_SIZE,
        "quality": body.get("quality") or "high",
        "background": body.get("background") or "opaque",
        "output_format": body.get("output_format") or "png",
    }
    for index in range(int(body.get("n") or 1)):
        for part in range(int(body.get("partial_images") or 0)):
            partial = {"b64_json": _text(_drawn(body, 10 + part)), "partial_image_index": part}
            yield {"type": f"{kind}.partial_image", **partial, **common}
        whole = {"b64_json": _text(_drawn(body, 100 + index)), "usage": _IMAGE_USAGE}
        yield {"type": f"{kind}.completed", **whole, **common}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def numbers(text: str, count: int = DIMENSIONS) -> Sequence[float]:
    """The vector of a text: numbers that single precision holds exactly."""
    digest = hashlib.shake_128(text.encode()).digest(count)
    return [(byte - 128) / 128 for byte in digest]


def embeddings(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`/embeddings`."""
    texts = body["input"]
    count = body.get("dimensions") or body.get("output_dimension") or DIMENSIONS
    vectors = [numbers(text, count) for text in texts]
    usage = {"prompt_tokens": 2 * len(texts), "total_tokens": 2 * len(texts)}
    rows = [
        Embedding(index=index, object="embedding", embedding=list(vector))
        for index, vector in enumerate(vectors)
    ]
    told = {"object": "list", "model": body["model"], "data": rows, "usage": usage}
    answer = CreateEmbeddingResponse.model_validate(told).model_dump()
    if body.get("encoding_format") == "base64":
        for row, vector in zip(answer["data"], vectors, strict=True):
            row["embedding"] = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return answer


def spoken(body: Mapping[str, Any]) -> Sequence[bytes]:
    """`/audio/speech`: the bytes in the pieces in which they are made."""
    audio = f"{body['response_format']}:{body['voice']}:{body['input']}".encode()
    return [audio[:6], audio[6:]]


_SECONDS = 2.5


def heard(body: Mapping[str, Any], recording: bytes, *, translated: bool) -> Mapping[str, Any]:
    """`/audio/transcriptions` and `/audio/translations`, whole."""
    words = recording.decode(errors="replace")
    text = f"In English: {words}" if translated else words
    if body.get("response_format") != "verbose_json":
        counts = {"type": "tokens", "input_tokens": 25, "output_tokens": 4, "total_tokens": 29}
        details = {"input_token_details": {"audio_tokens": 20, "text_tokens": 5}}
        told = {"text": text, "usage": {**counts, **details}}
        return Transcription.model_validate(told).model_dump(exclude_none=True)
    half = len(text) // 2
    pieces = ((0, 0.0, 1.25, text[:half]), (1, 1.25, _SECONDS, text[half:]))
    segments = [
        TranscriptionSegment(
            id=index,
            start=start,
            end=end,
            text=f" {piece}",
            avg_logprob=-0.2,
            compression_ratio=1.1,
            no_speech_prob=0.01,
            seek=0,
            temperature=0.0,
            tokens=[1, 2],
        )
        for index, start, end, piece in pieces
    ]
    verbose: Mapping[str, Any] = {
        "text": text,
        "language": "english",
        "duration": _SECONDS,
        "segments": segments,
        "usage": {"type": "duration", "seconds": _SECONDS},
    }
    return {
        "task": "transcribe",
        **TranscriptionVerbose.model_validate(verbose).model_dump(exclude_none=True),
    }


def heard_events(body: Mapping[str, Any], recording: bytes) -> Iterator[Mapping[str, Any]]:
    """The events of a stream."""
    words = recording.decode(errors="replace")
    diarized = body.get("response_format") == "diarized_json"
    for index, word in enumerate(words.split(" ")):
        delta = word if not index else f" {word}"
        told = {"type": "transcript.text.delta", "delta": delta}
        yield TranscriptionTextDeltaEvent.model_validate(
            {**told, "segment_id": "seg_0"} if diarized else told
        ).model_dump(exclude_none=True)
    if diarized:
        segment = {"id": "seg_0", "start": 0.0, "end": _SECONDS, "speaker": "A", "text": words}
        yield TranscriptionTextSegmentEvent.model_validate(
            {"type": "transcript.text.segment", **segment}
        ).model_dump()
    counts = {"type": "tokens", "input_tokens": 25, "output_tokens": 4, "total_tokens": 29}
    details = {"input_token_details": {"audio_tokens": 20, "text_tokens": 5}}
    done = {"type": "transcript.text.done", "text": words, "usage": {**counts, **details}}
    yield TranscriptionTextDoneEvent.model_validate(done).model_dump(exclude_none=True)


_IMAGE_CATEGORIES = (
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "violence",
    "violence/graphic",
)
_TEXT_CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual/minors",
)


def moderation(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`/moderations` of one image: it shows violence."""
    every = (*_IMAGE_CATEGORIES, *_TEXT_CATEGORIES)
    scores = {name: 0.875 if name == "violence" else 0.0 for name in every}
    result = {
        "flagged": True,
        "categories": {name: score > 0.5 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": {
            **{name: ["text", "image"] for name in _IMAGE_CATEGORIES},
            **{name: ["text"] for name in _TEXT_CATEGORIES},
        },
    }
    told = {"id": "modr-fake", "model": body["model"], "results": [result]}
    # Checked by the SDK's type, and sent as it is: the type writes the names of categories otherwise.
    ModerationCreateResponse.model_validate(told)
    return told
