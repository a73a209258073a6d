//! The conformance driver: carries out the cases of `tests/conformance` through the public client.
//!
//! One JSON object a line on standard input, one on standard output for each, in any order.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ringmain::prost::Message;
use ringmain::tonic::metadata::{KeyAndValueRef, MetadataMap};
use ringmain::v1::{
    AnalyzeImagesRequest, ChatEvent, ChatRequest, ChatResponse, Citation, CountTokensRequest, EmbedRequest,
    GenerateImagesRequest, GetServerInfoRequest, ListModelsRequest, StreamImagesRequest,
};
use ringmain::{Call, Client, Code, Error, Event, EventStream, Fold, Reply};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::JoinSet;

type Failure = Box<dyn StdError + Send + Sync>;

/// When the driver cancels a call that nothing has answered.
const BEFORE_ANSWER: Duration = Duration::from_secs(1);

/// What a call has brought so far.
#[derive(Default)]
struct Outcome {
    responses: Vec<String>,
    folded: String,
    read: Value,
    metadata: Map<String, Value>,
    error: Option<Error>,
    cancelled: bool,
}

impl Outcome {
    fn received(&mut self, message: &impl Message) {
        self.responses.push(BASE64_STANDARD.encode(message.encode_to_vec()));
    }

    fn saw(&mut self, metadata: &MetadataMap) {
        for entry in metadata.iter() {
            if let KeyAndValueRef::Ascii(key, value) = entry
                && let Ok(value) = value.to_str()
            {
                self.metadata.insert(key.to_string(), value.into());
            }
        }
    }

    /// Tells what the client makes of a chat's answer.
    fn read(&mut self, method: &str) -> Result<(), Failure> {
        let messages = self.responses.iter().map(|response| BASE64_STANDARD.decode(response));
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        let answer = match (method, messages.first()) {
            ("Chat" | "AnalyzeImages", Some(message)) => ChatResponse::decode(message.as_slice())?,
            ("StreamChat" | "StreamAnalyzeImages", _) => {
                let mut fold = Fold::default();
                for message in &messages {
                    fold.add(&ChatEvent::decode(message.as_slice())?);
                }
                let answer = fold.answer();
                self.folded = BASE64_STANDARD.encode(answer.encode_to_vec());
                answer
            }
            _ => return Ok(()),
        };
        let address = |source: &Citation| if source.uri.is_empty() { &source.filename } else { &source.uri }.clone();
        self.read = json!({
            "text": answer.text(),
            "sources": answer.sources().into_iter().map(address).collect::<Vec<_>>(),
            "tool_calls": answer.tool_calls().map(|call| &call.tool_call_id).collect::<Vec<_>>(),
            "provider_tool_calls": answer.provider_tool_calls().map(|call| &call.tool_call_id).collect::<Vec<_>>(),
            "must_continue": answer.must_continue(),
        });
        Ok(())
    }

    fn failed(&mut self, error: Error) {
        self.saw(error.status().metadata());
        self.error = Some(error);
    }

    fn answer(self, id: &Value) -> Value {
        let error = self.error.as_ref();
        let violations = error.map(Error::violations).unwrap_or_default();
        let status = match error {
            _ if self.cancelled => "CANCELLED".to_owned(),
            None => "OK".to_owned(),
            Some(error) => name(error.status().code()),
        };
        json!({
            "id": id,
            "responses": self.responses,
            "folded": self.folded,
            "read": self.read,
            "status": status,
            "message": error.map_or("", Error::message),
            "kind": error.map(|error| name(error.code())).unwrap_or_default(),
            "reason": error.map_or("", Error::reason),
            "retry_delay_ms": error.and_then(Error::retry_delay).map(|delay| delay.as_millis() as u64),
            "violations": violations.iter().map(|violation| &violation.field).collect::<Vec<_>>(),
            "metadata": self.metadata,
        })
    }
}

/// `INVALID_ARGUMENT` for `InvalidArgument`.
fn name(code: Code) -> String {
    if code == Code::Ok {
        return "OK".to_owned();
    }
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// One line of standard input.
struct Case(Value);

impl Case {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn call<Q: Message + Default>(&self) -> Result<Call<Q>, Failure> {
        let mut call = Call::new(Q::decode(BASE64_STANDARD.decode(self.text("request"))?.as_slice())?);
        if let Some(millis) = self.0["deadline_ms"].as_u64() {
            call = call.timeout(Duration::from_millis(millis));
        }
        for (key, value) in self.0["metadata"].as_object().into_iter().flatten() {
            call = call.metadata(key, value.as_str().unwrap_or_default());
        }
        Ok(call)
    }

    fn cancel_after(&self) -> Option<usize> {
        self.0["cancel_after"].as_u64().map(|count| count as usize)
    }

    /// Makes a call, and drops it when it is to be cancelled before its answer.
    async fn run(&self, work: impl Future<Output = ()>) -> bool {
        match self.cancel_after() {
            Some(0) => tokio::time::timeout(BEFORE_ANSWER, work).await.is_err(),
            _ => {
                work.await;
                false
            }
        }
    }

    async fn whole<A: Message>(&self, call: impl Future<Output = Result<Reply<A>, Error>>) -> Outcome {
        let mut outcome = Outcome::default();
        let cancelled = self
            .run(async {
                match call.await {
                    Ok(reply) => {
                        outcome.received(&*reply);
                        outcome.saw(reply.metadata());
                    }
                    Err(error) => outcome.failed(error),
                }
            })
            .await;
        outcome.cancelled = cancelled;
        outcome
    }

    async fn stream<E>(&self, call: impl Future<Output = Result<EventStream<E>, Error>>) -> Outcome
    where
        E: Event + Message,
    {
        let mut outcome = Outcome::default();
        let mut enough = false;
        let cancelled = self
            .run(async {
                match call.await {
                    Ok(stream) => enough = self.read(stream, &mut outcome).await,
                    Err(error) => outcome.failed(error),
                }
            })
            .await;
        outcome.cancelled = cancelled || enough;
        outcome
    }

    /// Reads a stream, and drops it after as many messages as the case says; then it returns true.
    async fn read<E: Event + Message>(&self, stream: EventStream<E>, outcome: &mut Outcome) -> bool {
        let mut stream = pin!(stream);
        outcome.saw(stream.metadata());
        loop {
            match stream.message().await {
                Ok(Some(event)) => outcome.received(&event),
                Ok(None) => break outcome.saw(stream.trailers()),
                Err(error) => break outcome.failed(error),
            }
            if self.cancel_after() == Some(outcome.responses.len()) {
                return true;
            }
        }
        false
    }

    /// Makes the call that the case names. Boxes keep what each arm needs off the stack, of which a debug build has little.
    async fn carry_out(&self, client: &Client) -> Result<Outcome, Failure> {
        let mut outcome = match self.text("method") {
            "Chat" => self.whole(Box::pin(client.chat(self.call::<ChatRequest>()?))).await,
            "StreamChat" => self.stream(Box::pin(client.stream_chat(self.call::<ChatRequest>()?))).await,
            "CountTokens" => self.whole(Box::pin(client.count_tokens(self.call::<CountTokensRequest>()?))).await,
            "AnalyzeImages" => self.whole(Box::pin(client.analyze_images(self.call::<AnalyzeImagesRequest>()?))).await,
            "StreamAnalyzeImages" => {
                self.stream(Box::pin(client.stream_analyze_images(self.call::<AnalyzeImagesRequest>()?))).await
            }
            "GenerateImages" => {
                self.whole(Box::pin(client.generate_images(self.call::<GenerateImagesRequest>()?))).await
            }
            "StreamImages" => self.stream(Box::pin(client.stream_images(self.call::<StreamImagesRequest>()?))).await,
            "Embed" => self.whole(Box::pin(client.embed(self.call::<EmbedRequest>()?))).await,
            "ListModels" => self.whole(Box::pin(client.list_models(self.call::<ListModelsRequest>()?))).await,
            "GetServerInfo" => self.whole(Box::pin(client.get_server_info(self.call::<GetServerInfoRequest>()?))).await,
            other => return Err(format!("no method {other:?}").into()),
        };
        outcome.read(self.text("method"))?;
        Ok(outcome)
    }
}

/// One client for each target, token and limit of size.
#[derive(Default)]
struct Clients(HashMap<(String, String, Option<u64>), Client>);

impl Clients {
    fn of(&mut self, case: &Case) -> Result<Client, Error> {
        let limit = case.0["max_message_bytes"].as_u64();
        let key = (case.text("target").to_owned(), case.text("token").to_owned(), limit);
        if !self.0.contains_key(&key) {
            let mut builder = Client::builder().target(&key.0);
            if !key.1.is_empty() {
                builder = builder.token(&key.1);
            }
            if let Some(limit) = limit {
                builder = builder.max_message_bytes(limit as usize);
            }
            self.0.insert(key.clone(), builder.build()?);
        }
        Ok(self.0[&key].clone())
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut clients = Clients::default();
    let mut running = JoinSet::new();
    while let Some(line) = lines.next_line().await? {
        let case = Arc::new(Case(serde_json::from_str(&line)?));
        let client = clients.of(&case)?;
        running.spawn(async move {
            let outcome = case.carry_out(&client).await?;
            // One write of a whole line: the lock of standard output keeps lines apart.
            println!("{}", outcome.answer(&case.0["id"]));
            Ok::<_, Failure>(())
        });
        while let Some(done) = running.try_join_next() {
            done??;
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}
