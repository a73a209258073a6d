//! How a client is made: address, credentials, deadline, retries, limits.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
#[cfg(feature = "tls")]
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::balance::{Pool, Transport};
use crate::dial::{Dialer, Tls};
use crate::retry::Retries;
use crate::target::{self, Target};
use crate::tokens::{Source, Tokens};
use crate::{Client, Error, Token};

/// The default of the gateway's setting `server.max_receive_bytes`.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Makes a [`Client`]; see [`Client::builder`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    target: Option<String>,
    model: String,
    timeout: Option<Duration>,
    token: Option<String>,
    token_source: Option<Source>,
    metadata: Vec<(String, String)>,
    max_attempts: Option<usize>,
    max_message_bytes: Option<usize>,
    wait_for_ready: bool,
    tls: Option<Tls>,
    #[cfg(feature = "tls")]
    tls_server_name: Option<String>,
}

impl Builder {
    /// The gateway's address: `host:port`, `dns:///host:port`, `http://host:port`, `https://host:port`, or addresses as in
    /// `ipv4:10.0.0.1:50051,10.0.0.2:50051`.
    ///
    /// Default: the environment's `RINGMAIN_TARGET`, else `127.0.0.1:50051`. A name with several addresses is
    /// balanced over all of them.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The model of calls that name none.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// How long a call may take, all attempts included, when it names no timeout. Default: no end.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The token or API key, sent with every call as `authorization: Bearer`. Without TLS it travels readable.
    ///
    /// For tokens that end, see [`token_source`](Self::token_source).
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Gives the tokens of calls, for tokens that end. It is asked before the first call, again shortly before the token
    /// ends, and once more if the gateway refuses it; calls that wait at the same time share it.
    ///
    /// A call that gets no token fails with `UNAUTHENTICATED`, and the error's source is the one that was returned.
    pub fn token_source<S, F, T, E>(mut self, source: S) -> Self
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Token>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.token_source = Some(Source::new(source));
        self
    }

    /// Sent with every call.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// How often a call that ends UNAVAILABLE before anything of an answer has arrived is tried: 1 to 5, default 3.
    ///
    /// A try may cost money; give a `request_id` to pay once.
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// The largest request, in bytes: a larger one is `INVALID_ARGUMENT` before anything of it is sent. Default: 64 MiB,
    /// which is the gateway's own default (its `server.max_receive_bytes`).
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = Some(bytes);
        self
    }

    /// Whether calls wait for a gateway that cannot be reached (until their timeout) instead of failing.
    pub fn wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = wait;
        self
    }

    /// TLS with the system's root certificates.
    #[cfg(feature = "tls")]
    pub fn tls(self) -> Self {
        self.tls_config(ClientTlsConfig::new().with_native_roots())
    }

    /// TLS with root certificates of your own, as PEM.
    #[cfg(feature = "tls")]
    pub fn tls_with_roots(self, pem: impl AsRef<[u8]>) -> Self {
        self.tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
    }

    /// Mutual TLS: certificate chain and private key, as PEM. Without roots of your own, the system's are used.
    #[cfg(feature = "tls")]
    pub fn client_certificate(mut self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let tls = self.tls.take().unwrap_or_else(|| ClientTlsConfig::new().with_native_roots());
        self.tls_config(tls.identity(Identity::from_pem(chain, key)))
    }

    /// The name that the gateway's certificate must have. Default: the target's host.
    #[cfg(feature = "tls")]
    pub fn tls_server_name(mut self, name: impl Into<String>) -> Self {
        self.tls_server_name = Some(name.into());
        self
    }

    /// TLS as tonic configures it, but for the server's name, which [`tls_server_name`](Self::tls_server_name) sets.
    #[cfg(feature = "tls")]
    pub fn tls_config(mut self, tls: ClientTlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes the client. It connects with its first call.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the target, the token, the metadata or the number of attempts cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let target = Target::parse(&self.address())?;
        let attempts = self.max_attempts.unwrap_or(3);
        if !(1..=5).contains(&attempts) {
            return Err(Error::invalid(format!("max_attempts must be 1 to 5, not {attempts}")));
        }
        if self.token.is_some() && self.token_source.is_some() {
            return Err(Error::invalid("give token or token_source, not both"));
        }
        let headers = self.headers()?;
        let tokens = self.token_source.clone().map(|source| Arc::new(Tokens::new(source)));
        let tls = self.tls_for(&target)?;
        let pool = Pool::new(Dialer::new(target, tls)?, self.wait_for_ready);
        let transport = Transport::new(pool, headers.into_headers(), tokens);
        let max_message_bytes = self.max_message_bytes.unwrap_or(MAX_MESSAGE_BYTES);
        Ok(Client::new(transport, self.model, self.timeout, max_message_bytes, Retries::new(attempts)))
    }

    fn address(&self) -> String {
        let from_environment = || std::env::var(target::VARIABLE).ok().filter(|it| !it.is_empty());
        let given = self.target.clone().or_else(from_environment);
        given.unwrap_or_else(|| target::DEFAULT.to_owned())
    }

    fn headers(&self) -> Result<MetadataMap, Error> {
        let bearer = self.token.as_ref().map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
        let mut headers = MetadataMap::new();
        for (key, value) in bearer.into_iter().chain(self.metadata.iter().cloned()) {
            let (key, value) = entry(&key, &value)?;
            headers.append(key, value);
        }
        Ok(headers)
    }

    #[cfg(feature = "tls")]
    fn tls_for(&self, target: &Target) -> Result<Option<Tls>, Error> {
        let by_scheme = || target.tls.then(|| ClientTlsConfig::new().with_native_roots());
        let name = self.tls_server_name.as_ref().unwrap_or(&target.host);
        let tls = self.tls.clone().or_else(by_scheme);
        // Addresses are connected to by number, so that the name has to be said.
        Ok(tls.map(|tls| tls.domain_name(name)))
    }

    #[cfg(not(feature = "tls"))]
    fn tls_for(&self, target: &Target) -> Result<Option<Tls>, Error> {
        match target.tls {
            true => Err(Error::invalid("https needs the feature `tls` of this crate")),
            false => Ok(self.tls),
        }
    }
}

/// A key and value of metadata, checked.
pub(crate) fn entry(key: &str, value: &str) -> Result<(AsciiMetadataKey, AsciiMetadataValue), Error> {
    let refuse = || Error::invalid(format!("metadata {key:?} has a key or value that gRPC cannot send"));
    let name = key.parse().map_err(|_| refuse())?;
    Ok((name, value.parse().map_err(|_| refuse())?))
}
