"""Room 4, pure: writes the generation settings of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#generationconfig. A setting
that the model does not have is ignored, as the contract says.
"""

from ringmain.v1.generation_pb2 import (
    MODALITY_AUDIO,
    MODALITY_IMAGE,
    MODALITY_TEXT,
    GenerationConfig,
    ResponseFormat,
)

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.providers.knobs import refused, stop_sequences
from ringmain_server.providers.vertex import schemas, thinking, wire

_SCHEMA_PATH = "generation_config.response_format.json_schema.schema_json"
_JSON = "application/json"
_SEEDS = 2**31
"""Seeds on this wire have 32 bits."""
_MODALITIES = {MODALITY_TEXT: 1, MODALITY_IMAGE: 2, MODALITY_AUDIO: 3}
"""Values of `GenerationConfig.Modality`."""


def write(target: wire.GenerationConfig, config: GenerationConfig, knobs: Knobs) -> None:
    """Writes the generation settings into a request.

    Raises:
        InvalidField: A schema is not valid.
        Inexpressible: A schema shall be enforced, and the wire cannot enforce all of it.
    """
    _sample(target, config, knobs)
    thinking.write(target, config, knobs)
    if config.HasField("response_format"):
        _shape(target, config.response_format)
    target.response_modalities.extend(_MODALITIES[modality] for modality in config.output_modalities)
    if voice := config.audio_output.voice:
        target.speech_config.voice_config.prebuilt_voice_config.voice_name = voice


def _sample(target: wire.GenerationConfig, config: GenerationConfig, knobs: Knobs) -> None:
    """Writes how tokens are chosen, and when to stop."""
    lacks = refused(config, knobs, reasons=knobs.reasons_unasked)
    if config.HasField("max_output_tokens"):
        target.max_output_tokens = config.max_output_tokens
    if config.HasField("temperature") and "temperature" not in lacks:
        target.temperature = config.temperature
    if config.HasField("top_p") and "top_p" not in lacks:
        target.top_p = config.top_p
    if config.HasField("top_k") and "top_k" not in lacks:
        target.top_k = config.top_k
    if config.HasField("frequency_penalty") and "frequency_penalty" not in lacks:
        target.frequency_penalty = config.frequency_penalty
    if config.HasField("presence_penalty") and "presence_penalty" not in lacks:
        target.presence_penalty = config.presence_penalty
    if config.HasField("seed") and "seed" not in lacks:
        target.seed = config.seed if -_SEEDS <= config.seed < _SEEDS else config.seed % _SEEDS
    if config.HasField("top_logprobs") and "top_logprobs" not in lacks:
        target.response_logprobs = True
        if config.top_logprobs:
            target.logprobs = config.top_logprobs
    target.stop_sequences.extend(stop_sequences(config, knobs, lacks))


def _shape(target: wire.GenerationConfig, wanted: ResponseFormat) -> None:
    """Writes the format of the answer. A schema's name has no field on this wire.

    https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output
    """
    target.response_mime_type = _JSON
    if wanted.WhichOneof("format") == "json_schema":
        found = wanted.json_schema
        if found.strict:
            schemas.check_enforced(found.schema_json, _SCHEMA_PATH)
        target.response_json_schema.CopyFrom(schemas.response(found.schema_json, _SCHEMA_PATH))
        described = target.response_json_schema.struct_value.fields
        if found.description and "description" not in described:
            described["description"].string_value = found.description
