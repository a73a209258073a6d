//! A gateway that does what a script says, on a real socket.

#![allow(dead_code)] // each test binary uses a part

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use ringmain::v1::chat_service_server::{ChatService, ChatServiceServer};
use ringmain::v1::model_service_server::{ModelService, ModelServiceServer};
use ringmain::v1::part_delta::Delta;
use ringmain::v1::{self, ChatEvent, ChatRequest, ChatResponse, Message, Part, PartDelta, chat_event};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

type Events = Pin<Box<dyn Stream<Item = Result<ChatEvent, Status>> + Send>>;

/// What the gateway does with a call.
pub enum Step {
    /// Answers with this text, in one piece or one event for each character.
    Answer(String),
    /// Streams these events, and ends so.
    Events(Vec<ChatEvent>, End),
    /// Fails.
    Fail(Status),
    /// Never answers.
    Hang,
}

/// How a stream ends.
pub enum End {
    Ok,
    Fail(Status),
    Hang,
}

/// What the gateway saw of a call.
pub struct Seen {
    pub metadata: MetadataMap,
    pub request: ChatRequest,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
}

/// A running gateway; it stops when it is dropped.
pub struct Fake {
    pub address: SocketAddr,
    state: Arc<State>,
    cancelled: mpsc::UnboundedReceiver<()>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Fake {
    pub async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        Self::serve(Server::builder(), "127.0.0.1:0".parse().unwrap(), script).await
    }

    pub async fn serve(mut server: Server, at: SocketAddr, script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { script: Mutex::new(script.into_iter().collect()), ..State::default() });
        let (tell, cancelled) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let service =
            ChatServiceServer::new(Servicer { state: state.clone(), tell }).max_decoding_message_size(usize::MAX);
        let serving = server
            .add_service(service)
            .add_service(ModelServiceServer::new(Models))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async { _ = stopped.await });
        let serving = tokio::spawn(serving);
        Self { address, state, cancelled, stop: Some(stop), serving }
    }

    pub fn target(&self) -> String {
        self.address.to_string()
    }

    pub fn client(&self) -> ringmain::Client {
        ringmain::Client::builder().target(self.target()).model("smart").build().unwrap()
    }

    /// Takes no new connections, and lets the running calls end.
    pub fn drain(&mut self) {
        self.stop.take();
    }

    /// Drains, and waits for the end.
    pub async fn stop(mut self) {
        self.drain();
        self.serving.await.unwrap().unwrap();
    }

    pub fn calls(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.state.seen.lock().unwrap()
    }

    /// Waits until the gateway sees that a hanging call was cancelled.
    pub async fn saw_cancel(&mut self) -> bool {
        tokio::time::timeout(Duration::from_secs(5), self.cancelled.recv()).await.is_ok()
    }
}

struct Servicer {
    state: Arc<State>,
    tell: mpsc::UnboundedSender<()>,
}

impl Servicer {
    fn next(&self, request: Request<ChatRequest>) -> Step {
        let (metadata, _, request) = request.into_parts();
        self.state.seen.lock().unwrap().push(Seen { metadata, request });
        self.state.script.lock().unwrap().pop_front().unwrap_or(Step::Answer("ok".to_owned()))
    }
}

#[tonic::async_trait]
impl ChatService for Servicer {
    async fn chat(&self, request: Request<ChatRequest>) -> Result<Response<ChatResponse>, Status> {
        match self.next(request) {
            Step::Answer(text) => {
                let mut response = Response::new(response(text));
                response.metadata_mut().insert("x-served-by", "fake".parse().unwrap());
                Ok(response)
            }
            Step::Fail(status) => Err(status),
            _ => {
                let _watch = Watch(self.tell.clone());
                std::future::pending().await
            }
        }
    }

    type StreamChatStream = Events;

    async fn stream_chat(&self, request: Request<ChatRequest>) -> Result<Response<Events>, Status> {
        let (events, end) = match self.next(request) {
            Step::Answer(text) => (answer(&text), End::Ok),
            Step::Events(events, end) => (events, end),
            Step::Fail(status) => return Err(status),
            Step::Hang => (Vec::new(), End::Hang),
        };
        let scripted = Scripted { events: events.into(), end: Some(end), watch: Watch(self.tell.clone()) };
        let mut response = Response::new(Box::pin(scripted) as Events);
        response.metadata_mut().insert("x-served-by", "fake".parse().unwrap());
        Ok(response)
    }

    async fn count_tokens(
        &self,
        _: Request<v1::CountTokensRequest>,
    ) -> Result<Response<v1::CountTokensResponse>, Status> {
        Ok(Response::new(v1::CountTokensResponse { input_token_count: 3, estimated: true }))
    }

    async fn estimate_cost(
        &self,
        _: Request<v1::EstimateCostRequest>,
    ) -> Result<Response<v1::EstimateCostResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

struct Models;

#[tonic::async_trait]
impl ModelService for Models {
    async fn list_models(&self, _: Request<v1::ListModelsRequest>) -> Result<Response<v1::ListModelsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_model(&self, _: Request<v1::GetModelRequest>) -> Result<Response<v1::GetModelResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_server_info(
        &self,
        _: Request<v1::GetServerInfoRequest>,
    ) -> Result<Response<v1::GetServerInfoResponse>, Status> {
        let version = "1.2.3".to_owned();
        Ok(Response::new(v1::GetServerInfoResponse { version, ..Default::default() }))
    }
}

/// Tells when a call that hangs is dropped.
struct Watch(mpsc::UnboundedSender<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        _ = self.0.send(());
    }
}

struct Scripted {
    events: VecDeque<ChatEvent>,
    end: Option<End>,
    watch: Watch,
}

impl Stream for Scripted {
    type Item = Result<ChatEvent, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        match self.end.take() {
            Some(End::Hang) => {
                self.end = Some(End::Hang);
                Poll::Pending
            }
            Some(End::Fail(status)) => Poll::Ready(Some(Err(status))),
            Some(End::Ok) | None => Poll::Ready(None),
        }
    }
}

/// A whole answer.
pub fn response(text: String) -> ChatResponse {
    ChatResponse {
        response_id: "r-1".to_owned(),
        message: Some(Message { role: v1::Role::Assistant.into(), parts: vec![text.into()] }),
        finish_reason: v1::FinishReason::Stop.into(),
        ..ChatResponse::default()
    }
}

/// The events of an answer, one for each character of its text.
pub fn answer(text: &str) -> Vec<ChatEvent> {
    let mut events = vec![
        event(chat_event::Event::Started(v1::ChatStarted { response_id: "r-1".to_owned(), ..Default::default() })),
        event(chat_event::Event::PartStarted(v1::PartStarted { index: 0, part: Some(Part::from("")) })),
    ];
    events.extend(text.chars().map(|piece| delta(piece.to_string())));
    events.push(event(chat_event::Event::Finished(v1::ChatFinished {
        finish_reason: v1::FinishReason::Stop.into(),
        ..Default::default()
    })));
    events
}

/// A piece of text.
pub fn delta(text: String) -> ChatEvent {
    event(chat_event::Event::PartDelta(PartDelta { delta: Some(Delta::Text(text)), ..Default::default() }))
}

/// An event of a kind.
pub fn event(event: chat_event::Event) -> ChatEvent {
    ChatEvent { event: Some(event) }
}
