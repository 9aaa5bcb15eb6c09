//! The server as its clients see it, over sockets.

mod answers;
mod bytes;
mod client;
mod connections;
mod control;
mod faults;
mod program;
mod random;
mod tls;
