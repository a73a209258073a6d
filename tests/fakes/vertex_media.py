"""Tests, fakes: what Google's models answer that draw, speak, hear and embed, when no script says otherwise.

Pictures are real, sounds are a tone, vectors tell their text by its length, so that order can be checked.
"""

import base64
import io
import math
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

from google.protobuf.json_format import MessageToDict
from PIL import Image
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_script import Answer, answer

Json = Mapping[str, object]
IMAGE, AUDIO = 2, 3
"""`GenerationConfig.Modality`."""
RATE = 24_000
TRANSCRIPT = (
    '{"language": "en-GB", "segm',
    'ents": [{"start": 0.0, "end": 1.5, "text": "Good mor',
    'ning."}, {"start": 1.5,',
    ' "end": 3.25, "text": "How are \\u20',
    '1cyou\\u201d?"}]}',
)
HEARD = "Good morning. How are “you”?"
VECTOR = 4
"""Numbers of a vector, unless asked for others."""


@lru_cache(maxsize=32)
def png(width: int = 64, height: int = 64, colour: tuple[int, int, int] = (200, 40, 40)) -> bytes:
    """A real picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "PNG")
    return target.getvalue()


def tone(seconds: float = 0.25) -> bytes:
    """Samples of 16 bits, little-endian."""
    count = int(RATE * seconds)
    return b"".join(struct.pack("<h", int(8000 * math.sin(index / 10))) for index in range(count))


def text_of(data: bytes) -> str:
    """Bytes as the wire's JSON has them."""
    return base64.b64encode(data).decode("ascii")


def picture(data: bytes | None = None, mime_type: str = "image/png") -> Json:
    """A part that is a picture."""
    return {"inlineData": {"mimeType": mime_type, "data": text_of(data or png())}}


def sound(data: bytes, mime_type: str = f"audio/L16;codec=pcm;rate={RATE}") -> Json:
    """A part that is sound."""
    return {"inlineData": {"mimeType": mime_type, "data": text_of(data)}}


DRAWN = answer(
    {"text": "Here it is."},
    picture(),
    usage={
        "promptTokenCount": 7,
        "candidatesTokenCount": 1290,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    },
)
SPOKEN = answer(sound(tone()), sound(tone(0.5)), usage={"promptTokenCount": 5, "candidatesTokenCount": 19})
HEARING = answer(
    *({"text": piece} for piece in TRANSCRIPT),
    usage={
        "promptTokenCount": 120,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 100}],
        "candidatesTokenCount": 40,
    },
)


def usual(config: Json) -> Answer | None:
    """What a request for other than a chat is answered, None for one for a chat.

    Args:
        config: The request's `generationConfig`.
    """
    modalities = config.get("responseModalities") or ()
    assert isinstance(modalities, Sequence)
    if "IMAGE" in modalities:
        return DRAWN
    if "AUDIO" in modalities:
        return SPOKEN
    schema = config.get("responseJsonSchema")
    return HEARING if "segments" in str(schema) else None


def usual_for(request: wire.GenerateContentRequest) -> Answer | None:
    """As `usual`, of a message."""
    return usual(MessageToDict(request.generation_config))


def predictions(instances: Sequence[Json], parameters: Json) -> list[Json]:
    """What a model without a method of its own predicts."""
    if "content" in instances[0]:
        size = parameters.get("outputDimensionality", VECTOR)
        assert isinstance(size, int | float)
        return [embedded(str(one["content"]), int(size)) for one in instances]
    count = parameters.get("sampleCount", 1)
    assert isinstance(count, int | float)
    options = parameters.get("outputOptions") or {}
    assert isinstance(options, Mapping)
    drawn = {"bytesBase64Encoded": text_of(png()), "mimeType": options.get("mimeType", "image/png")}
    return [drawn] * int(count)


def embedded(text: str, size: int = VECTOR) -> Json:
    """A prediction of an embedding model."""
    return {"embeddings": {"values": vector(text, size), "statistics": {"token_count": len(text)}}}


LONGEST_VECTOR = 8192


def vector(text: str, size: int = VECTOR) -> list[float]:
    """The vector of a text: its length, and quarters; never longer than any model's."""
    return [float(len(text)), *(index / 4 for index in range(1, min(size, LONGEST_VECTOR)))]
