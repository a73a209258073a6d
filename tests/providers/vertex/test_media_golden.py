"""Tests of images, vectors, speech and transcripts against their golden files."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_media_rules import predict_refusal
from tests.fakes.vertex_rules import refusal
from tests.providers.vertex import media_golden
from tests.providers.vertex.media_golden import Golden, goldens

GOLDENS = goldens("sent")
JSON = goldens("json")
ANSWERED = goldens("answers")


def named(found: list[Golden]) -> list[str]:
    """Their names, for the report."""
    return [one.name for one in found]


@pytest.mark.parametrize("found", GOLDENS, ids=named(GOLDENS))
def test_requests(found: Golden) -> None:
    """A request becomes the messages of its golden file."""
    assert media_golden.sent(found.wires()) == found.content["sent"]


@pytest.mark.parametrize("found", JSON, ids=named(JSON))
def test_requests_in_json(found: Golden) -> None:
    """A request becomes the paths and bodies of its golden file at the developer API."""
    assert media_golden.sent(found.wires("gemini")) == found.content["json"]


@pytest.mark.parametrize("found", GOLDENS, ids=named(GOLDENS))
def test_requests_are_what_the_wire_takes(found: Golden) -> None:
    """No golden request breaks a rule of the wire."""
    for one in found.wires():
        message = one.message
        if isinstance(message, wire.PredictRequest):
            instances = [dict(MessageToDict(each)) for each in message.instances]
            assert predict_refusal(found.model, instances, MessageToDict(message.parameters)) is None
        elif isinstance(message, wire.GenerateContentRequest):
            assert refusal(message, {"x-goog-request-params": f"model={message.model}"}) is None


@pytest.mark.parametrize("found", ANSWERED, ids=named(ANSWERED))
def test_answers(found: Golden) -> None:
    """Answers amount to the response, the events or the error of their golden file."""
    outcome: dict[str, Any] = dict(found.outcome())
    assert outcome == {name: found.content[name] for name in outcome}
