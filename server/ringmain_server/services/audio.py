"""Room 2: AudioService."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from ringmain.v1 import audio_service_pb2 as audio_pb2

from ringmain_server.aio.tasks import release_task
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.operations import SPEAK, TRANSCRIBE, AudioUpload
from ringmain_server.operations.upload import ReplayBuffer

SERVICE = audio_pb2.DESCRIPTOR.services_by_name["AudioService"]

_HEAD = 64
"""Bytes by which the type of a recording is detected."""


class AudioService:
    """Speech to text and text to speech.

    Args:
        pipeline: Answers the requests.
        recording_limit: The most bytes of a recording.
    """

    def __init__(self, pipeline: Backend, recording_limit: int) -> None:
        self._pipeline = pipeline
        self._recording_limit = recording_limit

    async def Transcribe(
        self, config: audio_pb2.TranscriptionConfig, chunks: AsyncIterator[bytes], call: Call
    ) -> AsyncGenerator[audio_pb2.TranscribeEvent, None]:
        """Transcribes a recording; the provider gets it while it arrives."""
        recording = ReplayBuffer(self._recording_limit, self._too_large)
        filling = asyncio.create_task(recording.fill(chunks))
        try:
            await _detect(config, recording)
            # A repeat is recognized by its bytes, so that these must all be there before anything is asked.
            digest = hashlib.sha256(await recording.whole()).digest() if config.request_id else b""
            upload = AudioUpload(config, recording, digest)
            async with aclosing(self._pipeline.stream(TRANSCRIBE, upload, call)) as events:
                async for event in events:
                    yield event
        finally:
            filling.cancel()
            await asyncio.wait((filling,))
            release_task(filling)

    def Speak(
        self, request: audio_pb2.SpeakRequest, call: Call
    ) -> AsyncGenerator[audio_pb2.SpeakEvent, None]:
        """Speaks a text."""
        return self._pipeline.stream(SPEAK, request, call)

    def _too_large(self) -> MediaInvalid:
        return MediaInvalid.at(
            "chunk", f"the recording is larger than {self._recording_limit} bytes, the most that is taken"
        )


async def _detect(config: audio_pb2.TranscriptionConfig, recording: ReplayBuffer) -> None:
    """Detects the media type where the caller did not name it.

    Raises:
        MediaInvalid: There are no bytes, or their type is unknown.
    """
    head = await recording.head(_HEAD)
    if not head:
        raise MediaInvalid.at("chunk", "the recording is empty")
    if not config.mime_type:
        config.mime_type = detect(head)
    if not config.mime_type:
        raise MediaInvalid.at("config.mime_type", "is empty, and the bytes are of no known kind")
