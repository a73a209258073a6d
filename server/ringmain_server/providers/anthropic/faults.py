"""Room 4, pure: the table of errors and stop reasons of the Messages wire. See `providers.faults`.

https://platform.claude.com/docs/en/api/errors has Anthropic's types.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html have those of Bedrock, which come in
a header, and https://cloud.google.com/apis/design/errors those of Vertex. Stop reasons are at
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.
"""

from collections.abc import Mapping

from ringmain_server.providers.faults import (
    INPUTS,
    MISSING,
    MODERATED,
    OBJECTED,
    SPENT,
    SUSPENDED,
    Ending,
    Endings,
    Meaning,
    Row,
    row,
)

ORIGINALLY_REFUSED = "originally_refused"
"""Our word for a failure of Bedrock whose `originalStatusCode` is that of a refused request."""

ERRORS: tuple[Row, ...] = (
    row(Meaning.REJECTED, ORIGINALLY_REFUSED),
    row(Meaning.SERVER_FAULT, "modelerrorexception", "modelstreamerrorexception"),
    row(Meaning.SERVER_FAULT, statuses=(424,)),
    # The request.
    *INPUTS,
    row(Meaning.FILTERED, says=rf"blocked by content filtering|{OBJECTED}", statuses=(400,)),
    row(
        Meaning.TOO_LONG,
        says=r"(?:prompt|input) is too long|exceeds? (?:the )?context (?:limit|window)",
        statuses=(400, 413),
    ),
    row(
        Meaning.TOO_LARGE,
        says=r"usage is required for long context|long[ -]context (?:beta|requests?)",
        statuses=(400, 403, 429),
    ),
    # The account: its quota and credit.
    row(
        Meaning.QUOTA_SPENT,
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
        "billing_error",
    ),
    row(
        Meaning.QUOTA_SPENT,
        says=r"credit balance is too low|reached your specified .{0,40}usage limits"
        r"|too many tokens per day|payment[ _]instrument|requires billing",
        statuses=(400, 403, 429),
    ),
    # A single large request may exceed this quota, so the model cools down only as for a rate limit.
    row(Meaning.RATE_LIMITED, "servicequotaexceededexception"),
    # The account: its credentials.
    row(
        Meaning.CREDENTIALS,
        "authentication_error",
        "unrecognizedclientexception",
        "invalidsignatureexception",
        "signaturedoesnotmatch",
        "incompletesignature",
        "incompletesignatureexception",
        "invalidclienttokenid",
        "expiredtoken",
        "expiredtokenexception",
        "missingauthenticationtoken",
        "missingauthenticationtokenexception",
        "unauthenticated",
        statuses=(400, 401, 403),
    ),
    row(
        Meaning.CREDENTIALS,
        says=r"security token included in the request|authentication failed|invalid x-api-key"
        r"|signature expired|api key (?:(?:is|was|has been) )?(?:blocked|disabled|revoked|expired|invalid)"
        r"|access token (?:is )?(?:invalid|expired)",
        statuses=(400, 403),
    ),
    # The account: its permissions, and this model.
    row(Meaning.ACCESS, "optinrequired"),
    row(Meaning.ACCESS, says=r"use case details|model access|access to the model", statuses=(403, 404)),
    row(Meaning.ACCESS, says=SUSPENDED, statuses=(403,)),
    row(Meaning.FILTERED, says=MODERATED, statuses=(403,)),
    row(Meaning.QUOTA_SPENT, says=SPENT, statuses=(403,)),
    row(Meaning.UNKNOWN_MODEL, says=r"model identifier is invalid", statuses=(400,)),
    *MISSING,
)
"""The first row that matches wins. An error that matches none is classified by its status.

See `http_errors.STATUSES`.
"""

REPORTED: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "memory_path_conflict_error": 409,
    "memory_precondition_failed_error": 412,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # Bedrock's exceptions within a stream
    "validationexception": 400,
    "accessdeniedexception": 403,
    "resourcenotfoundexception": 404,
    "modelerrorexception": 424,
    "modelstreamerrorexception": 424,
    "throttlingexception": 429,
    "modelnotreadyexception": 429,
    "servicequotaexceededexception": 429,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
    "modeltimeoutexception": 504,
}
"""The status that a type implies, for errors under status 200. A type not listed here is UNEXPLAINED."""

ENDINGS: Endings = {
    "end_turn": Ending.STOP,
    "stop_sequence": Ending.STOP,
    "pause_turn": Ending.PAUSED,
    "max_tokens": Ending.MAX_TOKENS,
    "model_context_window_exceeded": Ending.MAX_TOKENS,
    "tool_use": Ending.TOOL_CALLS,
    "refusal": Ending.REFUSAL,
    # Bedrock's reasons: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    "guardrail_intervened": Ending.WITHHELD,
    "content_filtered": Ending.WITHHELD,
    "malformed_tool_use": Ending.BROKEN_CALL,
    "malformed_model_output": Ending.BROKEN_ANSWER,
    "compaction": Ending.PAUSED,
}
"""Stop reasons. A reason not listed here is UNKNOWN."""
