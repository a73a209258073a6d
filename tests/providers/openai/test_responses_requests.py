"""Tests of what a request over the responses wire asks for beside its golden files."""

import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server import errors
from ringmain_server.providers.json_base64 import plain

from tests.providers.openai.responses_golden import candidate, translator


def _said() -> dict[str, Any]:
    """A request of one text."""
    return {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(("kind", "field"), [("openai", "safety_identifier"), ("vllm", "user")])
def test_the_end_user_goes_as_a_hash(kind: str, field: str) -> None:
    """The provider is told a keyed hash of the user id, if the operator gave it a key, and never the id."""
    said = {**_said(), "attribution": {"userId": "ann", "labels": {"team": "x"}}}
    request = ParseDict(said, ChatRequest())
    silent = plain(translator(kind).request(request, candidate()).body)
    keyed = plain(translator(kind).request(request, replace(candidate(), user_id_key=b"k")).body)
    assert field not in silent
    assert len(keyed[field]) == 64
    assert "ann" not in json.dumps(keyed)


@pytest.mark.parametrize("model", ["gpt-5-mini", "gpt-5.2"])
def test_the_models_own_words_for_efforts(model: str) -> None:
    """Least and greatest efforts are written in the words of the models that have them."""
    words = {}
    for effort in ("MINIMAL", "EXTRA_HIGH"):
        config = {"generationConfig": {"reasoningEffort": f"REASONING_EFFORT_{effort}"}}
        request = ParseDict({**_said(), **config}, ChatRequest())
        asked = candidate(model=model)
        words[effort] = plain(translator().request(request, asked).body)["reasoning"]["effort"]
    assert (
        words
        == {
            "gpt-5-mini": {"MINIMAL": "minimal", "EXTRA_HIGH": "high"},
            "gpt-5.2": {"MINIMAL": "low", "EXTRA_HIGH": "xhigh"},
        }[model]
    )


def test_what_strict_mode_cannot_hold_is_refused() -> None:
    """A function or a schema that must be strict, and cannot be, is refused by its path."""
    loose = '{"type": "object", "properties": {"x": {"type": "string"}}}'
    function = {"name": "f", "parametersSchemaJson": loose, "strict": True}
    schema = {"responseFormat": {"jsonSchema": {"schemaJson": loose, "strict": True}}}
    for more, field in (
        ({"tools": [{"function": function}]}, "tools[0].function.strict"),
        ({"generationConfig": schema}, "generation_config.response_format.json_schema.strict"),
    ):
        with pytest.raises(errors.Inexpressible) as refusal:
            translator().request(ParseDict({**_said(), **more}, ChatRequest()), candidate())
        assert refusal.value.violations[0].field == field


def test_speech_is_another_wires() -> None:
    """This wire does not speak, so another candidate is tried."""
    config = {"generationConfig": {"outputModalities": ["MODALITY_AUDIO"]}}
    with pytest.raises(errors.CapabilityMissing):
        translator().request(ParseDict({**_said(), **config}, ChatRequest()), candidate())
