//! Where the gateway is: an address as callers write it, and what it means. Pure, but for the resolver.

use std::net::SocketAddr;

use crate::Error;

/// The gateway's address when neither the caller nor the environment names one.
pub(crate) const DEFAULT: &str = "127.0.0.1:50051";
/// The environment's variable with the gateway's address.
pub(crate) const VARIABLE: &str = "RINGMAIN_TARGET";

/// A host and port; every address that the host's name has is used, unless addresses are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Reads `host:port`, `dns:///host:port`, `http://host:port`, `https://host:port` or `ipv4:address:port,address:port`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(list) = text.strip_prefix("ipv4:").or_else(|| text.strip_prefix("ipv6:")) {
            return Self::of_addresses(list).ok_or_else(|| unreadable(text));
        }
        let (tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(("dns", rest)) => (false, rest.trim_start_matches('/')),
            Some(_) => return Err(unreadable(text)),
        };
        let authority = rest.trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':').ok_or_else(|| unreadable(text))?;
        let port = port.parse().map_err(|_| unreadable(text))?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        // A colon within the host is an IPv6 address, which stands in brackets.
        if bare.is_empty() || bare.contains('/') || (bare.contains(':') && bare == host) {
            return Err(unreadable(text));
        }
        Ok(Self { host: bare.to_owned(), port, tls, addresses: Vec::new() })
    }

    fn of_addresses(list: &str) -> Option<Self> {
        let addresses: Vec<SocketAddr> = list.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        let first = addresses.first()?;
        Some(Self { host: first.ip().to_string(), port: first.port(), tls: false, addresses })
    }

    /// All addresses, as they are now.
    pub async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        if !self.addresses.is_empty() {
            return Ok(self.addresses.clone());
        }
        Ok(tokio::net::lookup_host((self.host.as_str(), self.port)).await?.collect())
    }

    /// The address as the `:authority` of requests.
    pub fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

fn unreadable(text: &str) -> Error {
    Error::invalid(format!(
        "cannot read the target {text:?}: expected host:port, dns:///host:port, http://host:port, https://host:port or ipv4:address:port,…"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form names the same place; only https means TLS.
    #[test]
    fn forms() {
        for text in ["gateway:50051", "dns:///gateway:50051", "http://gateway:50051/"] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.host.as_str(), target.port, target.tls), ("gateway", 50051, false));
        }
        assert!(Target::parse("https://gateway:443").unwrap().tls);
    }

    /// IPv6 addresses stand in brackets, in the target and in the authority.
    #[test]
    fn ipv6() {
        let target = Target::parse("[::1]:50051").unwrap();
        assert_eq!(target.host, "::1");
        assert_eq!(target.authority(), "[::1]:50051");
        assert!(Target::parse("::1:50051").is_err());
    }

    /// Addresses can be listed.
    #[tokio::test]
    async fn listed() {
        let target = Target::parse("ipv4:127.0.0.1:1,127.0.0.2:2").unwrap();
        assert_eq!(target.authority(), "127.0.0.1:1");
        let expected: Vec<SocketAddr> = ["127.0.0.1:1", "127.0.0.2:2"].map(|it| it.parse().unwrap()).to_vec();
        assert_eq!(target.resolve().await.unwrap(), expected);
        assert!(Target::parse("ipv4:gateway:1").is_err());
    }

    /// What is no address is refused with the forms that are.
    #[test]
    fn refused() {
        for text in ["", "gateway", "gateway:port", ":50051", "ftp://gateway:1", "http://gateway:1/path"] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.message().contains("expected host:port"), "{text}");
        }
    }
}
