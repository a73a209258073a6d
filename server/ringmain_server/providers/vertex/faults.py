"""Room 4, pure: the table of errors and finish reasons of Google's models, on gRPC and on HTTP.

See `providers.faults`. https://cloud.google.com/apis/design/errors has the canonical statuses and the HTTP
status of each; https://cloud.google.com/service-infrastructure/docs/service-control/reference/rpc/google.api
has the reasons of `ErrorInfo`. The finish reasons are at
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#finishreason
and, for the developer API, at https://ai.google.dev/api/generate-content#FinishReason.
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
"""The HTTP status of each canonical one; here ABORTED and CANCELLED are caused by the server."""

SPENT_FOR_LONG = "quota_of_days"
"""Our word for a daily or monthly quota among those that are exhausted."""

ERRORS: tuple[Row, ...] = (
    # The account: its quota and credit.
    row(Meaning.QUOTA_SPENT, "billing_disabled", SPENT_FOR_LONG),
    row(
        Meaning.QUOTA_SPENT,
        says=r"requires billing|billing account|credits are depleted|spending cap",
        statuses=(400, 403, 429),
    ),
    # Google ends a denial with "(or it may not exist)", whatever it is about; this one is about the model.
    row(
        Meaning.ACCESS,
        says=r"permission '[\w.]+' denied on resource '[^']*/(?:models|endpoints)/",
        statuses=(403,),
    ),
    # Things that a caller names: files, caches, media at URLs.
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
    # The account: its permissions, and this model.
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
    # 403s with other wordings. The remaining 403s are about the account's permissions.
    row(Meaning.RATE_LIMITED, "ratelimitexceeded", "userratelimitexceeded", "rate_limit_exceeded"),
    row(Meaning.QUOTA_SPENT, "dailylimitexceeded", "quotaexceeded", statuses=(403,)),
    row(Meaning.FILTERED, says=MODERATED, statuses=(403,)),
    row(Meaning.QUOTA_SPENT, says=SPENT, statuses=(403,)),
    *MISSING,
)
"""The first row that matches wins. An error that matches none is classified by its status.

See `http_errors.STATUSES`.
"""

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
"""Endings by `finishReason`. A reason not listed here is UNKNOWN."""

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
"""Endings by `blockReason`. A blocked prompt is the caller's fault, whatever the reason."""
