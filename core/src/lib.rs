//! The client underneath libhyperbolic: safe async Rust that knows no C.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod client;
pub mod config;
mod endpoint;
pub mod error;
#[cfg(feature = "test-hooks")]
pub mod hooks;
mod http;
mod key;
pub mod op;
pub mod pacing;
pub mod plan;
pub mod queue;
mod registry;
pub mod request;
pub mod response;
pub mod retry;
mod sync;
pub mod text;
pub mod wire;
