"""Room 4, pure: the facts about a server of OpenAI's wire that every translator except chat needs."""

from dataclasses import dataclass
from urllib.parse import quote

from ringmain_server.candidate import Candidate
from ringmain_server.providers.openai.errors import OpenAIErrors

SPEECH_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "opus",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/pcm": "pcm",
}
"""The wire's name of an audio format by its media type. Opus comes in Ogg."""


@dataclass(frozen=True, slots=True)
class MediaWire:
    """The facts about a provider that every translator except chat needs.

    Attributes:
        errors: Translates the provider's errors.
        deployments: Whether the path names the model, as Azure's deployments do.
    """

    errors: OpenAIErrors
    deployments: bool = False

    def path(self, candidate: Candidate, path: str) -> str:
        """Returns the path at which a candidate answers."""
        if self.deployments:
            return f"/deployments/{quote(candidate.provider_model, safe='')}{path}"
        return path
