"""Room 4, pure: whose fault each error and each ending of Google's models is, on gRPC and on HTTP.

See `providers.faults`. https://cloud.google.com/apis/design/errors has the canonical statuses, which each go
with one of HTTP; https://cloud.google.com/service-infrastructure/docs/service-control/reference/rpc/google.api
has the reasons of `ErrorInfo`. Why an answer ended or was withheld is
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#finishreason;
for the developer API, https://ai.google.dev/api/generate-content#FinishReason.
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
from ringmain_server.providers.vertex.safety import REFUSALS

CANONICAL: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 503,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 503,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""The HTTP status that goes with a canonical one; ABORTED and CANCELLED are the server's doing here."""

SPENT_FOR_LONG = "quota_of_days"
"""Stands for a quota of a day or a month among those that are exhausted."""

ERRORS: tuple[Row, ...] = (
    # The account: what is spent.
    row(Meaning.QUOTA_SPENT, "billing_disabled", SPENT_FOR_LONG),
    row(
        Meaning.QUOTA_SPENT,
        says=r"requires billing|billing account|credits are depleted|spending cap",
        statuses=(400, 403, 429),
    ),
    # What a caller names: files, caches, media at addresses.
    row(
        Meaning.REJECTED,
        says=r"access the file|cached ?content|may not exist|storage\.objects|cloud storage"
        r"|fetch content from|provided url|\bdata ?stores?\b|\bcorp(?:us|ora)\b",
        statuses=(400, 403, 404),
    ),
    # The account: its credentials.
    row(
        Meaning.CREDENTIALS,
        "api_key_invalid",
        "api_key_service_blocked",
        "api_key_http_referrer_blocked",
        "api_key_ip_address_blocked",
        "api_key_android_app_blocked",
        "api_key_ios_app_blocked",
        "access_token_expired",
        "access_token_scope_insufficient",
        "access_token_type_unsupported",
        "account_state_invalid",
        "credentials_missing",
    ),
    row(
        Meaning.CREDENTIALS,
        says=r"api key (?:not valid|not found|expired|was reported as leaked)|use another api key"
        r"|invalid authentication credentials|insufficient authentication scopes",
        statuses=(400, 401, 403),
    ),
    # … and what it may do, of this model.
    row(
        Meaning.ACCESS,
        says=r"location is not supported|not available in your (?:country|region|location)"
        r"|not allowlisted|not in the allowlist",
        statuses=(400, 403, 404),
    ),
    # The request.
    row(
        Meaning.TOO_LONG,
        says=r"exceeds the maximum number of tokens|input token count.{0,80}(?:exceeds|only supports up to)",
        statuses=(400,),
    ),
    *INPUTS,
    row(Meaning.ACCESS, says=SUSPENDED, statuses=(403,)),
    Row(Meaning.FILTERED, says=REFUSALS, statuses=frozenset((400, 403))),
    row(Meaning.FILTERED, says=OBJECTED, statuses=(400,)),
    # 403s that say it in other words. Whatever is left is about what the account may do.
    row(Meaning.RATE_LIMITED, "ratelimitexceeded", "userratelimitexceeded", "rate_limit_exceeded"),
    row(Meaning.QUOTA_SPENT, "dailylimitexceeded", "quotaexceeded", statuses=(403,)),
    row(Meaning.FILTERED, says=MODERATED, statuses=(403,)),
    row(Meaning.QUOTA_SPENT, says=SPENT, statuses=(403,)),
    *MISSING,
)
"""The first row that matches wins. What matches none goes by its status (`http_errors.STATUSES`)."""

ENDINGS: Endings = {
    "FINISH_REASON_UNSPECIFIED": Ending.UNKNOWN,
    "STOP": Ending.STOP,
    "MAX_TOKENS": Ending.MAX_TOKENS,
    "SAFETY": Ending.WITHHELD,
    "RECITATION": Ending.WITHHELD,
    "LANGUAGE": Ending.WITHHELD,
    "BLOCKLIST": Ending.WITHHELD,
    "PROHIBITED_CONTENT": Ending.WITHHELD,
    "SPII": Ending.WITHHELD,
    "MODEL_ARMOR": Ending.WITHHELD,
    "IMAGE_SAFETY": Ending.WITHHELD,
    "IMAGE_PROHIBITED_CONTENT": Ending.WITHHELD,
    "IMAGE_RECITATION": Ending.WITHHELD,
    "MALFORMED_FUNCTION_CALL": Ending.BROKEN_CALL,
    "UNEXPECTED_TOOL_CALL": Ending.BROKEN_CALL,
    "TOO_MANY_TOOL_CALLS": Ending.BROKEN_CALL,
    "MALFORMED_RESPONSE": Ending.BROKEN_ANSWER,
    "MISSING_THOUGHT_SIGNATURE": Ending.HISTORY,
    "OTHER": Ending.UNKNOWN,
    "IMAGE_OTHER": Ending.UNKNOWN,
    "NO_IMAGE": Ending.UNKNOWN,
    "CONTINUATION": Ending.UNKNOWN,
}
"""By `finishReason`. One that is not here is UNKNOWN."""

BLOCKS: Endings = {
    "BLOCK_REASON_UNSPECIFIED": Ending.WITHHELD,
    "BLOCKED_REASON_UNSPECIFIED": Ending.WITHHELD,
    "SAFETY": Ending.WITHHELD,
    "OTHER": Ending.WITHHELD,
    "BLOCKLIST": Ending.WITHHELD,
    "PROHIBITED_CONTENT": Ending.WITHHELD,
    "IMAGE_SAFETY": Ending.WITHHELD,
    "MODEL_ARMOR": Ending.WITHHELD,
    "JAILBREAK": Ending.WITHHELD,
}
"""By `blockReason`: a prompt that was not let through is the caller's affair, whatever the word."""
