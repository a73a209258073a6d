"""Room 4, pure: rates the safety of an image by OpenAI's moderation.

https://platform.openai.com/docs/api-reference/moderations/create: every category has a score and a flag.
Categories that the model applies to text alone are left out, because they say nothing about an image.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringmain.v1.image_service_pb2 import InspectImageRequest, InspectImageResponse, SafetyRating

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.media.detect import detect
from ringmain_server.providers.json_base64 import Base64
from ringmain_server.providers.openai.media_answer import document, malformed
from ringmain_server.providers.openai.media_fields import MODERATIONS_WIRE, RATINGS
from ringmain_server.providers.openai.media_wire import MediaWire
from ringmain_server.providers.translator import UnaryTranslator
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import look

_PATH = "/moderations"


@dataclass(frozen=True, slots=True)
class OpenAIModerationTranslator(
    UnaryTranslator[InspectImageRequest, InspectImageResponse, HttpRequest, bytes]
):
    """A translator of requests to inspect an image's safety. See `UnaryTranslator`.

    Attributes:
        wire: The facts that every translator except chat needs.
    """

    wire: MediaWire

    def request(self, request: InspectImageRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        image = request.image
        mime_type = detect(image.data) or image.mime_type
        url: object = image.uri or Base64(image.data, f"data:{mime_type};base64,")
        part = {"type": "image_url", "image_url": {"url": url}}
        body = {"model": candidate.provider_model, "input": [part]}
        return HttpRequest(self.wire.path(candidate, _PATH), body)

    def response(
        self, raw: bytes, request: InspectImageRequest, candidate: Candidate
    ) -> InspectImageResponse:
        """Reads the classifier's ratings, and nothing else of its answer."""
        who = candidate.provider_id
        found = document(raw, who, self.wire.errors)
        look(MODERATIONS_WIRE, who, found, RATINGS)
        results = found.get("results")
        if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
            raise malformed(who, "without a classification")
        response = InspectImageResponse(safety_ratings=_ratings(results[0], who))
        response.usage.SetInParent()
        cost = media_cost(candidate.kind, candidate.provider_model, MediaCounts())
        if cost is not None:
            response.usage.cost_nano_usd = cost
        return response


def _ratings(result: Mapping[str, object], who: str) -> Iterator[SafetyRating]:
    scores, flags = result.get("category_scores"), result.get("categories")
    if not isinstance(scores, dict) or not isinstance(flags, dict):
        raise malformed(who, "without scores")
    looked_at = result.get("category_applied_input_types")
    for category, score in sorted(scores.items()):
        if isinstance(looked_at, dict) and not _includes_image(looked_at.get(category)):
            continue
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise malformed(who, "with a score beyond 0 to 1")
        yield SafetyRating(category=category, score=score, flagged=flags.get(category) is True)


def _includes_image(input_types: object) -> bool:
    return isinstance(input_types, list) and "image" in input_types
