//! The threads of the library: none until the first request, then at most six; and their end.

use crate::boundary::adopt_thread;
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::queue::Patience;
use std::io;
use std::panic::catch_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;
use tokio::runtime::{Builder, Handle, Runtime};

const WORKERS: usize = 2;
/// A name lookup cannot be cancelled; one that hangs must not hold up the others.
const LOOKUPS: usize = 4;

static RUNTIME: Mutex<Option<Running>> = Mutex::new(None);
/// The threads of runtimes that were shut down, as far as they have not ended.
static ABANDONED: Mutex<Vec<Arc<Crew>>> = Mutex::new(Vec::new());

struct Running {
    runtime: Runtime,
    crew: Arc<Crew>,
}

/// The threads of one runtime: whether any is left, or is still to begin.
struct Crew {
    is_alive: Mutex<bool>,
    ended: Condvar,
}

/// What a runtime holds as long as it has a thread; the last one drops it.
struct Aboard(Arc<Crew>);

impl Drop for Aboard {
    fn drop(&mut self) {
        *lock(&self.0.is_alive) = false;
        self.0.ended.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime, started by the first that asks, and by the first after a shutdown.
pub fn handle() -> Result<Handle, Error> {
    let mut running = lock(&RUNTIME);
    if let Some(running) = &*running {
        return Ok(running.runtime.handle().clone());
    }
    let started = start().map_err(|e| Error::new(Status::System, format!("cannot start a thread: {e}")))?;
    Ok(running.insert(started).runtime.handle().clone())
}

fn start() -> io::Result<Running> {
    sys::mark_process()?;
    // Lookup threads are started by workers and inherit their mask.
    // tokio answers an error for a lack of descriptors, but panics for a lack of threads.
    let build = || catch_unwind(build).unwrap_or_else(|_| Err(io::Error::other("the system has none left")));
    sys::with_signals_blocked(build)?
}

fn build() -> io::Result<Running> {
    let crew = Arc::new(Crew { is_alive: Mutex::new(true), ended: Condvar::new() });
    let aboard = Aboard(Arc::clone(&crew));
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(LOOKUPS)
        .thread_name("hyperbolic-io")
        .on_thread_start(move || {
            // A thread that was made and has not begun yet counts too: so it is owned, not counted.
            let Aboard(_) = &aboard;
            adopt_thread();
        })
        .enable_io()
        .enable_time()
        .build()?;
    Ok(Running { runtime, crew })
}

/// Ends every request and joins the threads. Says whether all have ended in time; of the others a later call says so.
pub fn shut_down(patience: Patience) -> Result<bool, Error> {
    let until = match patience {
        Patience::Forever => None,
        Patience::For(time) => Instant::now().checked_add(time),
    };
    let running = {
        let mut running = lock(&RUNTIME);
        // Under the lock, so that another shutdown finds one or the other.
        lock(&ABANDONED).extend(running.iter().map(|running| Arc::clone(&running.crew)));
        running.take()
    };
    // Not under it: the next request begins afresh, and need not wait.
    if let Some(Running { runtime, .. }) = running {
        // First the requests: otherwise one could see its connection go, and take that for the reason.
        hyperbolic_core::end_all();
        join(runtime, until)?;
        // What was begun meanwhile.
        hyperbolic_core::abandon_lookups();
    }
    let crews = lock(&ABANDONED).clone();
    let all_ended = crews.iter().all(|crew| crew.ends(until));
    lock(&ABANDONED).retain(|crew| *lock(&crew.is_alive));
    Ok(all_ended)
}

/// Ends a runtime, on a thread of its own: on a worker of the host's own runtime tokio would panic.
fn join(runtime: Runtime, until: Option<Instant>) -> Result<(), Error> {
    let hand_over = Arc::new(Mutex::new(Some(runtime)));
    let taken_over = Arc::clone(&hand_over);
    let end = move || {
        adopt_thread();
        let Some(runtime) = lock(&taken_over).take() else { return };
        match until {
            None => drop(runtime),
            Some(until) => runtime.shutdown_timeout(until.saturating_duration_since(Instant::now())),
        }
    };
    let thread =
        sys::with_signals_blocked(|| thread::Builder::new().name("hyperbolic-end".into()).spawn(end));
    match thread.and_then(|thread| thread) {
        Ok(thread) => {
            // What it panicked of is not the caller's affair: the threads are counted.
            let _ = thread.join();
            Ok(())
        }
        Err(e) => {
            if let Some(runtime) = lock(&hand_over).take() {
                runtime.shutdown_background();
            }
            Err(Error::new(Status::System, format!("cannot start a thread: {e}")))
        }
    }
}

impl Crew {
    /// Waits until all have ended, or the time has.
    fn ends(&self, until: Option<Instant>) -> bool {
        let mut is_alive = lock(&self.is_alive);
        while *is_alive {
            is_alive = match until {
                None => self.ended.wait(is_alive).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.ended.wait_timeout(is_alive, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}
