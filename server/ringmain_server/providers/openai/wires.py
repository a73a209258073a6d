"""Room 4, pure: decides which of OpenAI's two wires a candidate uses, and whether it streams images."""

from dataclasses import dataclass
from typing import Literal

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.models import lookup
from ringmain_server.providers.openai.media import STREAMS_OF_IMAGES, streams_images
from ringmain_server.providers.translator import Translators

WireSetting = Literal["auto", "chat", "responses"]


@dataclass(frozen=True, slots=True)
class Wires:
    """Chooses the translators of each candidate once. See `Provider.translators_for`.

    Attributes:
        setting: The choice in the provider's settings; `auto` leaves it to the catalog.
        chat: Translators over chat completions.
        responses: Translators over responses; operations missing here use `chat`.
    """

    setting: WireSetting
    chat: Translators
    responses: Translators

    def __call__(self, candidate: Candidate) -> Translators:
        """Returns the translators of a candidate."""
        found = {**self.chat, **self.responses} if self._speaks_responses(candidate) else self.chat
        if not streams_images(candidate):
            found = {op: one for op, one in found.items() if op not in STREAMS_OF_IMAGES}
        return found

    def _speaks_responses(self, candidate: Candidate) -> bool:
        if self.setting != "auto":
            return self.setting == "responses"
        known = lookup(candidate.kind, candidate.provider_model)
        return known is not None and known.wire == "responses"
