//! The connections: calls take turns among all addresses of the gateway's name.
//!
//! A headless Service in Kubernetes is one name with an address for each replica. tonic connects to one of them, so
//! the name is resolved here, again whenever an address fails and every half minute, and each address has its own
//! channel. An address that cannot be connected to is skipped before a request is spent on it.

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::AUTHORIZATION;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::transport::Channel;

use crate::dial::Dialer;
use crate::tokens::{Bearer, Tokens};

const RESOLVE_INTERVAL: Duration = Duration::from_secs(30);
/// Between two resolutions that failing addresses ask for, and before such an address is tried first again.
const PATIENCE: Duration = Duration::from_secs(1);

type BoxError = Box<dyn StdError + Send + Sync>;

/// What calls travel over, for the stubs that tonic generated:
/// `ChatServiceClient::new(client.transport())`. It adds the client's token and metadata; deadlines and retries are the
/// caller's own.
#[derive(Clone, Debug)]
pub struct Transport {
    pool: Arc<Pool>,
    headers: Arc<HeaderMap>,
    tokens: Option<Arc<Tokens>>,
}

impl Transport {
    pub(crate) fn new(pool: Pool, headers: HeaderMap, tokens: Option<Arc<Tokens>>) -> Self {
        Self { pool: Arc::new(pool), headers: Arc::new(headers), tokens }
    }

    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_deref()
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        for (key, value) in self.headers.iter() {
            request.headers_mut().append(key, value.clone());
        }
        let pool = self.pool.clone();
        // The client's own calls bring theirs, so that they know which one was refused.
        let tokens = self.tokens.clone().filter(|_| !request.headers().contains_key(AUTHORIZATION));
        Box::pin(async move {
            if let Some(tokens) = tokens {
                request.headers_mut().insert(AUTHORIZATION, header(tokens.get().await?)?);
            }
            let (place, mut channel) = pool.pick().await?;
            let outcome = match poll_fn(|context| channel.poll_ready(context)).await {
                Ok(()) => channel.call(request).await,
                Err(error) => Err(error),
            };
            outcome.map_err(|error| {
                pool.lost(&place);
                error.into()
            })
        })
    }
}

fn header(bearer: Bearer) -> Result<HeaderValue, BoxError> {
    let mut value = HeaderValue::from_bytes(bearer.as_encoded_bytes())?;
    value.set_sensitive(true);
    Ok(value)
}

/// One address, connected to when it is first needed.
#[derive(Debug)]
struct Place {
    address: SocketAddr,
    channel: OnceCell<Channel>,
    failed_at: Mutex<Option<Instant>>,
}

impl Place {
    fn new(address: SocketAddr, failed_at: Option<Instant>) -> Arc<Self> {
        Arc::new(Self { address, channel: OnceCell::new(), failed_at: Mutex::new(failed_at) })
    }

    fn failed_lately(&self) -> bool {
        locked(&self.failed_at).is_some_and(|at| at.elapsed() < PATIENCE)
    }
}

#[derive(Debug, Default)]
struct Places {
    list: Arc<[Arc<Place>]>,
    resolved_at: Option<Instant>,
    some_lost: bool,
}

/// All addresses of a target.
#[derive(Debug)]
pub(crate) struct Pool {
    dialer: Dialer,
    wait_for_ready: bool,
    places: Mutex<Places>,
    resolving: AsyncMutex<()>,
    turn: AtomicUsize,
}

impl Pool {
    pub fn new(dialer: Dialer, wait_for_ready: bool) -> Self {
        Self {
            dialer,
            wait_for_ready,
            places: Mutex::default(),
            resolving: AsyncMutex::new(()),
            turn: AtomicUsize::new(0),
        }
    }

    /// The next address that is connected, or can be.
    async fn pick(&self) -> Result<(Arc<Place>, Channel), Status> {
        loop {
            match self.pick_once().await {
                Err(_) if self.wait_for_ready => tokio::time::sleep(PATIENCE).await,
                outcome => return outcome,
            }
        }
    }

    async fn pick_once(&self) -> Result<(Arc<Place>, Channel), Status> {
        let places = self.resolved().await?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || (0..places.len()).map(|step| &places[(turn + step) % places.len()]);
        let (healthy, doubtful): (Vec<_>, Vec<_>) = in_turn().partition(|place| !place.failed_lately());
        let mut failure = Status::unavailable(format!("{} has no address", self.dialer.target.authority()));
        for place in healthy.into_iter().chain(doubtful) {
            match place.channel.get_or_try_init(|| self.dialer.dial(place.address)).await {
                Ok(channel) => return Ok((place.clone(), channel.clone())),
                Err(status) => {
                    self.lost(place);
                    failure = status;
                }
            }
        }
        Err(failure)
    }

    /// Takes an address out of use: the next call that comes to it connects anew.
    fn lost(&self, place: &Arc<Place>) {
        let mut places = locked(&self.places);
        places.some_lost = true;
        let fresh = |old: &Arc<Place>| match Arc::ptr_eq(old, place) {
            true => Place::new(old.address, Some(Instant::now())),
            false => old.clone(),
        };
        places.list = places.list.iter().map(fresh).collect();
    }

    async fn resolved(&self) -> Result<Arc<[Arc<Place>]>, Status> {
        let known = |pool: &Self| {
            let places = locked(&pool.places);
            (places.list.clone(), places.is_due())
        };
        let (list, due) = known(self);
        if !due {
            return Ok(list);
        }
        let _one = match self.resolving.try_lock() {
            Ok(guard) => guard,
            Err(_) if !list.is_empty() => return Ok(list), // somebody resolves; the known ones will do
            Err(_) => self.resolving.lock().await,
        };
        let (list, due) = known(self);
        if !due {
            return Ok(list);
        }
        let target = &self.dialer.target;
        match target.resolve().await {
            Ok(found) => Ok(locked(&self.places).replace(found)),
            Err(_) if !list.is_empty() => Ok(locked(&self.places).keep()),
            Err(error) => Err(Status::unavailable(format!("cannot resolve {}: {error}", target.host))),
        }
    }
}

impl Places {
    fn is_due(&self) -> bool {
        let patience = if self.some_lost { PATIENCE } else { RESOLVE_INTERVAL };
        self.list.is_empty() || self.resolved_at.is_none_or(|at| at.elapsed() >= patience)
    }

    fn replace(&mut self, found: Vec<SocketAddr>) -> Arc<[Arc<Place>]> {
        let known = |address| self.list.iter().find(|place| place.address == address).cloned();
        let list = found.into_iter().map(|address| known(address).unwrap_or_else(|| Place::new(address, None)));
        self.list = list.collect();
        self.keep()
    }

    fn keep(&mut self) -> Arc<[Arc<Place>]> {
        self.resolved_at = Some(Instant::now());
        self.some_lost = false;
        self.list.clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
