//! Calls over several addresses of one name.

mod fake;

use std::net::{SocketAddr, ToSocketAddrs};

use fake::Fake;
use ringmain::Client;
use tonic::transport::Server;

/// Calls take turns among the addresses of a name, and none fails while one of them drains.
#[tokio::test]
async fn turns_and_drain() {
    // `localhost` has two addresses on most machines; on others there is nothing to balance.
    let places: Vec<SocketAddr> = ("localhost", 0).to_socket_addrs().unwrap().collect();
    let mut first = Fake::serve(Server::builder(), places[0], []).await;
    let port = first.address.port();
    let mut others = Vec::new();
    for place in &places[1..] {
        others.push(Fake::serve(Server::builder(), SocketAddr::new(place.ip(), port), []).await);
    }
    let client = Client::builder().target(format!("dns:///localhost:{port}")).build().unwrap();
    for _ in 0..20 {
        client.chat("Hi").await.unwrap();
    }
    let served: Vec<usize> = std::iter::once(&first).chain(&others).map(Fake::calls).collect();
    assert_eq!(served, vec![20 / places.len(); places.len()]);
    if others.is_empty() {
        return;
    }
    first.drain();
    for _ in 0..50 {
        client.chat("Hi").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
