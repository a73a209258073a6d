//! Client of the Ringmain gateway: one gRPC service in front of many AI model providers.
//!
//! [`Client`] talks to the gateway, [`Call`] says how one call is made, [`EventStream`] is an answer as it is
//! written, and [`Error`] tells why a call failed. The contract's messages and gRPC stubs are in [`v1`].
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod answer;
mod balance;
mod call;
mod client;
mod dial;
mod error;
mod fold;
mod media;
mod retry;
mod settings;
mod stream;
mod target;
mod tokens;
mod tools;

pub use balance::Transport;
pub use call::{Call, Reply};
pub use client::Client;
pub use error::{Error, Violation};
pub use fold::Fold;
pub use media::Pictures;
pub use settings::Builder;
pub use stream::{Event, EventStream};
pub use tokens::Token;

pub use prost;
pub use prost_types;
pub use tonic;
pub use tonic::Code;

/// The contract `ringmain.v1`: messages, and the stubs as tonic generates them.
#[allow(missing_docs, clippy::all, rustdoc::all)]
pub mod v1 {
    include!("generated/ringmain.v1.rs");
}

/// The contract of the admin port, `ringmain.admin.v1`.
pub mod admin {
    /// Its first version.
    #[allow(missing_docs, clippy::all, rustdoc::all)]
    pub mod v1 {
        include!("generated/ringmain.admin.v1.rs");
    }
}
