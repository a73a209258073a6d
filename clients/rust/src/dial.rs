//! One connection: to a numbered address, with keep-alive, windows and TLS.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

use tonic::Status;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::Error;
use crate::target::Target;

#[cfg(feature = "tls")]
pub(crate) type Tls = tonic::transport::ClientTlsConfig;
#[cfg(not(feature = "tls"))]
pub(crate) type Tls = std::convert::Infallible;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
const KEEPALIVE_TIME: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How far a stream may run ahead of its reader, in bytes. hyper's default is megabytes.
const STREAM_WINDOW: u32 = 256 * 1024;

/// Connects to addresses of a target.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub target: Target,
    tls: Option<Tls>,
}

impl Dialer {
    /// Checks what can be checked without connecting.
    pub fn new(target: Target, tls: Option<Tls>) -> Result<Self, Error> {
        let dialer = Self { target, tls };
        dialer.endpoint(SocketAddr::from(([127, 0, 0, 1], 1))).map_err(Error::invalid)?;
        Ok(dialer)
    }

    pub async fn dial(&self, address: SocketAddr) -> Result<Channel, Status> {
        let endpoint = self.endpoint(address).map_err(Status::internal)?;
        let connected = endpoint.connect().await;
        connected.map_err(|error| Status::unavailable(format!("cannot connect to {address}: {}", root_cause(&error))))
    }

    fn endpoint(&self, address: SocketAddr) -> Result<Endpoint, String> {
        // The address says where to connect, the origin what requests are for.
        let origin = self.uri(self.target.authority())?;
        let endpoint = Endpoint::from(self.uri(address.to_string())?)
            .origin(origin)
            .user_agent(concat!("ringmain-rust/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| root_cause(&error))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_TIME)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(false)
            .initial_stream_window_size(STREAM_WINDOW);
        self.secured(endpoint)
    }

    fn uri(&self, authority: String) -> Result<Uri, String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let uri = format!("{scheme}://{authority}").parse();
        uri.map_err(|error| format!("cannot use the address {authority:?}: {error}"))
    }

    #[cfg(feature = "tls")]
    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, String> {
        match self.tls.clone() {
            None => Ok(endpoint),
            Some(tls) => endpoint.tls_config(tls).map_err(|error| root_cause(&error)),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, String> {
        match self.tls {
            None => Ok(endpoint),
            Some(never) => match never {},
        }
    }
}

fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
