"""Room 2, pure: asks a model that sees to classify an image, and reads its answer, JSON with a schema."""

import math

import orjson
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Message, Part

from ringmain_server.errors import ModelOutputInvalid

CATEGORIES = ("sexual", "violence", "self_harm", "hate", "illicit")
"""Kinds of unsafe images, in the words of OpenAI's moderation where it has one."""
FLAGGED = 0.5
"""The score from which on an image is flagged."""
LABEL_LIMIT = 20

_SCORE = {"type": "number", "description": "From 0, surely not, to 1, surely."}
_SCHEMA = {
    "type": "object",
    "properties": {
        "labels": {
            "type": "array",
            "description": "What is in the image, most important first, in one or two words each.",
            "items": {"type": "string"},
        },
        "scores": {
            "type": "object",
            "properties": dict.fromkeys(CATEGORIES, _SCORE),
            "required": list(CATEGORIES),
            "additionalProperties": False,
        },
    },
    "required": ["labels", "scores"],
    "additionalProperties": False,
}
_QUESTION = (
    "Classify this image. Give up to ten labels of what is in it, and for each category how likely it is "
    "that a moderator would flag the image for that."
)


def question(request: image_pb2.InspectImageRequest) -> ChatRequest:
    """Returns a chat request with the image and the question."""
    parts = [Part(media=request.image), Part(text=_QUESTION)]
    chat = ChatRequest(model=request.model, messages=[Message(role=ROLE_USER, parts=parts)])
    schema = chat.generation_config.response_format.json_schema
    schema.name = "classification"
    schema.schema_json = orjson.dumps(_SCHEMA).decode()
    if request.HasField("attribution"):
        chat.attribution.CopyFrom(request.attribution)
    if request.HasField("routing_policy"):
        chat.routing_policy.CopyFrom(request.routing_policy)
    return chat


def classification(answer: ChatResponse) -> image_pb2.InspectImageResponse:
    """Reads the model's answer into the response's fields of a classification.

    Raises:
        ModelOutputInvalid: The answer does not follow the schema.
    """
    text = "".join(part.text for part in answer.message.parts)
    try:
        found = orjson.loads(text)
        labels = [label for label in found["labels"] if isinstance(label, str) and label]
        scores = {category: float(found["scores"][category]) for category in CATEGORIES}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as exc:
        raise ModelOutputInvalid(answer.route.provider_id, "the model did not classify as asked") from exc
    response = image_pb2.InspectImageResponse(labels=labels[:LABEL_LIMIT])
    for category, score in scores.items():
        bounded = 0.0 if math.isnan(score) else min(max(score, 0.0), 1.0)
        response.safety_ratings.add(category=category, score=bounded, flagged=bounded >= FLAGGED)
    if answer.HasField("usage"):
        response.usage.CopyFrom(answer.usage)
    if answer.HasField("route"):
        response.route.CopyFrom(answer.route)
    return response
