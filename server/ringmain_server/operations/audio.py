"""Room 3: the operations of speech."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_SPEECH, CAPABILITY_TRANSCRIPTION
from ringmain.v1.routing_pb2 import RoutingPolicy

from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.operations.base import Accounted, Streamed
from ringmain_server.operations.identity import identify_last
from ringmain_server.operations.replay import essence, streamed
from ringmain_server.operations.upload import ReplayBuffer


@dataclass(frozen=True, slots=True, eq=False)
class AudioUpload:
    """A recording to transcribe, which comes in several messages.

    Attributes:
        config: The caller's wishes; `mime_type` is set.
        recording: The bytes of the recording, of which more may be coming.
        digest: The hash of all bytes, if a repeat has to be recognized; otherwise empty.
    """

    config: audio_pb2.TranscriptionConfig
    recording: ReplayBuffer
    digest: bytes = b""

    @property
    def model(self) -> str:
        """The model that the caller asks for."""
        return self.config.model

    @property
    def routing_policy(self) -> RoutingPolicy:
        """The caller's wishes about its route."""
        return self.config.routing_policy


def _transcribe_accounted(event: audio_pb2.TranscribeEvent) -> Accounted | None:
    return event.finished if event.HasField("finished") else None


def _transcribe_started(
    call: Call, candidate: Candidate, _: audio_pb2.TranscribeEvent
) -> Sequence[audio_pb2.TranscribeEvent]:
    started = audio_pb2.TranscriptStarted(
        response_id=call.response_id,
        provider_id=candidate.provider_id,
        provider_model=candidate.provider_model,
    )
    return (audio_pb2.TranscribeEvent(started=started),)


TRANSCRIBE: Streamed[AudioUpload, audio_pb2.TranscribeEvent] = Streamed(
    name="transcribe",
    capability=CAPABILITY_TRANSCRIPTION,
    cacheable=False,
    routed=lambda upload: upload,
    started=_transcribe_started,
    accounted=_transcribe_accounted,
    identify=identify_last,
    slow_first_event=True,
    may_hold_media=lambda _: False,
    upload=lambda upload: upload.recording,
    passes_options=lambda upload: bool(upload.config.provider_options),
    replay=streamed(
        audio_pb2.TranscribeEvent,
        request_id=lambda upload: upload.config.request_id,
        essence=lambda upload: essence(upload.config, upload.digest),
    ),
)


def _speak_started(
    call: Call, candidate: Candidate, first: audio_pb2.SpeakEvent
) -> Sequence[audio_pb2.SpeakEvent]:
    # Only the translator knows the media type, so its first event opens the stream.
    started = first.started
    started.response_id = call.response_id
    started.provider_id, started.provider_model = candidate.provider_id, candidate.provider_model
    return ()


def _speak_accounted(event: audio_pb2.SpeakEvent) -> Accounted | None:
    return event.finished if event.HasField("finished") else None


SPEAK: Streamed[audio_pb2.SpeakRequest, audio_pb2.SpeakEvent] = Streamed(
    name="speak",
    capability=CAPABILITY_SPEECH,
    cacheable=True,
    routed=lambda request: request,
    started=_speak_started,
    accounted=_speak_accounted,
    identify=identify_last,
    passes_options=lambda request: bool(request.speech_config.provider_options),
    replay=streamed(audio_pb2.SpeakEvent),
)
