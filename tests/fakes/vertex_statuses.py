"""Tests, fakes: how Google's APIs refuse, in the statuses, words and details of their documentation.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors,
https://ai.google.dev/gemini-api/docs/troubleshooting.
"""

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from grpc import StatusCode

from tests.fakes.vertex_script import Status

DOMAIN = "googleapis.com"

BAD_REQUEST = Status(
    code=StatusCode.INVALID_ARGUMENT,
    message="Invalid value at 'generation_config.temperature': 9",
    details=(BadRequest(field_violations=[BadRequest.FieldViolation(field="temperature")]),),
)
CONTEXT = Status(
    code=StatusCode.INVALID_ARGUMENT,
    message="The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
)
CONTEXT_OLDER = Status(
    code=StatusCode.INVALID_ARGUMENT,
    message="Unable to submit request because the input token count is 40000 but model only supports up to "
    "32767.",
)
SENSITIVE = Status(
    code=StatusCode.INVALID_ARGUMENT,
    message="Image generation failed: the prompt could not be submitted. It contains sensitive words that "
    "violate Google's Responsible AI practices. Support codes: 56562880",
)
BAD_KEY = Status(
    code=StatusCode.INVALID_ARGUMENT,
    message="API key not valid. Please pass a valid API key.",
    details=(ErrorInfo(reason="API_KEY_INVALID", domain=DOMAIN),),
)
OUT_OF_RANGE = Status(code=StatusCode.OUT_OF_RANGE, message="The value is out of range.")
PRECONDITION = Status(code=StatusCode.FAILED_PRECONDITION, message="Precondition check failed.")
LOCATION = Status(
    code=StatusCode.FAILED_PRECONDITION, message="User location is not supported for the API use."
)
UNAUTHENTICATED = Status(
    code=StatusCode.UNAUTHENTICATED,
    message="Request had invalid authentication credentials.",
    details=(ErrorInfo(reason="ACCESS_TOKEN_EXPIRED", domain=DOMAIN),),
)
PERMISSION = Status(
    code=StatusCode.PERMISSION_DENIED,
    message="Permission 'aiplatform.endpoints.predict' denied on resource "
    "'projects/secret-project/locations/x'.",
    details=(ErrorInfo(reason="IAM_PERMISSION_DENIED", domain=DOMAIN),),
)
BILLING = Status(
    code=StatusCode.PERMISSION_DENIED,
    message="This API method requires billing to be enabled.",
    details=(ErrorInfo(reason="BILLING_DISABLED", domain=DOMAIN),),
)
NOT_FOUND = Status(
    code=StatusCode.NOT_FOUND,
    message="Publisher Model `projects/secret-project/locations/x/publishers/google/models/m` was not found.",
)
UNIMPLEMENTED = Status(code=StatusCode.UNIMPLEMENTED, message="Operation is not implemented.")
RATE_LIMITED = Status(
    code=StatusCode.RESOURCE_EXHAUSTED, message="Resource exhausted. Please try again later."
)
RATE_LIMITED_SECONDS = Status(
    code=StatusCode.RESOURCE_EXHAUSTED,
    message="You exceeded your current quota, please check your plan and billing details.",
    details=(
        QuotaFailure(
            violations=[QuotaFailure.Violation(quota_id="GenerateRequestsPerMinutePerProjectPerModel")]
        ),
        RetryInfo(retry_delay=Duration(seconds=3, nanos=500_000_000)),
    ),
)
QUOTA = Status(
    code=StatusCode.RESOURCE_EXHAUSTED,
    message="You exceeded your current quota, please check your plan and billing details.",
    details=(
        QuotaFailure(
            violations=[QuotaFailure.Violation(quota_id="GenerateRequestsPerDayPerProjectPerModel-FreeTier")]
        ),
        RetryInfo(retry_delay=Duration(seconds=35)),
    ),
)
QUOTA_LIMIT = Status(
    code=StatusCode.RESOURCE_EXHAUSTED,
    message="Quota exceeded.",
    details=(ErrorInfo(reason="RATE_LIMIT_EXCEEDED", metadata={"quota_limit": "RequestsPerDay"}),),
)
UNAVAILABLE = Status(code=StatusCode.UNAVAILABLE, message="The service is currently unavailable.")
OVERLOADED = Status(
    code=StatusCode.UNAVAILABLE,
    message="The model is overloaded. Please try again later.",
    details=(RetryInfo(retry_delay=Duration(seconds=2)),),
)
INTERNAL = Status(code=StatusCode.INTERNAL, message="Internal error encountered.")
UNKNOWN = Status(code=StatusCode.UNKNOWN, message="Unknown error.")
TIMEOUT = Status(
    code=StatusCode.DEADLINE_EXCEEDED, message="Deadline expired before operation could complete."
)
CANCELLED = Status(code=StatusCode.CANCELLED, message="The operation was cancelled.")
ABORTED = Status(code=StatusCode.ABORTED, message="The operation was aborted.")
DATA_LOSS = Status(code=StatusCode.DATA_LOSS, message="Unrecoverable data loss or corruption.")
