//! One call: its request with deadline and metadata, and the reply with the server's metadata.

use std::ops::Deref;
use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};

use crate::Error;
use crate::error::strip;
use crate::settings::entry;
use crate::tokens::Bearer;
use crate::v1;

/// A request together with how it is sent. Every request is one: `client.chat("Hello")`, `client.chat(request)` and
/// `client.chat(Call::new(request).timeout(…))` are the same kind of call.
#[derive(Clone, Debug)]
pub struct Call<Q> {
    pub(crate) request: Q,
    timeout: Option<Duration>,
    metadata: Vec<(String, String)>,
}

impl<Q> Call<Q> {
    /// A call with the client's own deadline.
    pub fn new(request: Q) -> Self {
        Self { request, timeout: None, metadata: Vec::new() }
    }

    /// How long the call may take, all attempts included, and for a stream all of it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sent with this call.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    pub(crate) fn prepared(self, default_timeout: Option<Duration>) -> Result<Prepared<Q>, Error> {
        let pairs = self.metadata.iter().map(|(key, value)| entry(key, value));
        Ok(Prepared {
            request: self.request,
            deadline: self.timeout.or(default_timeout).map(|timeout| Instant::now() + timeout),
            metadata: pairs.collect::<Result<_, _>>()?,
        })
    }
}

/// A call whose clock runs, from which every attempt is made.
pub(crate) struct Prepared<Q> {
    request: Q,
    pub deadline: Option<Instant>,
    metadata: Vec<(AsciiMetadataKey, AsciiMetadataValue)>,
}

impl<Q: Clone> Prepared<Q> {
    pub fn attempt(&self, bearer: Option<&Bearer>) -> tonic::Request<Q> {
        let mut request = tonic::Request::new(self.request.clone());
        if let Some(bearer) = bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        for (key, value) in &self.metadata {
            request.metadata_mut().append(key.clone(), value.clone());
        }
        if let Some(deadline) = self.deadline {
            request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        }
        request
    }
}

impl<Q> From<Q> for Call<Q> {
    fn from(request: Q) -> Self {
        Self::new(request)
    }
}

impl From<&str> for Call<v1::ChatRequest> {
    fn from(question: &str) -> Self {
        Self::new(v1::ChatRequest::from(question))
    }
}

impl From<String> for Call<v1::ChatRequest> {
    fn from(question: String) -> Self {
        Self::new(v1::ChatRequest::from(question))
    }
}

impl From<v1::Message> for Call<v1::ChatRequest> {
    fn from(message: v1::Message) -> Self {
        Self::new(v1::ChatRequest::from(message))
    }
}

impl From<Vec<v1::Message>> for Call<v1::ChatRequest> {
    fn from(conversation: Vec<v1::Message>) -> Self {
        Self::new(v1::ChatRequest::from(conversation))
    }
}

/// A response, to be used like the message itself.
#[derive(Clone, Debug)]
pub struct Reply<A> {
    message: A,
    metadata: MetadataMap,
}

impl<A> Reply<A> {
    /// The message.
    pub fn into_inner(self) -> A {
        self.message
    }

    /// What the server sent along, trailers included.
    pub fn metadata(&self) -> &MetadataMap {
        &self.metadata
    }
}

impl<A> Deref for Reply<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.message
    }
}

impl<A> From<tonic::Response<A>> for Reply<A> {
    fn from(response: tonic::Response<A>) -> Self {
        let (mut metadata, message, _) = response.into_parts();
        strip(&mut metadata);
        Self { message, metadata }
    }
}
