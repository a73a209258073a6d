//! Tokens from a source, against a scripted gateway on a real socket.

mod fake;

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fake::{End, Fake, Step};
use ringmain::v1::{ChatEvent, ChatRequest};
use ringmain::{Call, Client, Code, Token};
use tonic::Status;

fn answers() -> Step {
    Step::Answer("ok".to_owned())
}

fn refuses() -> Step {
    Step::Fail(Status::unauthenticated("no"))
}

/// A client whose tokens are t1, t2 and so on, and their count.
fn client(fake: &Fake) -> (Client, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let given = count.clone();
    let source = move || {
        let number = given.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, io::Error>(format!("t{number}")) }
    };
    let builder = Client::builder().target(fake.target()).model("m").token_source(source);
    (builder.build().unwrap(), count)
}

fn sent(fake: &Fake) -> Vec<String> {
    let token = |seen: &fake::Seen| seen.metadata.get("authorization").unwrap().to_str().unwrap().to_owned();
    fake.seen().iter().map(token).collect()
}

async fn text(client: &Client) -> Result<String, ringmain::Error> {
    let mut stream = client.stream_chat("Hi").await?;
    let mut text = String::new();
    while let Some(event) = stream.message().await? {
        text.push_str(event.text());
    }
    Ok(text)
}

/// Calls of every kind share a token, those of raw stubs too.
#[tokio::test]
async fn asked_for_once() {
    let fake = Fake::start([answers(), answers(), answers()]).await;
    let (client, count) = client(&fake);
    assert_eq!(client.chat("Hi").await.unwrap().text(), "ok");
    assert_eq!(text(&client).await.unwrap(), "ok");
    client.chat_stub().chat(ChatRequest::from("Hi")).await.unwrap();
    assert_eq!(sent(&fake), ["Bearer t1"; 3]);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// Calls that wait for a token at the same time share one question.
#[tokio::test]
async fn shared() {
    let fake = Fake::start([answers(), answers(), answers()]).await;
    let count = Arc::new(AtomicUsize::new(0));
    let given = count.clone();
    let source = move || {
        given.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, io::Error>("t")
        }
    };
    let client = Client::builder().target(fake.target()).token_source(source).build().unwrap();
    let (one, two, three) = tokio::join!(client.chat("a"), client.chat("b"), client.chat("c"));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A refused call is made once more with another token, whole or streamed.
#[tokio::test]
async fn refused_once() {
    for streamed in [false, true] {
        let fake = Fake::start([refuses(), answers()]).await;
        let (client, _) = client(&fake);
        let outcome = match streamed {
            true => text(&client).await,
            false => client.chat("Hi").await.map(|reply| reply.text().to_string()),
        };
        assert_eq!(outcome.unwrap(), "ok");
        assert_eq!(sent(&fake), ["Bearer t1", "Bearer t2"]);
    }
}

/// When the other token is refused too, the caller is told, and the source is not asked without end.
#[tokio::test]
async fn refused_for_good() {
    let fake = Fake::start([refuses(), refuses(), refuses(), refuses()]).await;
    let (client, count) = client(&fake);
    assert_eq!(client.chat("Hi").await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(text(&client).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(client.chat("Hi").await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(sent(&fake), ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t2"]);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// A source that has no other token ends the matter.
#[tokio::test]
async fn same_again() {
    let fake = Fake::start([refuses()]).await;
    let source = || async { Ok::<_, io::Error>(Token::new("fixed")) };
    let client = Client::builder().target(fake.target()).token_source(source).build().unwrap();
    assert_eq!(client.chat("Hi").await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(fake.calls(), 1);
}

/// A stream that has begun is not begun again.
#[tokio::test]
async fn begun() {
    let fake =
        Fake::start([Step::Events(vec![ChatEvent::default()], End::Fail(Status::unauthenticated("late")))]).await;
    let (client, count) = client(&fake);
    assert_eq!(text(&client).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!((fake.calls(), count.load(Ordering::SeqCst)), (1, 1));
}

/// A source that fails fails the call, and its error is the source of the call's; the raw stubs say it too.
#[tokio::test]
async fn failing() {
    let fake = Fake::start([]).await;
    let source = || async { Err::<Token, _>(io::Error::other("the vault is closed")) };
    let client = Client::builder().target(fake.target()).token_source(source).build().unwrap();
    for error in [client.chat("Hi").await.unwrap_err(), text(&client).await.unwrap_err()] {
        assert_eq!(
            (error.code(), error.message()),
            (Code::Unauthenticated, "the token source failed: the vault is closed")
        );
        assert_eq!(error.source().unwrap().to_string(), "the vault is closed");
    }
    let status = client.chat_stub().chat(ChatRequest::from("Hi")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(fake.calls(), 0);
}

/// The deadline of a call bounds its wait for a token, and no other's.
#[tokio::test]
async fn deadline() {
    let fake = Fake::start([answers()]).await;
    let source = || async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, io::Error>("t")
    };
    let client = Client::builder().target(fake.target()).token_source(source).build().unwrap();
    let quick = client.chat(Call::from("Hi").timeout(Duration::from_millis(10)));
    let (quick, patient) = tokio::join!(quick, client.chat("Hi"));
    assert_eq!(quick.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(patient.unwrap().text(), "ok");
}

/// A token and a source of tokens contradict each other.
#[tokio::test]
async fn contradiction() {
    let source = || async { Ok::<_, io::Error>("t") };
    let error = Client::builder().token("a").token_source(source).build().unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
