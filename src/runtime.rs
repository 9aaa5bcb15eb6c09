//! The threads of the library: none until the first request, then at most six.

use crate::boundary::adopt_thread;
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use once_cell::sync::OnceCell;
use std::io;
use std::panic::catch_unwind;
use tokio::runtime::{Builder, Handle, Runtime};

const WORKERS: usize = 2;
/// A name lookup cannot be cancelled; one that hangs must not hold up the others.
const LOOKUPS: usize = 4;

static RUNTIME: OnceCell<Runtime> = OnceCell::new();

/// The runtime, started by the first that asks.
pub fn handle() -> Result<&'static Handle, Error> {
    let started = RUNTIME.get_or_try_init(start);
    let runtime = started.map_err(|e| Error::new(Status::System, format!("cannot start a thread: {e}")))?;
    Ok(runtime.handle())
}

fn start() -> io::Result<Runtime> {
    sys::mark_process()?;
    // Lookup threads are started by workers and inherit their mask.
    // tokio answers an error for a lack of descriptors, but panics for a lack of threads.
    let build = || catch_unwind(build).unwrap_or_else(|_| Err(io::Error::other("the system has none left")));
    sys::with_signals_blocked(build)?
}

fn build() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(LOOKUPS)
        .thread_name("hyperbolic-io")
        .on_thread_start(adopt_thread)
        .enable_io()
        .enable_time()
        .build()
}
