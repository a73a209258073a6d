//! Calls against a scripted gateway on a real socket.

mod fake;

use std::time::{Duration, Instant};

use fake::{End, Fake, Step, answer, delta};
use ringmain::prost::Message as _;
use ringmain::v1::{ChatRequest, CountTokensRequest, GetServerInfoRequest, Media, Message, Part};
use ringmain::{Call, Client, Code, Fold};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};

fn unavailable(pushback: Option<&'static str>) -> Step {
    let mut status = Status::unavailable("down");
    if let Some(pushback) = pushback {
        status.metadata_mut().insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
    }
    Step::Fail(status)
}

/// A whole answer comes with the server's metadata, and the request with model, token and metadata.
#[tokio::test]
async fn whole() {
    let fake = Fake::start([Step::Answer("Hello".to_owned())]).await;
    let builder = Client::builder().target(fake.target()).model("smart").token("secret").metadata("x-team", "a");
    let client = builder.build().unwrap();
    let reply = client.chat(Call::from("Hi").metadata("x-call", "b")).await.unwrap();
    assert_eq!(reply.text(), "Hello");
    let keys: Vec<_> = reply.metadata().keys().map(|key| format!("{key:?}")).collect();
    assert_eq!((keys.len(), reply.metadata().get("x-served-by").unwrap().to_str().unwrap()), (1, "fake"), "{keys:?}");
    let seen = fake.seen();
    assert_eq!(seen[0].request.model, "smart");
    for (key, value) in [("authorization", "Bearer secret"), ("x-team", "a"), ("x-call", "b")] {
        assert_eq!(seen[0].metadata.get(key).unwrap(), value);
    }
    assert!(seen[0].metadata.get("user-agent").unwrap().to_str().unwrap().starts_with("ringmain-rust/"));
}

/// The raw stubs carry the token too.
#[tokio::test]
async fn raw_stub() {
    let fake = Fake::start([]).await;
    let client = Client::builder().target(fake.target()).token("secret").build().unwrap();
    client.chat_stub().chat(ChatRequest::from("Hi")).await.unwrap();
    assert_eq!(fake.seen()[0].metadata.get("authorization").unwrap(), "Bearer secret");
}

/// Characters of every width arrive as they were sent, one event each, and fold into the whole answer.
#[tokio::test]
async fn streamed() {
    let text = "aé→𝄞👩‍👩‍👧 नमस्ते";
    let fake = Fake::start([Step::Answer(text.to_owned())]).await;
    let mut stream = fake.client().stream_chat(text).await.unwrap();
    assert_eq!(stream.metadata().get("x-served-by").unwrap(), "fake");
    let (mut grown, mut fold) = (String::new(), Fold::default());
    while let Some(event) = stream.message().await.unwrap() {
        grown.push_str(event.text());
        fold.add(&event);
    }
    assert_eq!(grown, text);
    assert_eq!(fold.answer().text(), text);
    assert_eq!(fold.answer().response_id, "r-1");
    assert!(stream.message().await.unwrap().is_none());
}

/// A call that ends UNAVAILABLE is repeated until it succeeds, whole or streamed.
#[tokio::test]
async fn retried() {
    let fake = Fake::start([unavailable(None), unavailable(None), Step::Answer("ok".to_owned())]).await;
    assert_eq!(fake.client().chat("Hi").await.unwrap().text(), "ok");
    assert_eq!(fake.calls(), 3);

    let fake = Fake::start([unavailable(None), Step::Answer("ok".to_owned())]).await;
    let mut stream = fake.client().stream_chat("Hi").await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(fake.calls(), 2);
}

/// Three attempts are the default, one is the least, and other codes are final.
#[tokio::test]
async fn attempts() {
    let fake = Fake::start([unavailable(None), unavailable(None), unavailable(None)]).await;
    assert_eq!(fake.client().chat("Hi").await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(fake.calls(), 3);

    let fake = Fake::start([unavailable(None)]).await;
    let client = Client::builder().target(fake.target()).max_attempts(1).build().unwrap();
    client.chat("Hi").await.unwrap_err();
    assert_eq!(fake.calls(), 1);

    let fake = Fake::start([Step::Fail(Status::resource_exhausted("slow"))]).await;
    fake.client().chat("Hi").await.unwrap_err();
    assert_eq!(fake.calls(), 1);
}

/// The server's push-back forbids a repeat, or says when it comes.
#[tokio::test]
async fn pushback() {
    let fake = Fake::start([unavailable(Some("-1"))]).await;
    fake.client().chat("Hi").await.unwrap_err();
    assert_eq!(fake.calls(), 1);

    let fake = Fake::start([unavailable(Some("600"))]).await;
    let start = Instant::now();
    fake.client().chat("Hi").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(600));
    assert_eq!(fake.calls(), 2);
}

/// The deadline ends whole calls, streams and waits between attempts; the server learns it and sees the cancel.
#[tokio::test]
async fn deadline() {
    let mut fake = Fake::start([Step::Hang, Step::Hang, unavailable(Some("60000"))]).await;
    let client = fake.client();
    let short = || Call::from("Hi").timeout(Duration::from_millis(200));
    assert_eq!(client.chat(short()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(fake.saw_cancel().await);
    let mut stream = client.stream_chat(short()).await.unwrap();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(client.chat(short()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(fake.seen().iter().all(|call| call.metadata.get("grpc-timeout").is_some()));
    let calls = fake.calls();
    let hopeless = client.chat(Call::from("Hi").timeout(Duration::ZERO)).await;
    assert_eq!((hopeless.unwrap_err().code(), fake.calls()), (Code::DeadlineExceeded, calls));
}

/// Dropping a call or a stream cancels it, and the server sees that.
#[tokio::test]
async fn cancelled() {
    let mut fake = Fake::start([Step::Events(vec![delta("a".to_owned())], End::Hang), Step::Hang]).await;
    let client = fake.client();
    let mut stream = client.stream_chat("Hi").await.unwrap();
    assert_eq!(stream.message().await.unwrap().unwrap().text(), "a");
    drop(stream);
    assert!(fake.saw_cancel().await);
    let call = tokio::spawn(async move { client.chat("Hi").await.map(|reply| reply.text()) });
    while fake.calls() < 2 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(fake.saw_cancel().await);
}

/// A stream that breaks says why; one that ends without its last event is no success.
#[tokio::test]
async fn broken() {
    let aborted = End::Fail(Status::aborted("the provider broke off"));
    let script =
        [Step::Events(vec![delta("a".to_owned())], aborted), Step::Events(answer("ab")[..3].to_vec(), End::Ok)];
    let fake = Fake::start(script).await;
    let client = fake.client();
    for expected in ["the provider broke off", "the stream ended without its last event"] {
        let mut stream = client.stream_chat("Hi").await.unwrap();
        let error = loop {
            match stream.message().await {
                Ok(event) => assert!(event.is_some()),
                Err(error) => break error,
            }
        };
        assert_eq!((error.code(), error.message()), (Code::Aborted, expected));
        assert!(stream.message().await.unwrap().is_none());
    }
}

/// Details travel from the server's trailers to the error.
#[tokio::test]
async fn details() {
    let mut details = ErrorDetails::new();
    details
        .set_error_info("INVALID_FIELD", "ringmain.v1", [("response_id".to_owned(), "r-9".to_owned())])
        .set_retry_info(Some(Duration::from_millis(1500)))
        .add_bad_request_violation("messages", "is empty — leer");
    let status = Status::with_error_details(Code::InvalidArgument, "schlecht: ü", details);
    let fake = Fake::start([Step::Fail(status)]).await;
    let error = fake.client().chat("").await.unwrap_err();
    assert_eq!(
        (error.code(), error.message(), error.reason()),
        (Code::InvalidArgument, "schlecht: ü", "INVALID_FIELD")
    );
    assert_eq!(error.retry_delay(), Some(Duration::from_millis(1500)));
    assert_eq!(error.violations()[0].field, "messages");
    assert_eq!(error.response_id(), "r-9");
}

/// Messages of tens of megabytes pass in both directions.
#[tokio::test]
async fn large() {
    let size = 24 << 20;
    let fake = Fake::start([Step::Answer("x".repeat(size))]).await;
    let picture = Message::user([Part::from("What is this?"), Media::from_bytes(vec![7; size]).into()]);
    let reply = fake.client().chat(ChatRequest::from(picture)).await.unwrap();
    assert_eq!(reply.text().len(), size);
}

/// A request over the client's limit is invalid and never reaches the server, whole or streamed; one at the limit does.
#[tokio::test]
async fn over_the_limit() {
    let fake = Fake::start([]).await;
    let request = ChatRequest { model: "smart".to_owned(), ..ChatRequest::from("Hi") };
    let size = request.encoded_len();
    let limited = |limit| Client::builder().target(fake.target()).max_message_bytes(limit).build().unwrap();
    let client = limited(size - 1);
    let errors =
        [client.chat(request.clone()).await.unwrap_err(), client.stream_chat(request.clone()).await.unwrap_err()];
    for error in errors {
        assert_eq!(error.code(), Code::InvalidArgument);
        let expected = format!("the request has {size} bytes, more than max_message_bytes ({})", size - 1);
        assert_eq!(error.message(), expected);
    }
    assert_eq!(fake.calls(), 0);
    limited(size).chat(request).await.unwrap();
    assert_eq!(fake.calls(), 1);
}

/// A server that takes only smaller messages refuses the request as invalid: that is no limit of rate.
#[tokio::test]
async fn too_large_for_the_server() {
    let fake = Fake::start([Step::Fail(Status::resource_exhausted("larger than max"))]).await;
    let error = fake.client().chat("Hi").await.unwrap_err();
    assert_eq!((error.code(), error.message(), fake.calls()), (Code::InvalidArgument, "larger than max", 1));
}

/// The gateway says what it is.
#[tokio::test]
async fn server_info() {
    let fake = Fake::start([]).await;
    let info = fake.client().get_server_info(GetServerInfoRequest {}).await.unwrap();
    assert_eq!(info.version, "1.2.3");
}

/// Nobody listening is UNAVAILABLE at once; a client that waits finds the gateway when it comes.
#[tokio::test]
async fn unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::builder().target(free.to_string()).build().unwrap();
    let error = client.chat("Hi").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("cannot connect to"), "{error}");

    let waiting = Client::builder().target(free.to_string()).wait_for_ready(true).build().unwrap();
    let answer = tokio::spawn(async move { waiting.chat("Hi").await.map(|reply| reply.text()) });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _fake = Fake::serve(tonic::transport::Server::builder(), free, []).await;
    assert_eq!(answer.await.unwrap().unwrap(), "ok");
}

/// A gateway that was restarted is found again.
#[tokio::test]
async fn restarted() {
    let fake = Fake::start([]).await;
    let client = fake.client();
    client.chat("Hi").await.unwrap();
    let address = fake.address;
    fake.stop().await;
    let again = Fake::serve(tonic::transport::Server::builder(), address, []).await;
    client.chat("Hi").await.unwrap();
    assert_eq!(again.calls(), 1);
}

/// Requests without a model of their own get the client's, wherever the model stands in them.
#[tokio::test]
async fn nested_model() {
    let fake = Fake::start([]).await;
    let request = CountTokensRequest { chat: Some("Hi".into()) };
    assert_eq!(fake.client().count_tokens(request).await.unwrap().input_token_count, 3);
}

/// What cannot be used is refused before anything is sent.
#[tokio::test]
async fn refused() {
    for builder in [
        Client::builder().target("nowhere"),
        Client::builder().max_attempts(0),
        Client::builder().token("line\nbreak"),
        Client::builder().metadata("bad key", "value"),
    ] {
        assert_eq!(builder.build().unwrap_err().code(), Code::InvalidArgument);
    }
    let client = Client::builder().target("127.0.0.1:1").build().unwrap();
    let error = client.chat(Call::from("Hi").metadata("k", "ü\n")).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
