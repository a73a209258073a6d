//! The client: one method for each of the contract's, with deadline, retries and errors.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::{Code, Response, Status, Streaming};

use crate::call::Prepared;
use crate::error::recoded;
use crate::retry::Retries;
use crate::stream::Event;
use crate::tokens::Bearer;
use crate::v1::chat_service_client::ChatServiceClient;
use crate::v1::embedding_service_client::EmbeddingServiceClient;
use crate::v1::image_service_client::ImageServiceClient;
use crate::v1::model_service_client::ModelServiceClient;
use crate::v1::vision_service_client::VisionServiceClient;
use crate::v1::*;
use crate::{Builder, Call, Error, EventStream, Reply, Transport};

/// The largest message that is taken from the gateway, in bytes. Pictures are large; tonic's own limit is 4 MiB.
const MESSAGE_LIMIT: usize = 64 * 1024 * 1024;

/// A client of the gateway. Clones share its connections.
///
/// Each method takes a request, or a [`Call`] that says more. To cancel a call, drop its future or its stream.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    model: Arc<str>,
    timeout: Option<Duration>,
    max_message_bytes: usize,
    retries: Arc<Retries>,
}

/// Declares how a method of a service is called.
macro_rules! unary {
    ($(#[$doc:meta])* $name:ident($stub:ident: $request:ident) -> $response:ident) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// The call failed; see [`Error`].
        pub async fn $name(&self, call: impl Into<Call<$request>>) -> Result<Reply<$response>, Error> {
            let stub = self.$stub();
            let method = |request| {
                let mut stub = stub.clone();
                async move { stub.$name(request).await }
            };
            Ok(self.run(&self.prepared(call.into())?, method).await?.into())
        }
    };
}

macro_rules! streamed {
    ($(#[$doc:meta])* $name:ident($stub:ident: $request:ident) -> $event:ident) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// The call failed before its first event; see [`Error`].
        pub async fn $name(&self, call: impl Into<Call<$request>>) -> Result<EventStream<$event>, Error> {
            let stub = self.$stub();
            let method = |request| {
                let mut stub = stub.clone();
                async move { stub.$name(request).await }
            };
            self.start(&self.prepared(call.into())?, method).await
        }
    };
}

impl Client {
    /// A client for `RINGMAIN_TARGET`, else `127.0.0.1:50051`, with all defaults.
    ///
    /// # Errors
    /// The environment's target cannot be read.
    pub fn new_from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Says how the client is made.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        transport: Transport,
        model: String,
        timeout: Option<Duration>,
        max_message_bytes: usize,
        retries: Retries,
    ) -> Self {
        Self { transport, model: model.into(), timeout, max_message_bytes, retries: Arc::new(retries) }
    }

    /// What calls travel over, for stubs of your own; it carries the token.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
    }

    unary! {
        /// Returns the answer to a question or conversation.
        chat(chat_stub: ChatRequest) -> ChatResponse
    }
    streamed! {
        /// Starts an answer and returns it as it is written.
        stream_chat(chat_stub: ChatRequest) -> ChatEvent
    }
    unary! {
        /// Returns how many tokens a request has, without sending it to a model.
        count_tokens(chat_stub: CountTokensRequest) -> CountTokensResponse
    }
    unary! {
        /// Returns what a request would cost at least and at most, without sending it to a model.
        estimate_cost(chat_stub: EstimateCostRequest) -> EstimateCostResponse
    }
    unary! {
        /// Returns what a model sees in pictures.
        analyze_images(vision_stub: AnalyzeImagesRequest) -> ChatResponse
    }
    streamed! {
        /// Returns what a model sees in pictures, as it is written.
        stream_analyze_images(vision_stub: AnalyzeImagesRequest) -> ChatEvent
    }
    unary! {
        /// Returns pictures made from a description.
        generate_images(image_stub: GenerateImagesRequest) -> GenerateImagesResponse
    }
    streamed! {
        /// Returns pictures in pieces, with previews; [`Pictures`](crate::Pictures) puts them together.
        stream_images(image_stub: StreamImagesRequest) -> ImageEvent
    }
    unary! {
        /// Returns the vectors of texts.
        embed(embedding_stub: EmbedRequest) -> EmbedResponse
    }
    unary! {
        /// Returns a page of the gateway's models.
        list_models(model_stub: ListModelsRequest) -> ListModelsResponse
    }
    unary! {
        /// Returns one model.
        get_model(model_stub: GetModelRequest) -> GetModelResponse
    }
    unary! {
        /// Returns what server this is, what it serves, and how large a request may be.
        get_server_info(model_stub: GetServerInfoRequest) -> GetServerInfoResponse
    }

    /// The stub of ChatService, as tonic generated it.
    pub fn chat_stub(&self) -> ChatServiceClient<Transport> {
        ChatServiceClient::new(self.transport()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The stub of VisionService, as tonic generated it.
    pub fn vision_stub(&self) -> VisionServiceClient<Transport> {
        VisionServiceClient::new(self.transport()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The stub of ImageService, as tonic generated it.
    pub fn image_stub(&self) -> ImageServiceClient<Transport> {
        ImageServiceClient::new(self.transport()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The stub of EmbeddingService, as tonic generated it.
    pub fn embedding_stub(&self) -> EmbeddingServiceClient<Transport> {
        EmbeddingServiceClient::new(self.transport()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The stub of ModelService, as tonic generated it.
    pub fn model_stub(&self) -> ModelServiceClient<Transport> {
        ModelServiceClient::new(self.transport()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    fn prepared<Q: Named + prost::Message>(&self, mut call: Call<Q>) -> Result<Prepared<Q>, Error> {
        if let Some(model) = call.request.model().filter(|model| model.is_empty()) {
            model.push_str(&self.model);
        }
        let (size, limit) = (call.request.encoded_len(), self.max_message_bytes);
        if size > limit {
            return Err(Error::invalid(format!("the request has {size} bytes, more than max_message_bytes ({limit})")));
        }
        call.prepared(self.timeout)
    }

    async fn run<Q, A, F>(&self, call: &Prepared<Q>, method: impl Fn(tonic::Request<Q>) -> F) -> Result<A, Error>
    where
        Q: Clone,
        F: Future<Output = Result<A, Status>>,
    {
        within(call.deadline, self.authorized(call, method)).await?.map_err(Error::from)
    }

    /// Makes a call with the client's token, and once more with another one if the gateway refuses it before it answers.
    async fn authorized<Q, A, F>(
        &self,
        call: &Prepared<Q>,
        method: impl Fn(tonic::Request<Q>) -> F,
    ) -> Result<A, Status>
    where
        Q: Clone,
        F: Future<Output = Result<A, Status>>,
    {
        // Recoded before the retries judge it: a broken connection is UNAVAILABLE.
        let attempt = async |bearer: Option<&Bearer>| method(call.attempt(bearer)).await.map_err(recoded);
        let Some(tokens) = self.transport.tokens() else {
            return self.retries.run(async || attempt(None).await).await;
        };
        let bearer = tokens.get().await?;
        let outcome = self.retries.run(async || attempt(Some(&bearer)).await).await;
        match outcome {
            Err(status) if status.code() == Code::Unauthenticated => match tokens.another(&bearer).await {
                Some(other) => self.retries.run(async || attempt(Some(&other)).await).await,
                None => Err(status),
            },
            outcome => outcome,
        }
    }

    async fn start<Q, T, F>(
        &self,
        call: &Prepared<Q>,
        method: impl Fn(tonic::Request<Q>) -> F,
    ) -> Result<EventStream<T>, Error>
    where
        Q: Clone,
        T: Event,
        F: Future<Output = Result<Response<Streaming<T>>, Status>>,
    {
        Ok(EventStream::new(self.run(call, method).await?, call.deadline))
    }
}

/// A call whose deadline has passed is not sent: an answer that is quick would come before the timer, whose tick is 1 ms.
async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T, Error> {
    match deadline {
        None => Ok(work.await),
        Some(deadline) if deadline <= Instant::now() => Err(Error::deadline()),
        Some(deadline) => timeout_at(deadline, work).await.map_err(|_| Error::deadline()),
    }
}

/// A request that may name a model.
trait Named {
    fn model(&mut self) -> Option<&mut String> {
        None
    }
}

impl Named for ListModelsRequest {}
impl Named for GetModelRequest {}
impl Named for GetServerInfoRequest {}

macro_rules! named {
    ($($request:ty),*) => {$(
        impl Named for $request {
            fn model(&mut self) -> Option<&mut String> {
                Some(&mut self.model)
            }
        }
    )*};
}
named!(ChatRequest, AnalyzeImagesRequest, GenerateImagesRequest, EditImagesRequest, EmbedRequest);

impl Named for CountTokensRequest {
    fn model(&mut self) -> Option<&mut String> {
        self.chat.as_mut()?.model()
    }
}

impl Named for EstimateCostRequest {
    fn model(&mut self) -> Option<&mut String> {
        self.chat.as_mut()?.model()
    }
}

impl Named for StreamImagesRequest {
    fn model(&mut self) -> Option<&mut String> {
        match self.request.as_mut()? {
            stream_images_request::Request::Generate(generate) => generate.model(),
            stream_images_request::Request::Edit(edit) => edit.model(),
        }
    }
}
