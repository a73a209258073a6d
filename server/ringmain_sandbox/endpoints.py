"""Sandbox, pure: the paths of the server that the sandbox plays, and what answers there."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_CHAT,
    CAPABILITY_EMBEDDING,
    CAPABILITY_IMAGE_CLASSIFICATION,
    CAPABILITY_IMAGE_EDITING,
    CAPABILITY_IMAGE_GENERATION,
    CAPABILITY_IMAGE_UPSCALING,
    CAPABILITY_SPEECH,
    CAPABILITY_TRANSCRIPTION,
)

from ringmain_sandbox import wire
from ringmain_sandbox.answer import chat, echo
from ringmain_sandbox.models import ECHO
from ringmain_sandbox.pictures import endpoint as pictures
from ringmain_sandbox.prompt import CONTEXT_TOKENS, read_prompt
from ringmain_sandbox.question import Question
from ringmain_sandbox.received import Received
from ringmain_sandbox.refusal import RefusedError, context_exceeded
from ringmain_sandbox.script import Reply
from ringmain_sandbox.sound import endpoint as sound
from ringmain_sandbox.vectors import endpoint as vectors

CHAT_PATH = "/chat/completions"


class Work(enum.Enum):
    """The place where an answer is made."""

    LOOP = "loop"
    """The event loop, which the work does not keep from other calls for long."""
    THREAD = "thread"
    """A thread."""
    DRAWING = "drawing"
    """One of the threads for media."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the server.

    Attributes:
        capability: The capability that a model needs to be asked there.
        answer: Makes the answer, or raises a RefusedError.
        work: Returns the place where the answer to a request is made.
    """

    capability: int
    answer: Callable[[Question], Reply]
    work: Callable[[Received], Work]


def _chat(question: Question) -> Reply:
    body = question.received.body
    prompt = read_prompt(body)
    if prompt.token_count > CONTEXT_TOKENS:
        raise RefusedError(context_exceeded(CONTEXT_TOKENS, prompt.token_count))
    model, digest = question.received.model, question.digest
    answer = echo(prompt) if model == ECHO else chat(prompt, Random(digest), question.host)
    head = wire.Head(
        f"chatcmpl-sandbox-{digest[:16]}",
        f"sandbox-{model}",
        prompt.token_count,
        min(prompt.cached_count, prompt.token_count),
        prompt.top_logprobs,
    )
    options = body.get("stream_options")
    usage = isinstance(options, Mapping) and options.get("include_usage") is True
    return wire.reply(answer, head, include_usage=usage)


def _chat_work(received: Received) -> Work:
    """Returns a thread for a chat with schemas or speech, which take milliseconds, and one that draws."""
    body = received.body
    if asked := body.get("modalities"):
        return Work.DRAWING if isinstance(asked, list) and "image" in asked else Work.THREAD
    return Work.THREAD if body.get("tools") or body.get("response_format") else Work.LOOP


def _vectors_work(received: Received) -> Work:
    return Work.DRAWING if received.body.get("images") else Work.THREAD


def _thread(_: Received) -> Work:
    return Work.THREAD


def _drawing(_: Received) -> Work:
    return Work.DRAWING


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        CHAT_PATH: Endpoint(CAPABILITY_CHAT, _chat, _chat_work),
        vectors.PATH: Endpoint(CAPABILITY_EMBEDDING, vectors.embed, _vectors_work),
        sound.SPEECH_PATH: Endpoint(CAPABILITY_SPEECH, sound.speak, _thread),
        sound.TRANSCRIPTION_PATH: Endpoint(CAPABILITY_TRANSCRIPTION, sound.transcribe, _thread),
        sound.TRANSLATION_PATH: Endpoint(CAPABILITY_TRANSCRIPTION, sound.translate, _thread),
        pictures.GENERATION_PATH: Endpoint(CAPABILITY_IMAGE_GENERATION, pictures.generate, _drawing),
        pictures.EDIT_PATH: Endpoint(CAPABILITY_IMAGE_EDITING, pictures.edit, _drawing),
        pictures.UPSCALE_PATH: Endpoint(CAPABILITY_IMAGE_UPSCALING, pictures.upscale, _drawing),
        pictures.CLASSIFY_PATH: Endpoint(CAPABILITY_IMAGE_CLASSIFICATION, pictures.classify, _drawing),
    }
)
"""Every path of the server."""
