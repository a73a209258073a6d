"""Sandbox, pure: what an answer holds besides text: speech in OpenAI's form, a picture in OpenRouter's."""

import base64
from random import Random

from ringmain_sandbox.host import Host
from ringmain_sandbox.pictures import change, files
from ringmain_sandbox.pictures.paint import DETAILS
from ringmain_sandbox.pictures.sizes import Size
from ringmain_sandbox.sound import recording, tones

_SIZE = Size(256, 256)
_PIECE = 32 << 10
"""Bytes of speech in one event."""

_Json = dict[str, object]


def speech(text: str, voice: str, form: str) -> list[str]:
    """Returns a text as speech, in pieces of base64.

    Args:
        text: The text.
        voice: Any name.
        form: `pcm16` for bare samples. Any other is WAV: the sandbox has no encoder.
    """
    length = tones.symbol_length(1.0)
    data = b"".join(tones.spoken(text, voice, length))
    if form != "pcm16":
        data = recording.header(tones.byte_length(text, length)) + data
    return [base64.b64encode(data[start : start + _PIECE]).decode() for start in range(0, len(data), _PIECE)]


def picture(prompt: str, rng: Random, host: Host) -> _Json:
    """Returns a picture of what a prompt names."""
    brush = change.Brush(prompt, "", rng, DETAILS["low"], host.checkpoint)
    data = files.write(brush.picture(_SIZE), "png")
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "index": 0, "image_url": {"url": url}}
