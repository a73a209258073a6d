"""The router with operations other than chat."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import FlatPrice
from ringmain_server.operations import (
    EMBED,
    SPEAK,
    TRANSCRIBE,
    AnyOperation,
    AudioUpload,
)
from ringmain_server.operations.images import CLASSIFY_IMAGE
from ringmain_server.operations.upload import ReplayBuffer
from ringmain_server.routing.models import RoutePlan, Target
from ringmain_server.routing.policy import ModelPolicy

from tests.fakes.backend import ScriptedBackend
from tests.routing.routing import new_call, router_of, target

TEXTS = embedding_pb2.EmbedRequest(model="m", texts=["one"])
VECTORS = embedding_pb2.EmbedResponse(embeddings=[embedding_pb2.Embedding(values=[1.0])])


def _target(op: AnyOperation, *names: str, backends: Sequence[ScriptedBackend]) -> list[Target]:
    found = []
    for index, (name, backend) in enumerate(zip(names, backends, strict=True)):
        one = target(backend, Candidate(f"p{index}", "openai", name, price=FlatPrice(Decimal(1), Decimal(1))))
        found.append(replace(one, operations=frozenset({op})))
    return found


def _down() -> errors.ProviderError:
    return errors.ServerFault("p0", "answered 503")


async def test_vectors_of_another_model_are_no_fallback() -> None:
    """Only a candidate of the same provider model is tried next: vectors of another do not compare."""
    down, other, same = ScriptedBackend([[_down()]]), ScriptedBackend([]), ScriptedBackend([[VECTORS]])
    names = ("text-embedding-3-small", "text-embedding-3-large", "openai/text-embedding-3-small")
    router = router_of(_target(EMBED, *names, backends=(down, other, same)))
    response = await router.call(EMBED, TEXTS, new_call())
    assert (response.response_id, response.route.provider_id) == ("resp_1", "p2")
    assert other.requests == []


async def test_a_fallback_model_of_another_space_is_left_out() -> None:
    """A fallback model is tried only with candidates of the first one's provider model."""
    down, other = ScriptedBackend([[_down()]]), ScriptedBackend([])
    plan = RoutePlan(tuple(_target(EMBED, "nomic-embed", backends=(other,))))
    policy = ModelPolicy(retries=0, fallback="spare")
    router = router_of(_target(EMBED, "text-embedding-3-small", backends=(down,)), policy, spare=plan)
    with pytest.raises(errors.RingmainError):
        await router.call(EMBED, TEXTS, new_call())
    assert other.requests == []


async def test_speech_opens_with_what_the_provider_says_of_it() -> None:
    """The media type is the translator's, the response id the gateway's."""
    started = audio_pb2.SpeakEvent(started=audio_pb2.SpeechStarted(mime_type="audio/wav"))
    finished = audio_pb2.SpeakEvent(finished=audio_pb2.SpeechFinished())
    backend = ScriptedBackend([[started, audio_pb2.SpeakEvent(audio_chunk=b"x"), finished]])
    router = router_of(_target(SPEAK, "tts-1", backends=(backend,)))
    events = [
        event async for event in router.stream(SPEAK, audio_pb2.SpeakRequest(model="m", text="x"), new_call())
    ]
    assert [event.WhichOneof("event") for event in events] == ["started", "audio_chunk", "finished"]
    begun = events[0].started
    assert (begun.response_id, begun.mime_type) == ("resp_1", "audio/wav")
    assert (begun.provider_id, begun.provider_model) == ("p0", "tts-1")
    assert events[-1].finished.response_id == "resp_1"
    assert events[-1].finished.route.provider_id == "p0"


async def test_a_transcript_says_who_transcribes() -> None:
    """A transcription begins with who transcribes; id, route and cost come with the last event too."""
    finished = audio_pb2.TranscriptFinished(text="hi")
    finished.usage.input_token_count = 5
    backend = ScriptedBackend(
        [[audio_pb2.TranscribeEvent(text_delta="hi"), audio_pb2.TranscribeEvent(finished=finished)]]
    )
    router = router_of(_target(TRANSCRIBE, "whisper-1", backends=(backend,)))
    upload = AudioUpload(
        audio_pb2.TranscriptionConfig(model="m"),
        ReplayBuffer(9, lambda: errors.MediaInvalid.at("chunk", "x")),
    )
    events = [event async for event in router.stream(TRANSCRIBE, upload, new_call())]
    assert [event.WhichOneof("event") for event in events] == ["started", "text_delta", "finished"]
    started = events[0].started
    assert (started.response_id, started.provider_id, started.provider_model) == ("resp_1", "p0", "whisper-1")
    last = events[-1].finished
    assert (last.response_id, last.route.provider_id, last.usage.cost_nano_usd) == ("resp_1", "p0", 5000)


async def test_a_classifier_is_priced() -> None:
    """The answer of a classifier has its id, its cost and its route."""
    answer = image_pb2.InspectImageResponse(labels=["fox"])
    answer.usage.input_token_count = 7
    router = router_of(_target(CLASSIFY_IMAGE, "moderation", backends=(ScriptedBackend([[answer]]),)))
    request = image_pb2.InspectImageRequest(image=Media(data=b"x"), model="m")
    found = await router.call(CLASSIFY_IMAGE, request, new_call())
    assert (found.usage.cost_nano_usd, found.route.provider_id) == (7000, "p0")


async def test_a_stated_cost_stays() -> None:
    """What a provider says that an answer cost is not replaced by a list."""
    answer = embedding_pb2.EmbedResponse()
    answer.usage.input_token_count = 7
    answer.usage.cost_nano_usd = 3
    router = router_of(_target(EMBED, "e", backends=(ScriptedBackend([[answer]]),)))
    assert (await router.call(EMBED, TEXTS, new_call())).usage.cost_nano_usd == 3
