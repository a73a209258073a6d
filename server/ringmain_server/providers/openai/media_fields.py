"""Room 4, pure: the fields of answers of OpenAI's wire that are known, of every operation except chat.

The modules that read an answer name its pages. Fields that no translator reads are here if nothing is lost
without them.
"""

from ringmain_server.providers.known_fields import At, Fields, Kinds

IMAGES_WIRE, EMBEDDINGS_WIRE, TRANSCRIPTIONS_WIRE, MODERATIONS_WIRE = (
    "images",
    "embeddings",
    "transcriptions",
    "moderations",
)
"""The names of these wires where unknown fields are counted."""

# --- images ----------------------------------------------------------------------------------------------

_BY_KIND = Fields("image_tokens text_tokens")
_IMAGE_USAGE = Fields(
    "input_tokens output_tokens total_tokens generated_images cost_in_usd_ticks",
    input_tokens_details=_BY_KIND,
    output_tokens_details=_BY_KIND,
)
_FLAGS = "flagged nsfw has_nsfw_concepts has_nsfw_concept is_nsfw respect_moderation moderated is_moderated"
"""Names under which servers tell that a safety system objects; `flags.py` reads many more."""
_IMAGE = Fields(
    f"type index id b64_json url mime_type revised_prompt timing {_FLAGS}",
    free="content_filter_results prompt_filter_results moderation",
)
_ABOUT = "background created created_at output_format quality size safety_identifier"
IMAGES = Fields(
    f"id object model {_ABOUT} {_FLAGS}",
    free="content_filters error prompt_filter_results moderation timings timing",
    data=_IMAGE,
    usage=_IMAGE_USAGE,
)
"""A whole answer with images."""
_IMAGE_EVENT = Fields(
    _IMAGE.names | {*_ABOUT.split(), "sequence_number", "partial_image_index"},
    free="content_filter_results prompt_filter_results moderation",
    usage=At("usage", _IMAGE_USAGE),
)
IMAGE_EVENT = At(
    "event",
    Kinds(
        {
            f"{made}.{end}": _IMAGE_EVENT
            for made in ("image_generation", "image_edit")
            for end in ("partial_image", "completed")
        },
        other=_IMAGE_EVENT,
    ),
)
"""An event of a stream of images."""

# --- vectors ---------------------------------------------------------------------------------------------

VECTOR = Fields("object index embedding")
EMBEDDINGS = Fields(
    "id object created model timings",
    free="error metadata",
    data=VECTOR,
    usage=Fields(
        "prompt_tokens total_tokens completion_tokens num_cached_tokens prompt_audio_seconds request_count"
        " cost_in_usd_ticks",
        free="prompt_token_details prompt_tokens_details completion_tokens_details cost cost_details",
    ),
)
"""A whole answer with vectors."""

# --- transcripts -----------------------------------------------------------------------------------------

_HEARD = Fields(
    "type seconds input_tokens output_tokens prompt_tokens completion_tokens total_tokens"
    " num_cached_tokens prompt_audio_seconds request_count",
    free="prompt_token_details prompt_tokens_details completion_tokens_details output_token_details",
    input_token_details=Fields("audio_tokens text_tokens"),
)
_WORD = Fields("word text start end speaker speaker_id")
_SEGMENT = Fields(
    "type id seek start end text tokens temperature avg_logprob compression_ratio no_speech_prob speaker"
    " speaker_id score",
    words=_WORD,
)
_LANGUAGE = Fields("code language")
_LOGPROB = Fields("token logprob bytes")
TRANSCRIPT = Fields(
    "task text language duration model",
    free="error x_groq",
    languages=_LANGUAGE,
    logprobs=_LOGPROB,
    segments=_SEGMENT,
    speaker_segments=_SEGMENT,
    usage=_HEARD,
    words=_WORD,
)
"""A whole transcript."""
TRANSCRIPT_EVENT = At(
    "event",
    Kinds(
        {
            "transcript.text.delta": Fields("type delta segment_id", logprobs=At("logprobs", _LOGPROB)),
            "transcript.text.segment": At("segments", _SEGMENT),
            "transcript.text.done": Fields(
                "type text language model",
                languages=At("languages", _LANGUAGE),
                logprobs=At("logprobs", _LOGPROB),
                segments=At("segments", _SEGMENT),
                usage=At("usage", _HEARD),
            ),
        }
    ),
)
"""An event of a streamed transcript."""

# --- ratings ---------------------------------------------------------------------------------------------

RATINGS = Fields(
    "id model",
    free="error",
    results=Fields("flagged", free="categories category_applied_input_types category_scores"),
)
"""A whole answer with ratings of an image."""
