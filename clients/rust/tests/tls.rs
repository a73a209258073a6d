//! TLS and mutual TLS, with certificates made for the test.

#![cfg(feature = "tls")]

mod fake;

use fake::Fake;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ringmain::{Client, Code};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

async fn serve(authority: &Authority, mutual: bool) -> Fake {
    let (certificate, key) = authority.issue("gateway.example");
    let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
    if mutual {
        tls = tls.client_ca_root(Certificate::from_pem(authority.pem()));
    }
    let server = Server::builder().tls_config(tls).unwrap();
    Fake::serve(server, "127.0.0.1:0".parse().unwrap(), []).await
}

/// A gateway with a certificate of a known authority is talked to; any other name or authority is UNAVAILABLE.
#[tokio::test]
async fn tls() {
    let authority = Authority::new();
    let fake = serve(&authority, false).await;
    let builder = || Client::builder().target(fake.target()).max_attempts(1);
    let good = builder().tls_with_roots(authority.pem()).tls_server_name("gateway.example").build().unwrap();
    assert_eq!(good.chat("Hi").await.unwrap().text(), "ok");
    for bad in [
        builder().tls_with_roots(authority.pem()),
        builder().tls_with_roots(Authority::new().pem()).tls_server_name("gateway.example"),
        builder().tls().tls_server_name("gateway.example"),
        builder(),
    ] {
        assert_eq!(bad.build().unwrap().chat("Hi").await.unwrap_err().code(), Code::Unavailable);
    }
}

/// A gateway that asks for the client's certificate gets it.
#[tokio::test]
async fn mutual() {
    let authority = Authority::new();
    let fake = serve(&authority, true).await;
    let (certificate, key) = authority.issue("caller.example");
    let builder = || Client::builder().target(fake.target()).max_attempts(1).tls_server_name("gateway.example");
    let known = builder().tls_with_roots(authority.pem()).client_certificate(certificate, key).build().unwrap();
    assert_eq!(known.chat("Hi").await.unwrap().text(), "ok");
    let unknown = builder().tls_with_roots(authority.pem()).build().unwrap();
    unknown.chat("Hi").await.unwrap_err();
}

/// Roots that are no certificate are refused when the client is made.
#[test]
fn no_roots() {
    let error = Client::builder().tls_with_roots("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----").build();
    assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
}
