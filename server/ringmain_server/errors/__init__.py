"""The gateway's errors, in one tree.

    RingmainError                      code, reason, and the message that the caller may see
    ├── CallerError                    the request cannot be served as it stands
    │   ├── InvalidField               INVALID_ARGUMENT      a field breaks a rule of the contract
    │   ├── MediaInvalid               INVALID_ARGUMENT      media is unreadable, unknown or too large
    │   ├── Inexpressible              INVALID_ARGUMENT      the provider cannot do what a field demands
    │   ├── ModelNotFound              NOT_FOUND             no candidate serves the model
    │   ├── ResourceNotFound           NOT_FOUND             there is no such provider, key or the like
    │   ├── MethodNotServed            UNIMPLEMENTED         this server does not serve the method
    │   ├── CredentialsInvalid         UNAUTHENTICATED       the caller's credentials are missing or wrong
    │   ├── NotAllowed                 PERMISSION_DENIED     the caller may not use the model or the method
    │   ├── CapabilityMissing          FAILED_PRECONDITION   the candidates lack what is needed
    │   └── DeadlineExceeded           DEADLINE_EXCEEDED     the caller's deadline passed
    ├── GatewayError                   the gateway cannot serve it now
    │   ├── ProvidersUnavailable       UNAVAILABLE           every candidate failed
    │   ├── StreamInterrupted          ABORTED               a stream broke after content was sent
    │   ├── Overloaded                 RESOURCE_EXHAUSTED    the gateway is at capacity
    │   ├── IssuerUnavailable          UNAVAILABLE           the keys of a token's issuer cannot be fetched
    │   ├── ShuttingDown               UNAVAILABLE           the gateway is draining
    │   ├── StoreUnavailable           UNAVAILABLE           the database cannot be reached
    │   └── Internal                   INTERNAL              a fault of the gateway
    └── ProviderError                  one attempt failed; the class says what follows (docs/errors.md)
        ├── BreakerOpen                not called: the candidate's breaker is open
        ├── Drained                    not called: an operator has taken the provider out
        ├── CandidateFull              not called: its limit of concurrent calls is reached
        ├── Incapable                  not called: it lacks what the request needs
        ├── LibraryBroken              not called: a library that reaching it needs cannot be loaded
        ├── ConnectionFailed           refused, reset or closed before a response
        │   └── UploadCut              … while a large request was on its way
        ├── NoAnswer                   no response, no first content or no further content in time
        │   └── CallerLimitPassed      … and the time limit was the caller's own choice
        ├── ServerFault                408, 500, 502, 503, 504, 529
        ├── MalformedAnswer            an answer that cannot be parsed
        │   ├── AnswerTooLarge         … or is larger than the gateway takes
        │   ├── StreamBroken           a stream that ended before its end
        │   │   └── Unexplained        … with an error that does not say whose fault it is
        │   └── AnswerUnreadable       an answer that the gateway's own code failed to read
        ├── RateLimited                429, with or without a time to come back
        │   └── TierFull               … of a service tier that the request chose
        ├── QuotaSpent                 the account has no quota or credit left
        ├── CredentialsRefused         401, and 403 where it means credentials
        ├── AccessRefused              403 where it means this account and this model
        ├── JobFailed                  an accepted job failed, and the provider does not say why
        ├── UnknownProviderModel       404 for the model
        ├── ContextTooLong             the input exceeds the model's context
        │   └── RequestTooLarge        … or what the account may use at once
        ├── ContentFiltered            the safety system refused
        ├── ModelOutputInvalid         the model wrote something unusable, such as a malformed tool call
        └── Rejected                   any other 400, 413, 422
            └── PrefillRejected        the provider refused to continue an unfinished turn

Foreign exceptions are mapped to this tree once, where they enter (`raise … from exc`). Every layer reads
the classification from the class and never from the message.
"""

from ringmain_server.errors.base import (
    PROVIDER_MESSAGE_LIMIT,
    CooldownKind,
    Failover,
    RingmainError,
    Violation,
    release,
)
from ringmain_server.errors.caller import (
    CallerError,
    CapabilityMissing,
    CredentialsInvalid,
    DeadlineExceeded,
    Inexpressible,
    InvalidField,
    MediaInvalid,
    MethodNotServed,
    ModelNotFound,
    NotAllowed,
    ResourceNotFound,
)
from ringmain_server.errors.gateway import (
    GatewayError,
    Internal,
    IssuerUnavailable,
    Overloaded,
    ProvidersUnavailable,
    ShuttingDown,
    StoreUnavailable,
    StreamInterrupted,
)
from ringmain_server.errors.provider import (
    AccessRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    BreakerOpen,
    CallerLimitPassed,
    CandidateFull,
    ConnectionFailed,
    ContentFiltered,
    ContextTooLong,
    CredentialsRefused,
    Drained,
    Incapable,
    JobFailed,
    LibraryBroken,
    MalformedAnswer,
    ModelOutputInvalid,
    NoAnswer,
    PrefillRejected,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    RequestTooLarge,
    ServerFault,
    StreamBroken,
    TierFull,
    Unexplained,
    UnknownProviderModel,
    UploadCut,
)

__all__ = [
    "PROVIDER_MESSAGE_LIMIT",
    "AccessRefused",
    "AnswerTooLarge",
    "AnswerUnreadable",
    "BreakerOpen",
    "CallerError",
    "CallerLimitPassed",
    "CandidateFull",
    "CapabilityMissing",
    "ConnectionFailed",
    "ContentFiltered",
    "ContextTooLong",
    "CooldownKind",
    "CredentialsInvalid",
    "CredentialsRefused",
    "DeadlineExceeded",
    "Drained",
    "Failover",
    "GatewayError",
    "Incapable",
    "Inexpressible",
    "Internal",
    "InvalidField",
    "IssuerUnavailable",
    "JobFailed",
    "LibraryBroken",
    "MalformedAnswer",
    "MediaInvalid",
    "MethodNotServed",
    "ModelNotFound",
    "ModelOutputInvalid",
    "NoAnswer",
    "NotAllowed",
    "Overloaded",
    "PrefillRejected",
    "ProviderError",
    "ProvidersUnavailable",
    "QuotaSpent",
    "RateLimited",
    "Rejected",
    "RequestTooLarge",
    "ResourceNotFound",
    "RingmainError",
    "ServerFault",
    "ShuttingDown",
    "StoreUnavailable",
    "StreamBroken",
    "StreamInterrupted",
    "TierFull",
    "Unexplained",
    "UnknownProviderModel",
    "UploadCut",
    "Violation",
    "release",
]
