//! Tokens that end: the client asks for others before they do, and when the gateway refuses one.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::Status;
use tonic::metadata::AsciiMetadataValue;

/// The longest time before its end at which a token is replaced; a quarter of its life if that is less.
const MARGIN: Duration = Duration::from_secs(30);
/// Between two replacements of tokens that the gateway refused, so that a gateway that refuses every token does not make
/// the client flood whoever gives them.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(10);
/// As long as nobody measures.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

type BoxError = Box<dyn StdError + Send + Sync>;
type Given = Pin<Box<dyn Future<Output = Result<Token, BoxError>> + Send>>;

/// A token, and how long it is valid; a text is one whose end is not told.
#[derive(Clone)]
pub struct Token {
    text: String,
    lifetime: Option<Duration>,
}

impl Token {
    /// A token that says itself when it ends, as a JWT does, or whose end nobody knows: then it is kept until the gateway
    /// refuses it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), lifetime: None }
    }

    /// How long it is valid from now on, such as `expires_in` of OAuth 2.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// What gives the tokens of a client.
#[derive(Clone)]
pub(crate) struct Source(Arc<dyn Fn() -> Given + Send + Sync>);

impl Source {
    pub fn new<S, F, T, E>(source: S) -> Self
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Token>,
        E: Into<BoxError>,
    {
        Self(Arc::new(move || {
            let given = source();
            Box::pin(async move { given.await.map(Into::into).map_err(Into::into) })
        }))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// The value of `authorization` that carries a token.
pub(crate) type Bearer = AsciiMetadataValue;

#[derive(Debug)]
struct Kept {
    bearer: Bearer,
    renew_at: Instant,
    ends_at: Instant,
}

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    no_refusal_until: Option<Instant>,
}

/// The token that a client keeps. Calls that need another one at the same time share one question.
#[derive(Debug)]
pub(crate) struct Tokens {
    source: Source,
    state: Mutex<State>,
}

impl Tokens {
    pub fn new(source: Source) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The token to send.
    pub async fn get(&self) -> Result<Bearer, Status> {
        // Who waits here waits for the one who asks; a call that ends before its token has come lets the next one ask.
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(kept) = state.kept.as_ref().filter(|kept| now < kept.renew_at) {
            return Ok(kept.bearer.clone());
        }
        match (self.source.0)().await.and_then(Kept::new) {
            Ok(kept) => Ok(state.kept.insert(kept).bearer.clone()),
            // It is asked before the token ends, so that a short outage of whoever gives tokens does no harm.
            Err(error) => match state.kept.as_ref().filter(|kept| Instant::now() < kept.ends_at) {
                Some(kept) => Ok(kept.bearer.clone()),
                None => Err(failed(error)),
            },
        }
    }

    /// The token to send in place of one that the gateway refused; None if there is no other.
    pub async fn another(&self, refused: &Bearer) -> Option<Bearer> {
        if !self.replaceable(refused).await {
            return None;
        }
        self.get().await.ok().filter(|other| other != refused)
    }

    async fn replaceable(&self, refused: &Bearer) -> bool {
        let mut state = self.state.lock().await;
        if state.kept.as_ref().is_none_or(|kept| kept.bearer != *refused) {
            return true; // another call has replaced it already
        }
        let now = Instant::now();
        if state.no_refusal_until.is_some_and(|until| now < until) {
            return false;
        }
        *state = State { kept: None, no_refusal_until: Some(now + BETWEEN_REFUSALS) };
        true
    }
}

impl Kept {
    fn new(token: Token) -> Result<Self, BoxError> {
        let mut bearer: Bearer = format!("Bearer {}", token.text).parse()?;
        bearer.set_sensitive(true);
        let lifetime = token.lifetime.unwrap_or_else(|| lifetime_of(&token.text, SystemTime::now())).min(FOREVER);
        let now = Instant::now();
        let ends_at = now + lifetime;
        Ok(Self { bearer, ends_at, renew_at: ends_at - MARGIN.min(lifetime / 4) })
    }
}

fn failed(error: BoxError) -> Status {
    let mut status = Status::unauthenticated(format!("the token source failed: {error}"));
    status.set_source(Arc::from(error));
    status
}

/// How long a JWT is valid by its claim `exp`. It is not verified: the gateway decides.
fn lifetime_of(text: &str, now: SystemTime) -> Duration {
    let Some(end) = end_of(text) else {
        return FOREVER;
    };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::try_from_secs_f64((end - now.as_secs_f64()).max(0.0)).unwrap_or(FOREVER)
}

fn end_of(text: &str) -> Option<f64> {
    let mut parts = text.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let content = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice::<serde_json::Value>(&content).ok()?.get("exp")?.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::advance;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn tokens(give: impl Fn(usize) -> Result<Token, String> + Send + Sync + 'static) -> (Tokens, Arc<AtomicUsize>) {
        let (count, give) = (Arc::new(AtomicUsize::new(0)), Arc::new(give));
        let counted = count.clone();
        let source = Source::new(move || {
            let (number, give) = (counted.fetch_add(1, Ordering::SeqCst) + 1, give.clone());
            async move { give(number) }
        });
        (Tokens::new(source), count)
    }

    fn numbered(number: usize) -> Result<Token, String> {
        Ok(Token::new(format!("t{number}")))
    }

    /// A token is replaced a quarter of its life before its end, and at most half a minute.
    #[tokio::test(start_paused = true)]
    async fn replaced_before_its_end() {
        for (lifetime, seconds) in [(3600, 3570), (60, 45), (0, 0)] {
            let (tokens, count) = tokens(move |_| Ok(Token::new("t").lifetime(Duration::from_secs(lifetime))));
            tokens.get().await.unwrap();
            if seconds > 0 {
                advance(Duration::from_secs(seconds) - Duration::from_millis(1)).await;
                tokens.get().await.unwrap();
                assert_eq!(count.load(Ordering::SeqCst), 1);
            }
            advance(Duration::from_millis(1)).await;
            tokens.get().await.unwrap();
            assert_eq!(count.load(Ordering::SeqCst), 2);
        }
    }

    /// One whose end is unknown is kept.
    #[tokio::test(start_paused = true)]
    async fn kept() {
        let (tokens, count) = tokens(numbered);
        for _ in 0..3 {
            tokens.get().await.unwrap();
            advance(Duration::from_secs(365 * 86_400)).await;
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    /// A JWT tells its end; whatever else a text is, it tells none.
    #[test]
    fn jwt_tells_its_end() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(lifetime_of(&jwt(r#"{"a":{"exp":7},"exp":1060}"#), now), Duration::from_secs(60));
        assert_eq!(lifetime_of(&jwt(r#"{"exp":1060.5}"#), now), Duration::from_millis(60_500));
        assert_eq!(lifetime_of(&jwt(r#"{"exp":7}"#), now), Duration::ZERO);
        for other in
            ["", "opaque", "a.b", "a.b.c", "a.b.c.d", &jwt("{}"), &jwt(r#"{"exp":"1"}"#), &jwt(r#"{"exp":1e300}"#)]
        {
            assert_eq!(lifetime_of(other, now), FOREVER, "{other}");
        }
    }

    /// A token that is about to end is sent as long as no other can be had.
    #[tokio::test(start_paused = true)]
    async fn outage() {
        let (tokens, _) = tokens(|number| match number {
            1 => Ok(Token::new("t").lifetime(Duration::from_secs(600))),
            _ => Err("away".to_owned()),
        });
        tokens.get().await.unwrap();
        advance(Duration::from_secs(599)).await;
        assert_eq!(tokens.get().await.unwrap(), "Bearer t");
        advance(Duration::from_secs(1)).await;
        let status = tokens.get().await.unwrap_err();
        assert_eq!((status.code(), status.message()), (tonic::Code::Unauthenticated, "the token source failed: away"));
    }

    /// A gateway that refuses every token cannot make the client ask without end.
    #[tokio::test(start_paused = true)]
    async fn refusals() {
        let (tokens, _) = tokens(numbered);
        let first = tokens.get().await.unwrap();
        let second = tokens.another(&first).await.unwrap();
        assert_eq!(second, "Bearer t2");
        assert_eq!(tokens.another(&first).await.unwrap(), "Bearer t2", "it has been replaced already");
        assert!(tokens.another(&second).await.is_none());
        advance(BETWEEN_REFUSALS).await;
        assert_eq!(tokens.another(&second).await.unwrap(), "Bearer t3");
    }

    /// What cannot be sent is told, and no text of a token is ever shown.
    #[tokio::test]
    async fn unusable() {
        let (tokens, _) = tokens(|_| Ok(Token::new("a\nb")));
        assert_eq!(tokens.get().await.unwrap_err().code(), tonic::Code::Unauthenticated);
        assert!(!format!("{:?}", Token::new("secret")).contains("secret"));
        assert!(!format!("{:?}", Kept::new(Token::new("secret")).unwrap()).contains("secret"));
    }
}
