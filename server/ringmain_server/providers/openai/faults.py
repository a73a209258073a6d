"""Room 4, pure: the table of errors and finish reasons of OpenAI's wire. See `providers.faults`.

OpenAI documents its errors at https://platform.openai.com/docs/guides/error-codes, and those of failed
responses at https://platform.openai.com/docs/api-reference/responses/object. The other vendors of this wire
keep the outer shape and have words of their own; where they have none, a row matches the message.
"""

from collections.abc import Mapping

from ringmain_server.providers.faults import (
    INPUTS,
    MISSING,
    MODERATED,
    OBJECTED,
    SPENT,
    SPENT_NOT_RATE,
    SUSPENDED,
    Ending,
    Endings,
    Meaning,
    Row,
    plainly,
    row,
)

FILTER_CODES = frozenset(
    {
        "content_filter",
        "contentfilter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "moderation_blocked",
        "content_filtered",
        "image_content_policy_violation",
        "content_blocked",
        "content_moderation",
        "data_inspection_failed",  # Alibaba's
        "datainspectionfailed",
        "1301",  # Zhipu's
        "safety_violation",
        "safety_violations",
    }
)
POLICY_CODES = frozenset({"bio_policy", "misalignment_policy_violation"})
"""Codes of refusals on the responses wire that are also their category."""
_INPUT = (
    "data_residency_mismatch",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
    "image_file_too_large",
    "image_parse_error",
    "image_too_large",
    "image_too_small",
    "invalid_base64_image",
    "invalid_image",
    "invalid_image_format",
    "invalid_image_mode",
    "invalid_image_url",
    "invalid_prompt",
    "unsupported_image_media_type",
)
_NAMED = (
    "previous_response_not_found",
    "conversation_not_found",
    "file_not_found",
    "item_not_found",
    "external_connector_error",
    "string_above_max_length",
    "unsupported_parameter",
    "unsupported_value",
    "invalid_value",
)
"""Errors about something that a caller's options name: earlier responses, files, stores, tool servers."""

ERRORS: tuple[Row, ...] = (
    # The model's fault: Groq (https://console.groq.com/docs/tool-use), OpenAI, Ollama, llama.cpp, vLLM.
    row(
        Meaning.MODEL_OUTPUT,
        "tool_use_failed",
        "json_validate_failed",
        "output_parse_failed",
        "model_error",
        "malformed_function_call",
        statuses=(400, 422, 500, 502),
    ),
    row(
        Meaning.MODEL_OUTPUT,
        says=r"failed to call a function|failed to generate json|failed to validate json"
        r"|error parsing tool call|failed to parse (?:tool|function)[ _-]?calls?\b"
        r"|failed to parse input at pos|tool call validation failed|unsupported value: nan"
        r"|model (?:produced|generated) (?:an )?invalid",
        statuses=(400, 422, 500, 502),
    ),
    # The caller's fault, reported as a server error by llama.cpp and Ollama.
    row(
        Meaning.TOO_LONG,
        says=r"input is too large to process|exceeds? the available context size|context shift is disabled",
        statuses=(400, 413, 500),
    ),
    row(
        Meaning.REJECTED,
        says=r"(?:image|audio|video|vision|tools?|embeddings?|logprobs?) (?:input )?(?:is|are) not supported"
        r"|does not support (?:tools|images?|audio|vision|thinking|embeddings?|chat|generate)"
        r"|image: unknown format|illegal base64|failed to (?:load|decode|process) (?:the )?(?:image|audio)"
        r"|conversation roles must|roles? must alternate|only user(?:,| and) .{0,40}roles|roles are supported"
        r"|failed to parse (?:grammar|messages|tools|json schema)|json schema conversion failed"
        r"|unrecognized schema|jinja (?:exception|template)|template.{0,20}(?:error|exception)|--jinja",
        statuses=(500, 501),
    ),
    *INPUTS,
    row(Meaning.ACCESS, says=SUSPENDED, statuses=(403,)),
    # Safety systems. Some answer 403: xAI, OpenRouter. Those that name a category are recognized by it.
    row(Meaning.FILTERED, *FILTER_CODES),
    row(
        Meaning.FILTERED,
        "invalid_prompt",
        says=r"usage polic|content (?:management )?polic|safety system",
        statuses=(400,),
    ),
    row(
        Meaning.FILTERED,
        says=r"violat\w+ .{0,40}usage guidelines|safety_check_type|content moderation|was flagged\b"
        rf"|requires moderation|\bmoderated\b|{OBJECTED}",
        statuses=(400, 403, 422, 451),
    ),
    # Too long for the model: every vendor has its own wording, and few have a code.
    row(
        Meaning.TOO_LONG,
        "context_length_exceeded",
        "exceed_context_size_error",
        "context_window_exceeded",
        "prompt_too_long",
        "too_many_prompt_tokens",
        "max_tokens_exceeded",
    ),
    # Too large for the account: waiting does not help, and smaller requests succeed.
    row(
        Meaning.TOO_LARGE,
        says=r"request too large|tokens must be reduced|reduce your message size|can only afford"
        r"|fewer max_tokens",
        statuses=(402, 413, 429),
    ),
    row(
        Meaning.TOO_LONG,
        says=r"maximum context length|context (?:length|window|size)|reduce the length of the "
        r"(?:messages|prompt|input)|maximum prompt length|`inputs` tokens \+ `max_new_tokens`"
        r"|(?:prompt|input) is too long|too many (?:prompt|input) tokens",
        statuses=(400, 413, 422),
    ),
    # Quota and credit: OpenAI, DeepSeek, OpenRouter, xAI, and 403s as from fal.
    row(
        Meaning.QUOTA_SPENT,
        "insufficient_quota",
        "insufficient_credits",
        "insufficient_balance",
        "insufficient_funds",
        "quota_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
        "payment_required",
    ),
    row(
        Meaning.QUOTA_SPENT,
        says=r"insufficient (?:balance|credits|quota|funds)|exceeded your current quota"
        r"|all available credits|run out of credits|out of credits|have any (?:credits|licenses)"
        r"|spending limit|spend limit|key limit exceeded|exhausted balance|top up your balance"
        r"|negative balance|billing (?:hard )?limit|account is not active.{0,40}billing",
        statuses=(400, 403, 429),
    ),
    row(Meaning.QUOTA_SPENT, says=SPENT_NOT_RATE, statuses=(429,)),
    # The account may not use this model.
    row(
        Meaning.ACCESS,
        "unsupported_country_region_territory",
        "missing_scope",
        "insufficient_permissions",
        "organization_verification_required",
        "model_access_denied",
        "authorizationfailed",
        "permissiondenied",
    ),
    row(
        Meaning.ACCESS,
        says=r"missing scopes|insufficient permissions|must be verified|verify (?:your )?organization",
        statuses=(400, 401, 403, 404),
    ),
    row(Meaning.ACCESS, "model_not_found", statuses=(403,)),
    row(Meaning.ACCESS, says=r"data policy|guardrail restrictions", statuses=(404,)),
    # Unknown models.
    row(
        Meaning.UNKNOWN_MODEL,
        "model_not_found",
        "deploymentnotfound",
        "model_decommissioned",
        "model_not_available",
        "invalid_model",
        "unknown_model",
        "model_deprecated",
    ),
    row(
        Meaning.UNKNOWN_MODEL,
        says=r"\bmodel\b.{0,200}\b(?:does not exist|not exist|not found|decommissioned)|invalid model\b"
        r"|not a valid model",
        statuses=(400, 422),
    ),
    # Credentials.
    row(
        Meaning.CREDENTIALS,
        "invalid_api_key",
        "invalid_authentication",
        "authentication_error",
        "account_deactivated",
        "invalid_token",
        "token_expired",
    ),
    row(
        Meaning.CREDENTIALS,
        says=r"(?:incorrect|invalid) api key|api key not (?:valid|found)",
        statuses=(400, 403),
    ),
    row(
        Meaning.CREDENTIALS,
        says=r"api key (?:(?:is|was|has been) )?(?:currently )?(?:blocked|disabled|revoked|inactive|expired)"
        r"|(?:invalid|expired) (?:bearer )?(?:credentials|token)"
        r"|not authenticated|unauthenticated",
        statuses=(403,),
    ),
    # 403s with other wordings. The remaining 403s are about the account's permissions.
    row(Meaning.FILTERED, says=MODERATED, statuses=(403,)),
    row(Meaning.QUOTA_SPENT, says=SPENT, statuses=(403,)),
    # Rate limits and full tiers.
    row(Meaning.TIER_FULL, "resource_unavailable", statuses=(429,)),
    row(Meaning.TIER_FULL, says=r"flex(?: processing)?\b.{0,60}(?:unavailable|capacity)", statuses=(429,)),
    row(
        Meaning.RATE_LIMITED,
        "rate_limit_exceeded",
        "rate_limit_error",
        "rate_limit_reached",
        "ratelimitreached",
        statuses=range(400, 500),
    ),
    # Something is missing. OpenRouter names the requirement that no upstream of the model meets.
    row(Meaning.REJECTED, *_NAMED, statuses=range(400, 500)),
    row(
        Meaning.REJECTED,
        says=r"no (?:endpoints|allowed providers|providers) .{0,40}\b(?:support|handle|available)",
        statuses=(404,),
    ),
    *MISSING,
)
"""The first row that matches wins. An error that matches none is classified by its status.

See `http_errors.STATUSES`.
"""

REPORTED: Mapping[str, int] = {
    **dict.fromkeys(("server_error", "internal_error", "internal_server_error", "internalservererror"), 500),
    **dict.fromkeys(("vector_store_timeout", "timeout", "timeout_error"), 504),
    **dict.fromkeys(("overloaded_error", "engine_overloaded", "service_unavailable"), 503),
    **dict.fromkeys(
        (
            "rate_limit_exceeded",
            "rate_limit_error",
            "rate_limit_reached",
            "ratelimitreached",
            "insufficient_quota",
            "insufficient_credits",
            "insufficient_balance",
            "billing_hard_limit_reached",
            "billing_not_active",
        ),
        429,
    ),
    **dict.fromkeys(
        (
            "invalid_request_error",
            "badrequesterror",
            "bad_request_error",
            "tool_use_failed",
            "json_validate_failed",
            "output_parse_failed",
            "model_error",
            "context_length_exceeded",
            "exceed_context_size_error",
            "context_window_exceeded",
            "prompt_too_long",
            "too_many_prompt_tokens",
            "model_not_found",
            "deploymentnotfound",
            "model_decommissioned",
            "model_not_available",
            "invalid_model",
            "invalid_api_key",
            "invalid_authentication",
            "authentication_error",
            *FILTER_CODES,
            *POLICY_CODES,
            *_INPUT,
            *_NAMED[:5],
        ),
        400,
    ),
}
"""The status that a word implies, for errors under status 200. A word not listed here is UNEXPLAINED."""

ENDINGS: Endings = {
    "stop": Ending.STOP,
    "eos": Ending.STOP,  # Together
    "length": Ending.MAX_TOKENS,
    "model_length": Ending.MAX_TOKENS,  # Mistral
    "tool_calls": Ending.TOOL_CALLS,
    "function_call": Ending.TOOL_CALLS,
    "content_filter": Ending.WITHHELD,
    "sensitive": Ending.WITHHELD,  # Zhipu
    # Reasons of other wires, which servers in front of several upstreams forward unchanged
    "eos_token": Ending.STOP,
    "end_turn": Ending.STOP,
    "stop_sequence": Ending.STOP,
    "max_tokens": Ending.MAX_TOKENS,
    "max_output_tokens": Ending.MAX_TOKENS,
    "model_context_window_exceeded": Ending.MAX_TOKENS,
    "tool_use": Ending.TOOL_CALLS,
    "refusal": Ending.REFUSAL,
    "content_filtered": Ending.WITHHELD,
    "guardrail_intervened": Ending.WITHHELD,
    "safety": Ending.WITHHELD,
    "recitation": Ending.WITHHELD,
    "blocklist": Ending.WITHHELD,
    "prohibited_content": Ending.WITHHELD,
    "spii": Ending.WITHHELD,
    # Google's OpenAI endpoint: `function_call_filter: MALFORMED_FUNCTION_CALL`
    "function_call_filter": Ending.BROKEN_CALL,
    "tool_call_error": Ending.BROKEN_CALL,
    # Reasons of OpenRouter's upstreams (`native_finish_reason`)
    "malformed_function_call": Ending.BROKEN_CALL,
    "unexpected_tool_call": Ending.BROKEN_CALL,
    "too_many_tool_calls": Ending.BROKEN_CALL,
    "malformed_response": Ending.BROKEN_ANSWER,
    "missing_thought_signature": Ending.HISTORY,
    # Anthropic's, through servers that pass it on, and the sandbox's
    "pause_turn": Ending.PAUSED,
    # OpenRouter and Mistral · DeepSeek
    "error": Ending.SERVER_FAULT,
    "insufficient_system_resource": Ending.SERVER_FAULT,
}
"""Finish reasons of chat completions. A reason not listed here is UNKNOWN."""

INCOMPLETE: Endings = {
    "max_output_tokens": Ending.MAX_TOKENS,
    "content_filter": Ending.WITHHELD,
    "max_messages": Ending.UNKNOWN,
    "steered": Ending.UNKNOWN,
}
"""Endings of responses, by `incomplete_details.reason`."""
STATUSES: Endings = {
    "completed": Ending.STOP,
    "incomplete": Ending.UNKNOWN,
    "failed": Ending.SERVER_FAULT,
    # Only for responses in the background, which the gateway does not request.
    "cancelled": Ending.UNKNOWN,
    "in_progress": Ending.UNKNOWN,
    "queued": Ending.UNKNOWN,
}
"""Endings of responses, by `status`."""


def ending_of(word: str, known: Endings = ENDINGS) -> Ending:
    """Returns the meaning of a finish reason, however the server spells it.

    Google's endpoint adds its own word after a colon.

    Args:
        word: The finish reason, unchanged.
        known: The reasons of the wire itself, which take precedence.
    """
    for written in (word, word.lower().partition(":")[0].strip()):
        found = known.get(written) or ENDINGS.get(written)
        if found is not None:
            return found
    return plainly(word)
