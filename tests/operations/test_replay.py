"""How a repeated request is recognized, and how its answer is given again."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server.operations import EMBED, SPEAK
from ringmain_server.operations.replay import essence

_EVENTS: st.SearchStrategy[list[audio_pb2.SpeakEvent]] = st.lists(
    st.one_of(
        st.binary(max_size=999).map(lambda sound: audio_pb2.SpeakEvent(audio_chunk=sound)),
        st.text(max_size=9).map(
            lambda name: audio_pb2.SpeakEvent(started=audio_pb2.SpeechStarted(response_id=name))
        ),
    )
)


@given(_EVENTS)
def test_events_are_stored_and_given_again_as_they_were(events: Sequence[audio_pb2.SpeakEvent]) -> None:
    """Any number of events, empty ones included, comes back in its order and its pieces."""
    replay = SPEAK.replay
    assert replay is not None
    assert replay.unfold(replay.parse(replay.serialize(replay.fold(events)))) == list(events)


def test_a_whole_answer_is_its_own_only_event() -> None:
    """Another caller of the same method gets the answer itself."""
    replay = EMBED.replay
    assert replay is not None
    answer = embedding_pb2.EmbedResponse(response_id="resp_1")
    assert replay.fold(replay.unfold(answer)) is answer
    assert replay.parse(replay.serialize(answer)) == answer


def _request(**fields: Any) -> embedding_pb2.EmbedRequest:
    return embedding_pb2.EmbedRequest(**{"model": "m", "texts": ["a"], **fields})


@pytest.mark.parametrize(
    "repeat",
    [
        _request(request_id="x"),
        _request(attribution={"user_id": "ann", "labels": {"a": "b"}}),
        _request(routing_policy={}),
        _request(routing_policy={"idle_timeout": {"seconds": 3}, "first_content_timeout": {"seconds": 4}}),
    ],
)
def test_what_may_differ_between_repeats(repeat: embedding_pb2.EmbedRequest) -> None:
    """Ids, attribution and timeouts say nothing about the answer; the request itself stays as it is."""
    before = repeat.SerializeToString(deterministic=True)
    assert essence(repeat) == essence(_request())
    assert repeat.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    "other",
    [
        _request(model="n"),
        _request(texts=["b"]),
        _request(media=[Media(data=b"a")]),
        _request(embedding_config={"dimension_count": 8}),
        _request(routing_policy={"failover_disabled": True}),
    ],
)
def test_what_makes_another_request(other: embedding_pb2.EmbedRequest) -> None:
    """Everything else makes another request, and so do other uploaded bytes and another type."""
    assert essence(other) != essence(_request())


def test_bytes_and_types_make_another_request() -> None:
    """A configuration belongs to its bytes, and two types never agree."""
    config = audio_pb2.TranscriptionConfig(model="m")
    assert essence(config, b"one") != essence(config, b"two")
    assert essence(config) != essence(audio_pb2.SpeakRequest(model="m"))
