//! The client underneath libhyperbolic: safe async Rust that knows no C.
#![forbid(unsafe_code)]

mod account;
pub mod catalog;
mod checks;
pub mod client;
pub mod config;
pub mod conversation;
pub mod counters;
mod endpoint;
mod environment;
pub mod error;
pub mod estimate;
mod exchange;
mod fallback;
#[cfg(feature = "test-hooks")]
pub mod hooks;
mod idle;
pub mod key;
mod life;
pub mod log;
pub mod message;
mod net;
pub mod op;
pub mod pacing;
pub mod plan;
pub mod policy;
pub mod queue;
pub mod recording;
mod registry;
pub mod request;
pub mod response;
mod retry;
pub mod spares;
mod structured;
mod sync;
mod sys;
pub mod text;
pub mod tokens;
pub mod usage;
mod tools;
pub mod wire;

#[cfg(fuzzing)]
pub use net::given;

/// Ends every request, and forgets the lookups of names.
pub fn end_all() {
    queue::cancel_all(life::SHUT_DOWN);
    abandon_lookups();
}

/// Forgets the name lookups that are under way: their threads end when they are over, and nobody joins them.
pub fn abandon_lookups() {
    net::abandon_lookups();
}
