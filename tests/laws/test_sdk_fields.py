"""Laws: every field that a provider's SDK describes in an answer is known, or is left out on purpose."""

import typing
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic.types.beta as claude
import openai.types as openai
import pytest
from google.genai import types as genai
from openai.types import audio, chat, responses
from pydantic import BaseModel
from ringmain_server.providers.anthropic import fields as messages
from ringmain_server.providers.gemini import fields as gemini
from ringmain_server.providers.known_fields import At, Fields, Kinds, Known
from ringmain_server.providers.openai import chat_fields, media_fields, responses_fields

SDK: tuple[tuple[Any, Known], ...] = (
    (chat.ChatCompletion, chat_fields.ANSWER),
    (chat.ChatCompletionChunk, chat_fields.ANSWER),
    (responses.Response, responses_fields.RESPONSE),
    (responses.ResponseStreamEvent, responses_fields.EVENT),
    (claude.BetaMessage, messages.MESSAGE),
    (claude.BetaRawMessageStreamEvent, messages.EVENT),
    (claude.BetaMessageTokensCount, messages.COUNTED),
    (genai.GenerateContentResponse, gemini.ANSWER),
    (genai.EmbedContentResponse, gemini.ANSWER),
    (genai.CountTokensResponse, gemini.ANSWER),
    (openai.ImagesResponse, media_fields.IMAGES),
    (openai.ImageGenStreamEvent, media_fields.IMAGE_EVENT),
    (openai.ImageEditStreamEvent, media_fields.IMAGE_EVENT),
    (openai.CreateEmbeddingResponse, media_fields.EMBEDDINGS),
    (openai.ModerationCreateResponse, media_fields.RATINGS),
    (audio.Transcription, media_fields.TRANSCRIPT),
    (audio.TranscriptionVerbose, media_fields.TRANSCRIPT),
    (audio.TranscriptionDiarized, media_fields.TRANSCRIPT),
    (audio.TranscriptionStreamEvent, media_fields.TRANSCRIPT_EVENT),
)
_PASSED_ON = "is passed on under its name, or is an error where only the caller could answer it"
_NOT_ASKED = "is not asked for by any request"
_SDK = "is made by the SDK"
LEFT: Mapping[str, str] = {
    **{
        f"output[{kind}]": _PASSED_ON
        for kind in (
            "additional_tools",
            "apply_patch_call",
            "apply_patch_call_output",
            "computer_call",
            "computer_call_output",
            "custom_tool_call",
            "custom_tool_call_output",
            "function_call_output",
            "local_shell_call",
            "local_shell_call_output",
            "mcp_approval_response",
        )
    },
    "event[response.audio.delta]": _NOT_ASKED,
    "event[response.audio.done]": _NOT_ASKED,
    "event[response.audio.transcript.delta]": _NOT_ASKED,
    "event[response.audio.transcript.done]": _NOT_ASKED,
    "output.svg_usage": _NOT_ASKED,
    "svg_usage": _NOT_ASKED,
    "candidates.content.parts.audioTranscription": _PASSED_ON,
    "candidates.content.parts.functionCall.partialArgs": _NOT_ASKED,
    "candidates.content.parts.functionCall.willContinue": _NOT_ASKED,
    "candidates.continuationToken": _NOT_ASKED,
    "candidates.groundingMetadata.groundingChunks.image": _NOT_ASKED,
    "automaticFunctionCallingHistory": _SDK,
    "parsed": _SDK,
    "sdkHttpResponse": _SDK,
}
"""The fields that are counted as unknown if they come, and why."""


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models within a type."""
    if isinstance(kind, type):
        if issubclass(kind, BaseModel):
            yield kind
    else:
        for inner in typing.get_args(kind):
            yield from models(inner)


def unknown(
    model: type[BaseModel], known: Known, path: str = "", seen: frozenset[type] = frozenset()
) -> Iterator[str]:
    """The paths of fields of a model that are not known."""
    while isinstance(known, At):
        path, known = known.path, known.known
    if isinstance(known, Kinds):
        for kind in typing.get_args(model.model_fields["type"].annotation):
            found = known.known_of({"type": kind})
            yield from [f"{path}[{kind}]"] if found is None else unknown(model, found, path, seen)
        return
    assert isinstance(known, Fields)
    for name, field in model.model_fields.items():
        alias = field.alias or name
        place = f"{path}.{alias}".lstrip(".")
        if alias not in known.names:
            yield place
        elif alias not in known.free:
            within = set(models(field.annotation)) - seen
            assert alias in known.inner or not within, f"{place} holds objects"
            for inner in within:
                yield from unknown(inner, known.inner[alias], place, seen | {inner})


@pytest.mark.parametrize(("sdk", "known"), SDK)
def test_fields_of_sdks_are_known(sdk: Any, known: Known) -> None:
    """A new version of an SDK does not bring a field about which nobody has decided."""
    found = {path for model in models(sdk) for path in unknown(model, known)}
    assert found <= LEFT.keys(), sorted(found - LEFT.keys())


def test_nothing_is_left_out_in_vain() -> None:
    """What is left out is what the SDKs describe today."""
    assert {
        path for sdk, known in SDK for model in models(sdk) for path in unknown(model, known)
    } == LEFT.keys()
