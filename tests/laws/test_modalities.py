"""Laws: operations beside chat keep them as chat does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from ringmain.v1 import audio_service_pb2 as audio
from ringmain.v1 import image_service_pb2 as image
from ringmain_server.operations.image_events import fold

from tests.laws.documented import OPENAI
from tests.laws.lab import Failure
from tests.laws.modalities import FAULTS, HANG, MODALITIES, MediaLab, Modality, media_lab, model
from tests.laws.rows import LAWS

pytestmark = pytest.mark.asyncio(loop_scope="module")
EACH = pytest.mark.parametrize("modality", MODALITIES, ids=str)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab() -> AsyncIterator[MediaLab]:
    """A gateway over an upstream of OpenAI's wire."""
    async with media_lab() as found:
        yield found


@EACH
@pytest.mark.parametrize("name", OPENAI)
async def test_documented_errors(lab: MediaLab, modality: Modality, name: str) -> None:
    """A documented status and body is its row of the table, whatever was asked, and tells no secret."""
    failure = await lab.outcome(modality, f"status-{name}")
    assert isinstance(failure, Failure)
    law = LAWS[OPENAI[name].error]
    assert (failure.code, failure.info.reason) == (law.code, law.reason)
    assert (failure.retry is not None) == law.retry_info
    for secret in lab.secrets:
        assert secret not in failure.everything


@EACH
@pytest.mark.parametrize("name", FAULTS)
async def test_a_broken_answer(lab: MediaLab, modality: Modality, name: str) -> None:
    """Malformed, cut, silent: it ends in an error, never in a truncated success."""
    found = await lab.outcome(modality, f"fault-{name}")
    if not isinstance(found, Failure):
        assert modality.opaque  # bytes of audio have no form to break
        return
    assert found.info.reason in ("STREAM_INTERRUPTED", "PROVIDERS_UNAVAILABLE")
    for secret in lab.secrets:
        assert secret not in found.everything


@EACH
async def test_a_plain_answer(lab: MediaLab, modality: Modality) -> None:
    """An answer comes with its usage, its cost or none, and its route."""
    found = await lab.outcome(modality, "plain")
    assert isinstance(found, list), found
    last: Any = found[-1]
    accounted = last.finished if modality.streamed else last
    assert accounted.HasField("usage")
    assert accounted.usage.cost_nano_usd == 0  # nobody knows what these models cost
    if not isinstance(accounted, image.InspectImageResponse):
        assert accounted.route.provider_id == "up"


@EACH
async def test_leaving_before_the_answer(lab: MediaLab, modality: Modality) -> None:
    """When the caller leaves, the provider's connection is closed, though its answer would never come."""
    count = len(lab.upstream.requests)
    call = modality.ask(lab.gateway.channel, model(modality, HANG))
    reading = asyncio.ensure_future(_first(call) if modality.streamed else _whole(call))
    received = await lab.upstream.received(count + 1)
    call.cancel()
    await asyncio.wait((reading,))
    await received.closed()
    assert received.abandoned


async def _first(call: object) -> None:
    async for _ in call:  # type: ignore[attr-defined]
        return


async def _whole(call: object) -> None:
    await call  # type: ignore[misc]


@pytest.mark.parametrize("pair", [("generate", "stream"), ("edit", "stream-edit")], ids="-".join)
async def test_streams_fold_to_the_whole(lab: MediaLab, pair: tuple[str, str]) -> None:
    """Folding a stream of images gives what the whole answer is; previews leave no trace."""
    whole_one, streamed_one = (next(one for one in MODALITIES if one.name == name) for name in pair)
    whole = await lab.outcome(whole_one, "plain")
    events: Any = await lab.outcome(streamed_one, "plain")
    assert isinstance(whole, list)
    assert isinstance(events, list)
    assert sum(event.HasField("preview") for event in events) == 2
    made: type[Any] = image.GenerateImagesResponse if pair[0] == "generate" else image.EditImagesResponse
    folded = fold(events, made)
    for response in (whole[0], folded):
        response.ClearField("response_id")  # differs from call to call, as do times
        response.ClearField("route")
    assert folded == whole[0]


async def test_a_recording_is_heard(lab: MediaLab) -> None:
    """Deltas, segments and the text of the end say the same words."""
    for name in ("transcribe", "transcribe-whole"):
        modality = next(one for one in MODALITIES if one.name == name)
        events = await lab.outcome(modality, "plain")
        assert isinstance(events, list)
        finished = events[-1]
        assert isinstance(finished, audio.TranscribeEvent)
        assert finished.finished.text == "Hello from the recording"
