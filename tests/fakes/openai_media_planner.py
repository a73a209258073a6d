"""Tests, fakes: turns a script and a request beside chat into the steps of an answer. Pure.

What OpenAI would refuse of a request is refused here, in words like its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from tests.fakes import openai_media as media
from tests.fakes.framing import event
from tests.fakes.planner import (
    BAD_UTF8,
    BREAKS,
    ERROR_BODY,
    Reply,
    Send,
    Step,
    before_headers,
    canned,
    content_headers,
    recut_steps,
    streamed_reply,
    whole_reply,
)
from tests.fakes.received import Received
from tests.fakes.script import Answer, Canned, FaultKind

PATHS = (
    "/images/generations",
    "/images/edits",
    "/embeddings",
    "/audio/speech",
    "/audio/transcriptions",
    "/audio/translations",
    "/moderations",
)
_REFUSED_OF_GPT_IMAGE = ("response_format", "style")
_REFUSED_OF_DALL_E = ("output_format", "background", "moderation", "stream", "partial_images")
_SPEECH_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "opus": "audio/ogg", "pcm": "audio/pcm"}


def is_media(path: str) -> bool:
    """Whether an endpoint is one of these."""
    return path.endswith(PATHS)


MOST_DIMENSIONS = 4096


def complaint(received: Received) -> str | None:
    """What OpenAI refuses, None if nothing."""
    return next(_complaints(received), None)


def _complaints(received: Received) -> Iterator[str]:
    body, path = received.body, received.path
    if not received.model:
        yield "you must provide a model parameter"
    if "/images/" in path:
        yield from _image_complaints(received)
    if path.endswith("/embeddings") and not all(body.get("input") or [""]):
        yield "'$.input' is invalid."
    wanted = body.get("dimensions") or body.get("output_dimension")
    if path.endswith("/embeddings") and isinstance(wanted, int) and wanted > MOST_DIMENSIONS:
        yield f"This model does not support specifying dimensions above {MOST_DIMENSIONS}."
    if path.endswith("/audio/speech") and not (body.get("input") and body.get("voice")):
        yield "Missing required parameter: 'voice'."
    if path.endswith(("/transcriptions", "/translations")) and [one.name for one in received.files] != [
        "file"
    ]:
        yield "Missing required parameter: 'file'."
    if path.endswith("/translations") and "gpt" in received.model:
        yield f"Model {received.model} is not supported for translations."
    if (
        path.endswith("/transcriptions")
        and body.get("response_format") == "verbose_json"
        and "gpt" in received.model
    ):
        yield "response_format 'verbose_json' is not compatible with this model."


def _image_complaints(received: Received) -> Iterator[str]:
    body, model = received.body, received.model
    if not body.get("prompt"):
        yield "Missing required parameter: 'prompt'."
    unknown = _REFUSED_OF_DALL_E if model.startswith("dall-e") else _REFUSED_OF_GPT_IMAGE
    for name in unknown:
        if name in body:
            yield f"Unknown parameter: '{name}'."
    if model == "dall-e-3" and int(body.get("n") or 1) > 1:
        yield "You must provide n=1 for this model."
    if received.path.endswith("/edits"):
        names = [one.name for one in received.files if one.name != "mask"]
        if not names or set(names) != {"image" if model == "dall-e-2" else "image[]"}:
            yield "Missing required parameter: 'image'."


def plan(script: Answer | Canned, received: Received) -> Reply:
    """What to send for a request to one of these endpoints."""
    if isinstance(script, Canned):
        return canned(script)
    body, path = received.body, received.path.partition("?")[0]
    recording = received.files[0].data if received.files else b""
    if path.endswith("/audio/speech"):
        return _speech(script, body)
    if path.endswith(("/generations", "/edits")):
        if _true(body.get("stream")):
            kind = "image_edit" if path.endswith("/edits") else "image_generation"
            return _stream(script, media.image_events(body, kind))
        return _whole(script, media.images({**body, "model": received.model}))
    if path.endswith("/embeddings"):
        return _whole(script, media.embeddings({**body, "model": received.model}))
    if path.endswith("/moderations"):
        return _whole(script, media.moderation(body))
    if _true(body.get("stream")) and "gpt" in received.model:
        return _stream(script, media.heard_events(body, recording))
    return _whole(script, media.heard(body, recording, translated=path.endswith("/translations")))


def _true(value: object) -> bool:
    return value in (True, "true")


def _whole(script: Answer, document: Mapping[str, Any]) -> Reply:
    return whole_reply(script, _broken(script, orjson.dumps(document)))


def _broken(script: Answer, body: bytes) -> bytes:
    match script.fault.kind if script.fault else None:
        case FaultKind.EMPTY_BODY:
            return b""
        case FaultKind.EMPTY_CHOICES:
            return b"{}"
        case FaultKind.MALFORMED:
            return b'{"data": ]}'
        case FaultKind.TRUNCATED:
            return body[: len(body) // 2]
        case FaultKind.ERROR_EVENT:
            return ERROR_BODY
        case FaultKind.INVALID_UTF8:
            return body.replace(b":", b':"' + BAD_UTF8 + b'","x":', 1)
    return body


def _stream(script: Answer, events: Iterable[Mapping[str, Any]]) -> Reply:
    return streamed_reply(script, _event_steps(script, [orjson.dumps(one) for one in events]))


def _event_steps(script: Answer, events: list[bytes]) -> Iterator[Step]:
    fault = script.fault
    kept = events if fault is None else events[: fault.after_tokens]
    for data in kept:
        yield Send(event(data, script.framing))
    if fault is None:
        return
    if fault.kind in BREAKS:
        yield from BREAKS[fault.kind]
    elif fault.kind is FaultKind.MALFORMED:
        yield Send(event(b'{"type": ]}', script.framing))
    elif fault.kind is FaultKind.ERROR_EVENT:
        yield Send(event(ERROR_BODY, script.framing))


def _speech(script: Answer, body: Mapping[str, Any]) -> Reply:
    content_type = _SPEECH_TYPES.get(body["response_format"], "application/octet-stream")
    steps: list[Step] = [Send(piece) for piece in media.spoken(body)]
    if script.fault is not None and script.fault.kind in BREAKS:
        steps = [*steps[: script.fault.after_tokens], *BREAKS[script.fault.kind]]
    elif script.fault is not None and script.fault.kind is FaultKind.EMPTY_BODY:
        steps = []
    headers = content_headers(script, content_type)
    return Reply(
        headers=headers, before=before_headers(script), body=tuple(recut_steps(steps, script.framing))
    )
