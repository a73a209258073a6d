//! Retries: when a failed call is tried again, and after which delay.
//!
//! tonic does not read gRPC's service config, so the rules of
//! <https://github.com/grpc/proposal/blob/master/A6-client-retries.md> are kept here: only UNAVAILABLE, exponential
//! delays with jitter, the server's push-back, and a throttle so that an outage is not multiplied.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tonic::{Code, Status};

const INITIAL_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(2);
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// In thousandths of a token: a failure costs one, a success gives back a tenth, repeats need more than half.
const MAX_TOKENS: i32 = 10_000;
const FAILURE: i32 = 1_000;
const SUCCESS: i32 = 100;

/// The policy of a client, shared by all its calls.
#[derive(Debug)]
pub(crate) struct Retries {
    max_attempts: usize,
    tokens: AtomicI32,
}

impl Retries {
    pub fn new(max_attempts: usize) -> Self {
        Self { max_attempts, tokens: AtomicI32::new(MAX_TOKENS) }
    }

    /// Makes a call, again as long as it is safe and promising.
    pub async fn run<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let delays = ExponentialBuilder::new()
            .with_min_delay(INITIAL_DELAY)
            .with_max_delay(MAX_DELAY)
            .with_factor(2.0)
            .with_max_times(self.max_attempts - 1)
            .with_jitter();
        let outcome = attempt.retry(delays).when(|status| self.allows(status)).adjust(delay).await;
        if outcome.is_ok() {
            self.credit(SUCCESS);
        }
        outcome
    }

    /// Whether a failure may be repeated; takes its price from the throttle.
    fn allows(&self, status: &Status) -> bool {
        if status.code() != Code::Unavailable {
            return false;
        }
        self.credit(-FAILURE) > MAX_TOKENS / 2
    }

    fn credit(&self, amount: i32) -> i32 {
        let add = |tokens: i32| Some((tokens + amount).clamp(0, MAX_TOKENS));
        let order = Ordering::Relaxed;
        let before = self.tokens.fetch_update(order, order, add).unwrap_or(MAX_TOKENS);
        (before + amount).clamp(0, MAX_TOKENS)
    }
}

/// The delay before the next attempt: the server's where it names one, none at all where it forbids a repeat.
fn delay(status: &Status, proposed: Option<Duration>) -> Option<Duration> {
    let Some(pushback) = status.metadata().get(PUSHBACK) else {
        return proposed;
    };
    let millis: Option<u64> = pushback.to_str().ok().and_then(|text| text.parse().ok());
    // Only where another attempt was due; a negative or unreadable delay means "never".
    proposed.and(millis.map(Duration::from_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(text: &'static str) -> Status {
        let mut status = Status::unavailable("");
        status.metadata_mut().insert(PUSHBACK, text.parse().unwrap());
        status
    }

    /// The server's delay replaces the proposed one, and forbids a repeat when negative or unreadable.
    #[test]
    fn pushback() {
        let proposed = Some(Duration::from_millis(100));
        assert_eq!(delay(&Status::unavailable(""), proposed), proposed);
        assert_eq!(delay(&pushed("7"), proposed), Some(Duration::from_millis(7)));
        assert_eq!(delay(&pushed("-1"), proposed), None);
        assert_eq!(delay(&pushed("soon"), proposed), None);
        assert_eq!(delay(&pushed("7"), None), None);
    }

    /// When most calls fail, repeats stop until enough calls have succeeded.
    #[test]
    fn throttle() {
        let retries = Retries::new(3);
        let down = Status::unavailable("");
        let allowed = (0..10).filter(|_| retries.allows(&down)).count();
        assert_eq!(allowed, 4);
        for _ in 0..70 {
            retries.credit(SUCCESS);
        }
        assert!(retries.allows(&down));
    }

    /// Other codes than UNAVAILABLE are final.
    #[test]
    fn other_codes() {
        assert!(!Retries::new(3).allows(&Status::internal("")));
    }
}
