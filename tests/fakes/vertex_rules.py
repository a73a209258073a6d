"""Tests, fakes: what Vertex AI refuses in a request, in its words.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, and for signatures
https://cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from ringmain_server.providers.vertex import wire

_NAME = re.compile(r"projects/[^/]+/locations/[a-z0-9-]+/(?:publishers/[^/]+/models|endpoints)/[^/]+")
_STRICT = re.compile(r"gemini-3\b")


def refusal(
    request: wire.GenerateContentRequest | wire.CountTokensRequest, metadata: Mapping[str, object]
) -> str | None:
    """What is wrong with a request, None when nothing is."""
    return next(_wrong(request, metadata), None)


def _wrong(
    request: wire.GenerateContentRequest | wire.CountTokensRequest, metadata: Mapping[str, object]
) -> Iterator[str]:
    field, name = "model", request.model
    if isinstance(request, wire.CountTokensRequest):
        field, name = "endpoint", request.endpoint
    if not _NAME.fullmatch(name):
        yield "Invalid resource field value in the request."
    if unquote(str(metadata.get("x-goog-request-params"))) != f"{field}={name}":
        yield "The request is routed to another resource than it names."
    if not len(request.contents):
        yield "at least one contents field is required"
    yield from _contents(list(request.contents), strict=bool(_STRICT.search(name)))
    declared = any(len(tool.function_declarations) for tool in request.tools)
    if isinstance(request, wire.GenerateContentRequest) and request.HasField("tool_config") and not declared:
        yield "Function calling config is set without function_declarations."


def _contents(contents: list[wire.Content], *, strict: bool) -> Iterator[str]:
    asked = 0
    for index, content in enumerate(contents):
        if content.role not in ("user", "model"):
            yield "Please use a valid role: user, model."
        if not len(content.parts):
            yield "Unable to submit request because it must include at least one parts field."
        kinds = [part.WhichOneof("data") for part in content.parts]
        for part, kind in zip(content.parts, kinds, strict=True):
            if kind is None or (kind == "text" and not part.text and not part.thought_signature):
                yield "Unable to submit request because it must have a text parameter."
            elif kind in ("inline_data", "file_data") and not getattr(part, kind).mime_type:
                yield "Unable to submit request because it has an empty mimeType parameter."
        results = kinds.count("function_response")
        if results != asked and (results or asked):
            yield (
                "Please ensure that the number of function response parts is equal to the number of function "
                "call parts of the function call turn."
            )
        asked = kinds.count("function_call")
        if asked and index == 0:
            yield "Please ensure that function call turn comes immediately after a user turn."
        if asked and strict and not _signed(content):
            yield "Function call is missing a thought_signature in functionCall parts."


def _signed(content: wire.Content) -> bool:
    """Whether the first call of a content has its signature; the others need none."""
    calls = [part for part in content.parts if part.WhichOneof("data") == "function_call"]
    return bool(calls[0].thought_signature)
