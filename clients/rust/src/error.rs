//! Why a call failed.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::v1::ErrorReason;

const DOMAIN: &str = "ringmain.v1";

/// A field of the request that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path, such as `messages[2].parts[0].media`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// A failed call.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    status: Status,
    code: Code,
    reason: String,
    metadata: HashMap<String, String>,
    retry_delay: Option<Duration>,
    violations: Vec<Violation>,
}

impl Error {
    /// The gRPC status code. A message that is too large for the server (`RESOURCE_EXHAUSTED` without an ErrorInfo, which
    /// only gRPC itself sends) is a mistake in the request and no limit of rate: `INVALID_ARGUMENT`.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        self.0.status.message()
    }

    /// The gateway's reason, such as `PROVIDERS_UNAVAILABLE`. Empty if the status came from elsewhere: gRPC itself, or a
    /// proxy.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// [`reason`](Self::reason) as the enum of the contract; `Unspecified` if empty or newer than this crate.
    pub fn error_reason(&self) -> ErrorReason {
        ErrorReason::from_str_name(&format!("ERROR_REASON_{}", self.0.reason)).unwrap_or_default()
    }

    /// What the reason is about, such as `model`.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.0.metadata
    }

    /// The gateway's name for the call, to be found in its log. Empty if it gave none.
    pub fn response_id(&self) -> &str {
        self.0.metadata.get("response_id").map_or("", String::as_str)
    }

    /// How long to wait before a repeat has a chance. None if the gateway named no delay.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.0.retry_delay
    }

    /// The fields that break a rule.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The status as tonic gives it, with the trailers as its metadata.
    pub fn status(&self) -> &Status {
        &self.0.status
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Status::invalid_argument(message).into()
    }

    pub(crate) fn deadline() -> Self {
        Status::deadline_exceeded("the deadline passed").into()
    }

    pub(crate) fn interrupted() -> Self {
        let mut error = Self::from(Status::aborted("the stream ended without its last event"));
        error.0.reason = "STREAM_INTERRUPTED".to_owned();
        error
    }
}

impl From<Status> for Error {
    /// Reads the details; those that are absent or garbled (a proxy's own idea of them) leave the code and message.
    fn from(status: Status) -> Self {
        let mut status = recoded(status);
        strip(status.metadata_mut());
        let details = status.check_error_details().unwrap_or_default();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let fields = details.bad_request().map(|bad| bad.field_violations.as_slice());
        let violation = |it: &tonic_types::FieldViolation| Violation {
            field: it.field.clone(),
            description: it.description.clone(),
        };
        let too_large = status.code() == Code::ResourceExhausted && details.error_info().is_none();
        Self(Box::new(Inner {
            code: if too_large { Code::InvalidArgument } else { status.code() },
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            retry_delay: details.retry_info().and_then(|retry| retry.retry_delay),
            violations: fields.unwrap_or_default().iter().map(violation).collect(),
            status,
        }))
    }
}

/// tonic's own failures have other codes than those of gRPC's other libraries: a deadline that passed before the answer
/// began is CANCELLED there, a connection that broke UNKNOWN, and one that broke before the request left CANCELLED too.
pub(crate) fn recoded(status: Status) -> Status {
    let Some(source) = std::error::Error::source(&status) else {
        return status;
    };
    let mut causes = std::iter::successors(Some(source), |error| error.source());
    let code = match status.code() {
        _ if causes.any(|cause| cause.is::<tonic::TimeoutExpired>()) => Code::DeadlineExceeded,
        Code::Unknown | Code::Cancelled => Code::Unavailable,
        _ => return status,
    };
    Status::with_metadata(code, status.message(), status.metadata().clone())
}

/// Removes what gRPC's other libraries keep to themselves.
pub(crate) fn strip(metadata: &mut MetadataMap) {
    for key in [
        "content-type",
        "date",
        "grpc-accept-encoding",
        "grpc-encoding",
        "grpc-message",
        "grpc-status",
        "grpc-status-details-bin",
    ] {
        metadata.remove(key);
    }
}

impl fmt::Display for Error {
    /// Reason, message, violations and delay in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => write!(f, "{:?}: {}", self.code(), self.message())?,
            reason => write!(f, "{reason}: {}", self.message())?,
        }
        for violation in self.violations() {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        match self.retry_delay() {
            Some(delay) => write!(f, " (retry in {} s)", delay.as_secs_f64()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("reason", &self.reason())
            .field("message", &self.message())
            .field("metadata", self.metadata())
            .field("retry_delay", &self.retry_delay())
            .field("violations", &self.violations())
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.status.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, StatusExt};

    /// Reason, metadata, delay and violations come from the details.
    #[test]
    fn details() {
        let metadata = [("response_id".to_owned(), "r-1".to_owned())];
        let mut details = ErrorDetails::new();
        details
            .set_error_info("RATE_LIMITED", DOMAIN, metadata)
            .set_retry_info(Some(Duration::from_millis(1500)))
            .add_bad_request_violation("messages[0]", "is empty");
        let error = Error::from(Status::with_error_details(Code::ResourceExhausted, "slow down", details));
        assert_eq!(error.error_reason(), ErrorReason::RateLimited);
        assert_eq!(error.response_id(), "r-1");
        assert_eq!(error.retry_delay(), Some(Duration::from_millis(1500)));
        assert_eq!(error.to_string(), "RATE_LIMITED: slow down; messages[0]: is empty (retry in 1.5 s)");
    }

    /// Every reason of the contract is known by its name.
    #[test]
    fn reasons() {
        for (code, name, reason) in [
            (Code::NotFound, "RESOURCE_NOT_FOUND", ErrorReason::ResourceNotFound),
            (Code::Unimplemented, "METHOD_NOT_SERVED", ErrorReason::MethodNotServed),
            (Code::Unavailable, "LIMITS_UNAVAILABLE", ErrorReason::LimitsUnavailable),
            (Code::Unavailable, "ISSUER_UNAVAILABLE", ErrorReason::IssuerUnavailable),
            (Code::ResourceExhausted, "PROVIDERS_RATE_LIMITED", ErrorReason::ProvidersRateLimited),
            (Code::Aborted, "MODEL_OUTPUT_INVALID", ErrorReason::ModelOutputInvalid),
        ] {
            let mut details = ErrorDetails::new();
            details.set_error_info(name, DOMAIN, HashMap::new());
            let error = Error::from(Status::with_error_details(code, "m", details));
            assert_eq!((error.reason(), error.error_reason()), (name, reason));
        }
    }

    /// A reason of another domain is not the gateway's.
    #[test]
    fn other_domain() {
        let mut details = ErrorDetails::new();
        details.set_error_info("QUOTA", "proxy.example", HashMap::new());
        let error = Error::from(Status::with_error_details(Code::Unavailable, "busy", details));
        assert_eq!((error.reason(), error.error_reason()), ("", ErrorReason::Unspecified));
        assert_eq!(error.to_string(), "Unavailable: busy");
    }

    /// RESOURCE_EXHAUSTED is a limit of rate where an ErrorInfo says so, and else gRPC's refusal of what is too large.
    #[test]
    fn too_large() {
        let error = Error::from(Status::resource_exhausted("larger than max"));
        assert_eq!((error.code(), error.status().code()), (Code::InvalidArgument, Code::ResourceExhausted));
        assert_eq!(error.to_string(), "InvalidArgument: larger than max");
        for domain in [DOMAIN, "proxy.example"] {
            let mut details = ErrorDetails::new();
            details.set_error_info("RATE_LIMITED", domain, HashMap::new());
            let status = Status::with_error_details(Code::ResourceExhausted, "slow down", details);
            assert_eq!(Error::from(status).code(), Code::ResourceExhausted);
        }
    }

    /// Garbled details leave code and message.
    #[test]
    fn garbled() {
        let status = Status::with_details(Code::NotFound, "none", b"\xff\xff".as_slice().into());
        let error = Error::from(status);
        assert_eq!((error.code(), error.message()), (Code::NotFound, "none"));
    }
}
