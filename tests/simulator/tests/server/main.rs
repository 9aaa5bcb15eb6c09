//! The server as its clients see it, over sockets.

mod answers;
mod bytes;
mod client;
mod connections;
mod control;
mod faults;
mod options;
mod program;
mod random;
mod tls;
