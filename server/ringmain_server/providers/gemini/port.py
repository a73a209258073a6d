"""Room 4, pure: calls Google's models in JSON over HTTP, with an API key. See `vertex/port.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringmain_server.candidate import Candidate
from ringmain_server.providers.gemini.chat import STREAM_HEADERS, EventReader, document, path_of
from ringmain_server.providers.gemini.documents import Object, from_message, merged, to_message
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.gemini.fields import ANSWER, WIRE
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.unknown_fields import look
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.port import objects


@dataclass(frozen=True, slots=True)
class GeminiPort:
    """The Gemini developer API. See `Port`.

    Attributes:
        errors: Translates the provider's errors.
    """

    errors: GeminiErrors
    names_formats: bool = False
    marks_time: bool = False

    def whole(
        self,
        message: wire.GenerateContentRequest,
        candidate: Candidate,
        given: Mapping[str, object],
        path: str,
    ) -> HttpRequest:
        """Builds a request that is answered whole."""
        return HttpRequest(path_of(candidate, "generateContent"), merged(from_message(message), given))

    def answer(self, raw: bytes, provider_id: str) -> wire.GenerateContentResponse:
        """Reads a whole answer."""
        return to_message(self._document(raw, provider_id), provider_id)

    def streamed(
        self,
        message: wire.GenerateContentRequest,
        candidate: Candidate,
        given: Mapping[str, object],
        path: str,
    ) -> HttpRequest:
        """Builds a request that is answered in a stream."""
        return _streamed(merged(from_message(message), given), candidate)

    def spoken(
        self,
        message: wire.GenerateContentRequest,
        candidate: Candidate,
        given: Mapping[str, object],
        path: str,
        *,
        manner: str,
    ) -> HttpRequest:
        """Builds a request for speech, with fields that exist only in JSON.

        https://ai.google.dev/gemini-api/docs/speech-generation
        """
        body = from_message(message)
        if manner:
            part = {"text": message.contents[0].parts[0].text, "speechMetadata": {"style": manner}}
            body["contents"] = [{"role": "user", "parts": [part]}]
        voice = message.generation_config.speech_config.voice_config.prebuilt_voice_config.voice_name
        if voice:
            config = body["generationConfig"]
            assert isinstance(config, dict)
            config["speechConfig"] = {"voiceConfig": {"voice": voice}}
        return _streamed(merged(body, given), candidate)

    def reader(self, provider_id: str) -> EventReader:
        """Returns a reader for one stream."""
        return EventReader(provider_id, self.errors)

    def predict(
        self,
        instances: Sequence[Mapping[str, object]],
        parameters: Mapping[str, object],
        candidate: Candidate,
    ) -> HttpRequest:
        """Builds a request to a model that is called by `predict`.

        https://ai.google.dev/api/models#method:-models.predict
        """
        body = {"instances": list(instances), "parameters": dict(parameters)}
        return HttpRequest(path_of(candidate, "predict"), body)

    def predictions(self, raw: bytes, provider_id: str) -> Sequence[Mapping[str, object]]:
        """Reads the predictions of an answer; there are none if a safety system left none."""
        return objects(self._document(raw, provider_id).get("predictions", []), provider_id)

    def _document(self, raw: bytes, provider_id: str) -> Object:
        found = document(raw, provider_id, self.errors)
        look(WIRE, provider_id, found, ANSWER)
        return found


def _streamed(body: Object, candidate: Candidate) -> HttpRequest:
    path = f"{path_of(candidate, 'streamGenerateContent')}?alt=sse"
    return HttpRequest(path, body, STREAM_HEADERS)
