//! The client underneath libhyperbolic: safe async Rust that knows no C.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod error;
pub mod text;
pub mod wire;
