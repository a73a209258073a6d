//! Calls over several addresses.

mod fake;

use std::time::Duration;

use fake::{End, Fake, Step, delta};
use ringmain::{Client, Code};
use tonic::transport::Server;

async fn replicas() -> Vec<Fake> {
    let mut replicas = Vec::new();
    for host in 1..=3 {
        let place = format!("127.0.0.{host}:0").parse().unwrap();
        replicas.push(Fake::serve(Server::builder(), place, []).await);
    }
    replicas
}

fn client(replicas: &[Fake]) -> Client {
    let addresses: Vec<String> = replicas.iter().map(Fake::target).collect();
    Client::builder().target(format!("ipv4:{}", addresses.join(","))).build().unwrap()
}

/// Calls take turns among the addresses.
#[tokio::test]
async fn turns() {
    let replicas = replicas().await;
    let client = client(&replicas);
    for _ in 0..12 {
        client.chat("Hi").await.unwrap();
    }
    assert_eq!(replicas.iter().map(Fake::calls).collect::<Vec<_>>(), [4, 4, 4]);
}

/// No call fails while one replica drains and leaves.
#[tokio::test]
async fn drain() {
    let mut replicas = replicas().await;
    let client = client(&replicas);
    for round in 0..150 {
        client.chat("Hi").await.unwrap();
        if round == 50 {
            replicas[0].drain();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(replicas[0].calls() < 30);
}

/// A replica that cannot be reached costs no attempt.
#[tokio::test]
async fn absent() {
    let mut replicas = replicas().await;
    let addresses: Vec<String> = replicas.iter().map(Fake::target).collect();
    replicas.remove(0).stop().await;
    let target = format!("ipv4:{}", addresses.join(","));
    let client = Client::builder().target(target).max_attempts(1).build().unwrap();
    for _ in 0..12 {
        client.chat("Hi").await.unwrap();
    }
}

/// A connection that breaks within a stream ends it UNAVAILABLE, and the next call connects anew.
#[test]
fn broken_connection() {
    let gateway = tokio::runtime::Runtime::new().unwrap();
    let caller = tokio::runtime::Runtime::new().unwrap();
    let fake = gateway.block_on(Fake::start([Step::Events(vec![delta("a".to_owned())], End::Hang)]));
    let address = fake.address;
    let client = fake.client();
    let mut stream = caller.block_on(client.stream_chat("Hi")).unwrap();
    caller.block_on(stream.message()).unwrap();
    gateway.shutdown_background();
    let error = caller.block_on(stream.message()).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    caller.block_on(async {
        let again = loop {
            if std::net::TcpListener::bind(address).is_ok() {
                break Fake::serve(Server::builder(), address, []).await;
            }
        };
        client.chat("Hi").await.unwrap();
        assert_eq!(again.calls(), 1);
    });
}
