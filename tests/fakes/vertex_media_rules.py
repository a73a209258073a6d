"""Tests, fakes: what Vertex AI refuses in requests to `predict` and `EmbedContent`, in its words.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

Json = Mapping[str, object]

_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")


def predict_refusal(model: str, instances: Sequence[Json], parameters: Json) -> str | None:
    """What is wrong with a request to predict, None when nothing is."""
    return next(_wrong(model, instances, parameters), None)


def routing_refusal(field: str, name: str, metadata: Mapping[str, object]) -> str | None:
    """What is wrong with how a request is routed, None when nothing is."""
    if not name.startswith("projects/"):
        return "Invalid resource field value in the request."
    if unquote(str(metadata.get("x-goog-request-params"))) != f"{field}={name}":
        return "The request is routed to another resource than it names."
    return None


def _wrong(model: str, instances: Sequence[Json], parameters: Json) -> Iterator[str]:
    if not instances:
        yield "The request has no instances."
    if "embedding" in model:
        yield from _embedding(model, instances)
        return
    count = parameters.get("sampleCount")
    if not isinstance(count, int | float) or not 1 <= count <= (1 if "ultra" in model else 4):
        yield "sampleCount is out of range."
    if "seed" in parameters and parameters.get("addWatermark", True):
        yield "Seed is not supported when watermark is enabled."
    if parameters.get("aspectRatio", "1:1") not in _RATIOS:
        yield "The aspect ratio is not supported."
    if "capability" in model:
        yield from _references(instances[0], parameters)


def _embedding(model: str, instances: Sequence[Json]) -> Iterator[str]:
    if model.startswith("multimodalembedding"):
        if len(instances) != 1 or not (instances[0].get("text") or instances[0].get("image")):
            yield "Exactly one instance with a text or an image is allowed per prediction."
        return
    most = 1 if model == "gemini-embedding-001" else 250
    if len(instances) > most:
        yield f"{len(instances)} instance(s) is allowed per prediction. Actual: {most}."
    if not all(one.get("content") for one in instances):
        yield "The text content is empty."


def _references(instance: Json, parameters: Json) -> Iterator[str]:
    references = instance.get("referenceImages")
    assert isinstance(references, Sequence)
    kinds = [one["referenceType"] for one in references]
    numbers = [one["referenceId"] for one in references]
    if len(set(numbers)) != len(numbers):
        yield "Reference ids must be unique."
    masked = "REFERENCE_TYPE_MASK" in kinds
    if masked != (parameters.get("editMode") in ("EDIT_MODE_INPAINT_INSERTION", "EDIT_MODE_OUTPAINT")):
        yield "The edit mode and the mask do not go together."
