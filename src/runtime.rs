//! The threads of the library: none until the first request, then at most six; and their end.

use crate::boundary::adopt_thread;
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::queue::{Patience, begin_turns, end_turn};
use std::io;
use std::panic::catch_unwind;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::runtime::{Builder, Handle, Runtime};

const WORKERS: usize = 2;
/// A name lookup cannot be cancelled; one that hangs must not hold up the others.
const LOOKUPS: usize = 4;

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
/// The runtimes that were shut down and whose threads have not all ended.
static ENDINGS: Mutex<Vec<Ending>> = Mutex::new(Vec::new());

/// A runtime that ends.
struct Ending {
    end: Arc<End>,
    /// Joins the others, and is joined last.
    thread: JoinHandle<()>,
}

/// Whether all threads of a runtime have been joined.
#[derive(Default)]
struct End {
    has_come: Mutex<bool>,
    came: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime, started by the first that asks, and by the first after a shutdown.
pub fn handle() -> Result<Handle, Error> {
    let mut running = lock(&RUNTIME);
    if let Some(runtime) = &*running {
        return Ok(runtime.handle().clone());
    }
    let started = start().map_err(|e| Error::new(Status::System, format!("cannot start a thread: {e}")))?;
    Ok(running.insert(started).handle().clone())
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
        .on_thread_start(begin_thread)
        .on_thread_park(end_turn)
        .enable_io()
        .enable_time()
        .build()
}

/// Each thread has turns until it ends.
fn begin_thread() {
    adopt_thread();
    begin_turns();
}

/// Ends every request and joins the threads. Says whether all were joined in time; of the others a later call says so.
pub fn shut_down(patience: Patience) -> Result<bool, Error> {
    let until = match patience {
        Patience::Forever => None,
        Patience::For(time) => Instant::now().checked_add(time),
    };
    let begun = {
        // Under this lock, so that another shutdown finds the runtime or its end. Under that of the runtime nothing is
        // done: the next request begins afresh, and need not wait.
        let mut endings = lock(&ENDINGS);
        let runtime = lock(&RUNTIME).take();
        runtime.map(|runtime| begin_end(runtime, &mut endings)).transpose()
    };
    if let Some(go) = begun? {
        // First the requests: otherwise one could see its connection go, and take that for the reason.
        hyperbolic_core::end_all();
        // Lets the runtime end.
        drop(go);
        // What was begun meanwhile.
        hyperbolic_core::abandon_lookups();
    }
    let ends: Vec<_> = lock(&ENDINGS).iter().map(|ending| Arc::clone(&ending.end)).collect();
    let all_came = ends.iter().all(|end| end.comes(until));
    // Under the lock, so that another shutdown does not answer before they are joined.
    let mut endings = lock(&ENDINGS);
    for ending in endings.extract_if(.., |ending| *lock(&ending.end.has_come)) {
        // What it panicked of is not the caller's affair.
        let _ = ending.thread.join();
    }
    Ok(all_came)
}

/// Ends a runtime once the answer is dropped, on a thread of its own: on a worker of the host's own runtime tokio would
/// panic.
fn begin_end(runtime: Runtime, endings: &mut Vec<Ending>) -> Result<Sender<()>, Error> {
    let (go, may_go) = mpsc::channel::<()>();
    let end = Arc::<End>::default();
    let hand_over = Arc::new(Mutex::new(Some(runtime)));
    let (taken_over, ended) = (Arc::clone(&hand_over), Arc::clone(&end));
    let work = move || {
        adopt_thread();
        // It ends with an error: nothing is ever sent.
        let _ = may_go.recv();
        // Joins its threads, however long a lookup takes.
        drop(lock(&taken_over).take());
        *lock(&ended.has_come) = true;
        ended.came.notify_all();
    };
    let spawn = || thread::Builder::new().name("hyperbolic-end".into()).spawn(work);
    match sys::with_signals_blocked(spawn).and_then(|thread| thread) {
        Ok(thread) => {
            endings.push(Ending { end, thread });
            Ok(go)
        }
        Err(e) => {
            // Without joining.
            if let Some(runtime) = lock(&hand_over).take() {
                runtime.shutdown_background();
            }
            Err(Error::new(Status::System, format!("cannot start a thread: {e}")))
        }
    }
}

impl End {
    /// Waits until it has come, or the time has.
    fn comes(&self, until: Option<Instant>) -> bool {
        let mut has_come = lock(&self.has_come);
        while !*has_come {
            has_come = match until {
                None => self.came.wait(has_come).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.came.wait_timeout(has_come, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}
