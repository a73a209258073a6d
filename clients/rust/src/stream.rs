//! Answers as they are written.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Streaming;
use tonic::metadata::MetadataMap;

use crate::Error;
use crate::error::strip;
use crate::v1;

/// A message of a stream that ends with a last event.
pub trait Event: sealed::Sealed + Unpin {
    /// Whether the stream is complete with this event.
    fn finishes(&self) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::v1::ChatEvent {}
    impl Sealed for crate::v1::ImageEvent {}
}

impl Event for v1::ChatEvent {
    fn finishes(&self) -> bool {
        matches!(self.event, Some(v1::chat_event::Event::Finished(_)))
    }
}

impl Event for v1::ImageEvent {
    fn finishes(&self) -> bool {
        matches!(self.event, Some(v1::image_event::Event::Finished(_)))
    }
}

/// A running call that answers in events. It is a [`Stream`], and [`message`](Self::message) reads it without that trait.
///
/// Dropping it cancels the call, and the provider stops writing. A stream that ends without its last event is an error
/// (`STREAM_INTERRUPTED`), never a short answer.
#[derive(Debug)]
pub struct EventStream<T> {
    inner: Option<Streaming<T>>,
    deadline: Option<Pin<Box<Sleep>>>,
    finished: bool,
    metadata: MetadataMap,
    trailers: MetadataMap,
}

impl<T: Event> EventStream<T> {
    pub(crate) fn new(response: tonic::Response<Streaming<T>>, deadline: Option<Instant>) -> Self {
        let (mut metadata, inner, _) = response.into_parts();
        strip(&mut metadata);
        Self {
            inner: Some(inner),
            deadline: deadline.map(|at| Box::pin(sleep_until(at))),
            finished: false,
            metadata,
            trailers: MetadataMap::new(),
        }
    }

    /// The next event; None after the last.
    ///
    /// # Errors
    /// The call failed, or broke off.
    pub async fn message(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll_event(context)).await.transpose()
    }

    /// What the server sent before the first event.
    pub fn metadata(&self) -> &MetadataMap {
        &self.metadata
    }

    /// What the server sent after the last event; empty before. Those of a failed call are in its error's status.
    pub fn trailers(&self) -> &MetadataMap {
        &self.trailers
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let Some(inner) = self.inner.as_mut() else {
            return Poll::Ready(None);
        };
        let outcome = match Pin::new(inner).poll_next(context) {
            Poll::Ready(Some(Ok(event))) => {
                self.finished |= event.finishes();
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Some(Err(status))) => Some(Err(status.into())),
            Poll::Ready(None) => return self.poll_end(context),
            Poll::Pending => match self.deadline.as_mut().map(|sleep| sleep.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Some(Err(Error::deadline())),
                _ => return Poll::Pending,
            },
        };
        self.inner = None;
        Poll::Ready(outcome)
    }

    /// The end: of the answer if the last event has come, else of a broken stream.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if let Some(mut inner) = self.inner.take() {
            // The trailers have arrived with the end, so that this does not wait.
            if let Poll::Ready(Ok(Some(trailers))) = std::pin::pin!(inner.trailers()).poll(context) {
                self.trailers = trailers;
                strip(&mut self.trailers);
            }
        }
        match self.finished {
            true => Poll::Ready(None),
            false => Poll::Ready(Some(Err(Error::interrupted()))),
        }
    }
}

impl<T: Event> Stream for EventStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context)
    }
}
