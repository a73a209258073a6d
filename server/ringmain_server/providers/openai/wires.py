"""Room 4, pure: decides which of OpenAI's two wires a candidate uses, and whether it streams images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_IMAGE_OUTPUT,
    CAPABILITY_WEB_SEARCH,
)

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import BLOCKED_DOMAINS, CHAT_FEATURES, PROVIDER_TOOLS, RESTRICTIONS
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.catalog.models import lookup
from ringmain_server.kinds import OpenAIKind
from ringmain_server.kinds.openai import Dialect
from ringmain_server.operations.needs import NOTHING
from ringmain_server.providers.openai.chat_tools import searches
from ringmain_server.providers.openai.dialects import dialect_of
from ringmain_server.providers.openai.media import STREAMS_OF_IMAGES, streams_images
from ringmain_server.providers.translator import Translators

_RESPONSES: frozenset[int] = PROVIDER_TOOLS | {CAPABILITY_IMAGE_OUTPUT} | RESTRICTIONS
"""The Responses wire carries these: images are drawn by a tool that OpenAI runs, like searches and code."""
_SEARCH: frozenset[int] = frozenset({CAPABILITY_WEB_SEARCH})

WireSetting = Literal["auto", "chat", "responses"]
Speaking = Callable[[Dialect], Translators]


@dataclass(frozen=True, slots=True)
class Wires:
    """Chooses the translators of each candidate once. See `Provider.translators_for`.

    Attributes:
        setting: The choice in the provider's settings; `auto` leaves it to the catalog.
        chat: Makes the translators over chat completions in a dialect.
        responses: Makes those over responses; operations missing there use `chat`.
        kind: The row of the provider's kind.
    """

    setting: WireSetting
    chat: Speaking
    responses: Speaking
    kind: OpenAIKind

    def __call__(self, candidate: Candidate) -> Translators:
        """Returns the translators of a candidate."""
        dialect = dialect_of(self.kind.dialect, candidate.knobs)
        found = self.chat(dialect)
        if self._speaks_responses(candidate.provider_model):
            found = {**found, **self.responses(dialect)}
        if not streams_images(candidate):
            found = {op: one for op, one in found.items() if op not in STREAMS_OF_IMAGES}
        return found

    def carries(self, model: str, knobs: Knobs) -> frozenset[int]:
        """Returns what of `WIRE_FEATURES` the wire of a model can carry. See `Provider.carries`."""
        if self._speaks_responses(model):
            # Only of OpenAI itself is it known that it takes blocked domains, rather than ignoring them.
            return _RESPONSES if self._is_openai else _RESPONSES - {BLOCKED_DOMAINS}
        dialect = self.kind.dialect
        features = (
            (bool(dialect.audio), CAPABILITY_AUDIO_INPUT),
            (dialect.audio_output, CAPABILITY_AUDIO_OUTPUT),
            (dialect.image_output, CAPABILITY_IMAGE_OUTPUT),
            (searches(dialect, knobs), CAPABILITY_WEB_SEARCH),
        )
        return frozenset(feature for carried, feature in features if carried)

    def gives(self, model: str, knobs: Knobs) -> frozenset[int]:
        """Returns the tools that the provider runs for every model that calls tools. See `Provider.gives`."""
        if not self._speaks_responses(model):
            return _SEARCH if searches(self.kind.dialect, knobs) else NOTHING
        return _RESPONSES & CHAT_FEATURES if self._is_openai else NOTHING

    @property
    def _is_openai(self) -> bool:
        """Whether the servers are OpenAI's own, which run its tools."""
        shelf = self.kind.shelf
        return shelf is not None and shelf.responses

    def _speaks_responses(self, model: str) -> bool:
        if self.setting != "auto":
            return self.setting == "responses"
        known = lookup(self.kind.name, model)
        return known is not None and known.wire == "responses"
