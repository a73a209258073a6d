"""Room 4, pure: text from speech over OpenAI's wire.

https://platform.openai.com/docs/api-reference/audio/createTranscription: the recording is uploaded as a form
while it comes in. Models differ (`Knobs.transcript`): some report segments and a duration and answer whole,
others stream what they hear, without times, and one tells who speaks. `/audio/translations` turns speech into
English, on servers and models that have it.
"""

from dataclasses import dataclass

from ringmain.v1.audio_service_pb2 import TranscribeEvent, TranscriptionConfig

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing
from ringmain_server.kinds.openai import TranscriptionEndpoint
from ringmain_server.operations.audio import AudioUpload
from ringmain_server.providers.openai.chat import STREAM_HEADERS
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.media_wire import MediaWire
from ringmain_server.providers.openai.request_pieces import form_values, options
from ringmain_server.providers.openai.transcript import OpenAITranscriptDecoder
from ringmain_server.providers.translator import StreamTranslator
from ringmain_server.providers.transport import FormField, HttpRequest

_TRANSCRIBE, _TRANSLATE = "/audio/transcriptions", "/audio/translations"
_GATEWAYS_OWN = frozenset({"model", "file", "response_format", "stream"})
"""Fields that decide what is heard and how the answer is read."""
_SEGMENTS, _SPEAKERS = "segments", "speakers"
"""Values of `Knobs.transcript`."""
_EXTENSIONS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/webm": "webm",
    "video/webm": "webm",
    "video/mp4": "mp4",
    "audio/aac": "aac",
}
"""File extension by media type; servers recognize a recording's format by its file name."""


@dataclass(frozen=True, slots=True)
class OpenAITranscribeTranslator(StreamTranslator[AudioUpload, TranscribeEvent, HttpRequest, bytes]):
    """A translator of transcriptions that are sent while the provider hears. See `StreamTranslator`.

    Attributes:
        wire: The facts that every translator except chat needs.
        endpoint: The transcription endpoint of this kind of provider.
    """

    wire: MediaWire
    endpoint: TranscriptionEndpoint

    def request(self, upload: AudioUpload, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request.

        Raises:
            CapabilityMissing: The request asks for a translation, and the model cannot translate.
        """
        config = upload.config
        fields: Object = {"model": candidate.provider_model}
        if config.translate:
            self._check_translates(candidate)
        elif config.language_code:
            # The wire expects ISO 639-1, which is the first subtag of BCP 47.
            fields["language"] = config.language_code.partition("-")[0].lower()
        if config.prompt and self.endpoint.prompt and "prompt" not in candidate.knobs.lacks:
            fields["prompt"] = config.prompt
        fields.update(self._format(candidate, config))
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN, "config"):
            fields.update(sorted(passed_through.items()))
        form = [FormField(name, one) for name, value in fields.items() for one in form_values(value)]
        mime_type = config.mime_type.lower()
        filename = f"recording.{_EXTENSIONS.get(mime_type.partition(';')[0], 'bin')}"
        form.append(FormField("file", upload.recording.read, filename=filename, mime_type=mime_type))
        path = self.wire.path(candidate, _TRANSLATE if config.translate else _TRANSCRIBE)
        headers = STREAM_HEADERS if "stream" in fields else {}
        return HttpRequest(path, headers=headers, form=form)

    def decoder(self, upload: AudioUpload, candidate: Candidate) -> OpenAITranscriptDecoder:
        """Returns a decoder for one answer, whole or streamed."""
        return OpenAITranscriptDecoder(candidate, self.wire.errors, streamed=self._streams(candidate))

    def _streams(self, candidate: Candidate) -> bool:
        return self.endpoint.streams and candidate.knobs.transcript != _SEGMENTS

    def _format(self, candidate: Candidate, config: TranscriptionConfig) -> Object:
        """Returns the fields that choose the form of the answer."""
        if self.endpoint.streams and candidate.knobs.transcript == _SPEAKERS:
            # Recordings of more than 30 seconds must be split; this makes the provider do it.
            return {"response_format": "diarized_json", "chunking_strategy": "auto", "stream": "true"}
        if self._streams(candidate):
            return {"response_format": "json", "stream": "true"}
        if self.endpoint.segments:
            found: Object = {"response_format": self.endpoint.segments}
            # Translations have segments, but no words.
            if config.word_offsets and self.endpoint.words and not config.translate:
                found["timestamp_granularities[]"] = ["word", "segment"]
            return found
        return {"timestamp_granularities": "segment"}

    def _check_translates(self, candidate: Candidate) -> None:
        if not self.endpoint.translations or "translate" in candidate.knobs.lacks:
            raise CapabilityMissing(
                candidate.name, "translation", f"{candidate.name} does not translate speech"
            )
