"""Laws: a caller's or a model's mistake opens no breaker and holds nothing for others; no table has a gap."""

import random
import typing
from collections.abc import Iterator, Mapping
from typing import Any, cast

import grpc
import orjson
import pytest
from anthropic.types import ErrorType, StopReason
from anthropic.types.beta import BetaStopReason
from google.cloud.aiplatform_v1.types import content, prediction_service
from google.genai import types as genai
from google.protobuf.json_format import ParseDict
from openai.types.chat.chat_completion import Choice
from openai.types.responses import ResponseError, ResponseStatus
from openai.types.responses.response import IncompleteDetails
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server import errors
from ringmain_server.policies.breaker import BreakerState
from ringmain_server.providers.anthropic import faults as claude
from ringmain_server.providers.faults import Ending, Meaning, Whose, unquoted
from ringmain_server.providers.openai import faults as openai
from ringmain_server.providers.vertex import faults as google
from ringmain_server.providers.vertex import wire as google_wire
from ringmain_server.providers.vertex.finish import FINISH_REASONS
from ringmain_server.providers.vertex.ratings import CATEGORIES
from ringmain_server.routing.health import CandidateHealth, HealthSettings, ProviderState

from tests.fakes.clock import FakeClock
from tests.fakes.script import Answer, Canned, FaultKind, broken
from tests.fakes.vertex_script import Answer as GoogleAnswer
from tests.laws.lab import HANG, STALL, UNKNOWN, Failure, Lab, asks
from tests.laws.rows import LAWS
from tests.laws.wire import Script, Wire
from tests.laws.wires import SCRIPTED

FIVE = 5
NEW_WORD = "a_word_that_the_vendor_added"

# --- the tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meaning", Meaning, ids=lambda meaning: meaning.name)
def test_only_a_providers_fault_counts(meaning: Meaning) -> None:
    """What a meaning does to the breaker follows from whose fault it is."""
    assert meaning.kind.breaker_failure == (meaning.whose is Whose.PROVIDER)
    if meaning.whose in (Whose.CALLER, Whose.MODEL, Whose.NOBODY):
        assert meaning.kind.cooldown is errors.CooldownKind.NONE


@pytest.mark.parametrize("ending", Ending, ids=lambda ending: ending.name)
def test_only_a_providers_ending_counts(ending: Ending) -> None:
    """How an answer ended counts for the breaker only where the provider broke it off."""
    failure = ending.failure("p")
    assert (failure is not None and failure.breaker_failure) == (ending.whose is Whose.PROVIDER)


def _literals(kind: Any) -> set[str]:
    """The words of a Literal, wherever it is within a type."""
    if typing.get_origin(kind) is typing.Literal:
        return set(typing.get_args(kind))
    return set().union(*(_literals(one) for one in typing.get_args(kind)))


def test_no_word_of_the_sdks_is_missing() -> None:
    """Every finish reason, block reason and error word that the vendors' own SDKs know has its row."""
    genai_ends = set(genai.FinishReason.__members__)
    vertex_ends = {one.name for one in cast("Any", content.Candidate.FinishReason)}
    assert genai_ends | vertex_ends <= google.ENDINGS.keys()
    assert genai_ends | vertex_ends <= FINISH_REASONS.keys()
    assert set(genai.HarmCategory.__members__) - {"HARM_CATEGORY_UNSPECIFIED"} <= CATEGORIES.keys()
    feedback = prediction_service.GenerateContentResponse.PromptFeedback
    blocks = set(genai.BlockedReason.__members__) | {one.name for one in cast("Any", feedback.BlockedReason)}
    assert blocks <= google.BLOCKS.keys()
    assert {code.name for code in grpc.StatusCode} - {"OK"} == google.CANONICAL.keys()
    assert _literals(StopReason) | _literals(BetaStopReason) <= claude.ENDINGS.keys()
    assert _literals(ErrorType) <= claude.REPORTED.keys()
    assert _literals(Choice.model_fields["finish_reason"].annotation) <= openai.ENDINGS.keys()
    assert _literals(IncompleteDetails.model_fields["reason"].annotation) <= openai.INCOMPLETE.keys()
    assert _literals(ResponseStatus) <= openai.STATUSES.keys()
    assert _literals(ResponseError.model_fields["code"].annotation) <= openai.REPORTED.keys()


def test_what_is_quoted_is_not_read() -> None:
    """A wording within quotation marks is a caller's, whatever quotation marks it brings itself."""
    assert "balance" not in unquoted("Unknown parameter: 'a' insufficient balance 'b'.")
    assert "balance" not in unquoted('Extra inputs: {"x": "insufficient balance"}')
    assert unquoted("You don't have any credits") == "You don't have any credits"


@pytest.mark.parametrize("kind", [kind for kind, law in LAWS.items() if not law.breaker])
def test_five_hundred_mistakes_open_nothing(kind: type[errors.ProviderError]) -> None:
    """However many failures are not the provider's, no breaker opens; no mistake holds a candidate."""
    clock = FakeClock(0)
    health = CandidateHealth("p", "m", ProviderState(), clock, HealthSettings())
    for _ in range(500):
        permit = health.admit()
        assert permit is not None
        permit.failed(kind("p", "failed"))
        if LAWS[kind].cooldown is errors.CooldownKind.NONE:
            assert health.refusal() is None
        health.cooldown.clear()
        clock.advance(random.Random(0).random() / 100)
    assert health.breaker.state is BreakerState.CLOSED
    assert health.limit.limit == HealthSettings().concurrency.limit or kind is errors.RateLimited


@pytest.mark.parametrize("kind", [errors.MalformedAnswer, errors.UnknownProviderModel, errors.AccessRefused])
def test_what_a_callers_options_bring_about_counts_for_nobody(kind: type[errors.ProviderError]) -> None:
    """A request that passes options of its own neither opens a breaker nor holds the model for others."""
    health = CandidateHealth("p", "m", ProviderState(), FakeClock(0), HealthSettings())
    for _ in range(FIVE):
        permit = health.admit()
        assert permit is not None
        error = kind("p", "failed")
        error.by_options = True
        permit.failed(error)
    assert health.refusal() is None


# --- over sockets ----------------------------------------------------------------------------------------

_MISTAKES = (
    errors.Rejected,
    errors.ContextTooLong,
    errors.RequestTooLarge,
    errors.ContentFiltered,
    errors.ModelOutputInvalid,
    errors.TierFull,
)
STATUSES = [
    pytest.param(wire, name, stream, id=f"{wire}-{name}-{'stream' if stream else 'whole'}")
    for wire in SCRIPTED
    for name, row in wire.errors.items()
    if row.error in _MISTAKES
    for stream in (False, True)
]


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.parametrize(("wire", "name", "stream"), STATUSES)
async def test_bad_requests_leave_others_alone(laboratory: Lab, wire: Wire, name: str, stream: bool) -> None:
    """Five requests that are refused for what they say themselves leave the model to everybody else."""
    trial = f"status-{name}"
    for _ in range(FIVE):
        await laboratory.fails(asks(wire, trial), stream=stream)
    await _innocent(laboratory, wire, trial, wire.refusal(wire.errors[name].script))


ENDINGS: Mapping[str, Mapping[str, Ending]] = {
    "openai": openai.ENDINGS,
    "responses": openai.INCOMPLETE,
    "anthropic": claude.ENDINGS,
    "vertex": google.ENDINGS,
    "gemini": google.ENDINGS,
}
_REASONS: Mapping[Ending, str] = {
    Ending.WITHHELD: "CONTENT_FILTERED",
    Ending.REFUSAL: "CONTENT_FILTERED",
    Ending.HISTORY: "PROVIDER_REJECTED",
    Ending.BROKEN_CALL: "MODEL_OUTPUT_INVALID",
    Ending.BROKEN_ANSWER: "MODEL_OUTPUT_INVALID",
    Ending.UNKNOWN: "MODEL_OUTPUT_INVALID",
    Ending.SERVER_FAULT: "PROVIDERS_UNAVAILABLE",
}
"""What a caller is told of an answer that ended so with nothing in it; the others are answers."""
WORDS = [
    pytest.param(wire, word, ending, stream, id=f"{wire}-{word}-{'stream' if stream else 'whole'}")
    for wire in SCRIPTED
    for word, ending in {**ENDINGS[wire.name], NEW_WORD: Ending.UNKNOWN}.items()
    if not (
        word == "FINISH_REASON_UNSPECIFIED" or (wire.name == "vertex" and FINISH_REASONS.get(word, 0) > 99)
    )
    for stream in (False, True)
]


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.parametrize(("wire", "word", "ending", "stream"), WORDS)
async def test_how_answers_end(laboratory: Lab, wire: Wire, word: str, ending: Ending, stream: bool) -> None:
    """Each word for an answer's end is what its row says; only a provider's fault is felt by others."""
    laboratory.play(wire, UNKNOWN, _ended(wire, word, stream))
    reason = _REASONS.get(ending)
    for _ in range(1 if ending.whose is Whose.PROVIDER or reason is None else FIVE):
        found = await laboratory.outcome(asks(wire, UNKNOWN), stream=stream)
        assert (found.info.reason if isinstance(found, Failure) else None) == reason
    await _innocent(laboratory, wire, UNKNOWN, wire.unheard_of())


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.parametrize("wire", SCRIPTED, ids=str)
@pytest.mark.parametrize("limit", ["first_content_timeout", "idle_timeout"])
async def test_time_limits_of_callers_leave_others_alone(laboratory: Lab, wire: Wire, limit: str) -> None:
    """Five callers that wait for too short a time leave the model to everybody else."""
    trial = HANG if limit == "first_content_timeout" else STALL
    request = asks(wire, trial)
    getattr(request.routing_policy, limit).FromMilliseconds(20)
    for _ in range(FIVE):
        await laboratory.fails(request, stream=True)
    before = _script_of(wire, trial)
    await _innocent(laboratory, wire, trial, before)


async def _innocent(laboratory: Lab, wire: Wire, trial: str, before: Script) -> None:
    """Somebody else asks the same model, and is answered."""
    laboratory.play(wire, trial, wire.script(Answer()))
    try:
        request: ChatRequest = asks(wire, trial)
        assert (await laboratory.whole(request)).message.parts
    finally:
        laboratory.play(wire, trial, before)


def _script_of(wire: Wire, trial: str) -> Script:
    return wire.script(broken(FaultKind.HANG) if trial == HANG else broken(FaultKind.STALL, after_tokens=1))


def _ended(wire: Wire, word: str, stream: bool) -> Script:
    """An answer with nothing in it that ends by a word."""
    if wire.name == "vertex":
        return _google(word)
    documents = list(_documents(wire.name, word, stream))
    if not stream:
        return Canned(body=orjson.dumps(documents[0]))
    body = b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in documents)
    ends = b"data: [DONE]\n\n" if wire.name == "openai" else b""
    return Canned(body=body + ends, content_type="text/event-stream")


def _google(word: str) -> Script:
    number = FINISH_REASONS.get(word, 99)
    message = ParseDict(
        {"candidates": [{"finishReason": number}], "usageMetadata": {"promptTokenCount": 3}},
        google_wire.GenerateContentResponse(),
    )
    return cast("Script", GoogleAnswer(messages=[message]))


def _documents(wire: str, word: str, stream: bool) -> Iterator[Mapping[str, object]]:
    if wire == "openai":
        yield {
            "id": "c",
            "choices": [{"index": 0, "delta" if stream else "message": {}, "finish_reason": word}],
        }
    elif wire == "responses":
        response = {"status": "incomplete", "incomplete_details": {"reason": word}, "output": []}
        yield (
            {"type": "response.incomplete", "sequence_number": 0, "response": response}
            if stream
            else response
        )
    elif wire == "gemini":
        yield {"candidates": [{"finishReason": word}], "usageMetadata": {"promptTokenCount": 3}}
    elif not stream:
        yield {"type": "message", "content": [], "stop_reason": word, "usage": {"input_tokens": 1}}
    else:
        yield {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}}
        yield {"type": "message_delta", "delta": {"stop_reason": word}, "usage": {"output_tokens": 1}}
        yield {"type": "message_stop"}
