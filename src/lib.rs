//! libhyperbolic: the C ABI over `hyperbolic-core`. This is the map of the house, in the order of a request.
//!
//! **Into the library.** A C call enters one of the files named after C's types (`options`, `policy`, `client`,
//! `log`, `request`, `parameters`, `chat`, `call`, `start`, `queue`, `response`, `error`, `model`, `usage`, `json`,
//! `conversation`, `history`, `save`, `library`). Each export is a few lines: convert in, call one function of the
//! core, convert out; policy lives in the core. `boundary` is the one function that all of them go through: it
//! contains panics, notices a fork and fills the error out-parameter. `text` turns pointer and length into text and
//! back, `handle` says which constructor made a pointer and who may free it, `draft` remembers the first bad value
//! of an object that the app fills, `getter` reads what the app may read.
//!
//! **What is asked** is a `core::request`: typed fields and raw JSON, checked as a whole before anything is sent.
//!
//! **Starting.** `start` hands it to `core::client`, which enters it into its queue (`core::op`) and spawns its
//! one task on the global runtime (`runtime`; what differs by system is in `sys`). A blocking call (`call`) is the same
//! start with a private queue and a loop over it. What a call holds while a callback of the app runs is in `in_hand`.
//!
//! **Its turn and its attempts.** `core::life` is that task: it waits for its turn (`core::pacing`), makes an attempt
//! (`core::exchange`, with the deadlines), asks `core::retry` and `core::fallback` what comes after a failed one, and
//! waits again.
//!
//! **Over the network.** `core::net` has names, TLS, proxies and the pool of connections, and no JSON. `core::recording`
//! is the file that exchanges are kept in and answered from.
//!
//! **Bytes to meaning.** `core::wire` takes the bytes: lines (`sse`), JSON (`chunk`), the sum (`answer`), or an
//! error (`errors`). No I/O there.
//!
//! **Account.** `core::account` counts, prices and logs what happens.
//!
//! **Out again.** `core::op` delivers each piece to `core::queue`, and, however a request ends, its one last
//! event with a `core::response`. `queue` and `event` hand events to the app, on the app's own thread.
#![expect(non_camel_case_types, reason = "types bear the names that C knows them by")]

// One file for each part of the header, in the header's order.
mod status;
mod event;
mod options;
mod policy;
mod client;
mod log;
mod request;
mod parameters;
mod chat;
mod call;
mod start;
mod queue;
mod response;
mod error;
mod model;
mod usage;
mod json;
mod conversation;
mod history;
mod save;
mod library;

// What they share.
mod boundary;
mod draft;
mod getter;
mod handle;
mod in_hand;
mod runtime;
mod sys;
mod text;
