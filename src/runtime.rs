//! The threads of the library: none until the first request, then one that sends and reads, and at most four that look
//! names up; and their end.

use crate::boundary::adopt_thread;
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::queue::{Patience, Turns, end_turn};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A name lookup cannot be cancelled; one that hangs must not hold up the others.
const LOOKUPS: usize = 4;

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);
/// The threads that were told to end and have not been joined.
static ENDINGS: Mutex<Vec<Ending>> = Mutex::new(Vec::new());

/// A thread that drives requests.
struct Running {
    handle: Handle,
    /// Dropped, the thread ends.
    go_on: oneshot::Sender<()>,
    ending: Ending,
}

/// The end of such a thread.
struct Ending {
    end: Arc<End>,
    thread: JoinHandle<()>,
}

/// Whether a thread has ended, and the lookups that it had begun.
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
    let mut running = lock(&RUNNING);
    if let Some(running) = &*running {
        return Ok(running.handle.clone());
    }
    let started = start().map_err(|e| Error::new(Status::System, format!("cannot start a thread: {e}")))?;
    Ok(running.insert(started).handle.clone())
}

/// One thread does it all: what it costs to hand a request between two is more than they win, and a client waits most of
/// the time.
fn start() -> io::Result<Running> {
    sys::mark_process()?;
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(LOOKUPS)
        .thread_name("hyperbolic-lookup")
        .on_thread_start(adopt_thread)
        .on_thread_park(end_turn)
        .enable_io()
        .enable_time()
        .build()?;
    let (handle, end) = (runtime.handle().clone(), Arc::<End>::default());
    let (go_on, ended) = oneshot::channel();
    let hand_over = Arc::new(Mutex::new(Some(runtime)));
    let (taken_over, told) = (Arc::clone(&hand_over), Arc::clone(&end));
    let work = move || {
        adopt_thread();
        let Some(runtime) = lock(&taken_over).take() else { return };
        let turns = Turns::begin();
        // It ends with an error: nothing is ever sent.
        let _ = runtime.block_on(ended);
        drop(turns);
        // Joins the lookups, however long they take.
        drop(runtime);
        *lock(&told.has_come) = true;
        told.came.notify_all();
    };
    // Lookup threads are started by this one and inherit its mask.
    let spawn = || thread::Builder::new().name("hyperbolic-io".into()).spawn(work);
    match sys::with_signals_blocked(spawn).and_then(|thread| thread) {
        Ok(thread) => Ok(Running { handle, go_on, ending: Ending { end, thread } }),
        Err(error) => {
            // Plainly dropped it would wait for lookups, which panics on a thread of another runtime.
            if let Some(runtime) = lock(&hand_over).take() {
                runtime.shutdown_background();
            }
            Err(error)
        }
    }
}

/// Ends every request and joins the threads. Says whether all were joined in time; of the others a later call says so.
pub fn shut_down(patience: Patience) -> bool {
    let until = match patience {
        Patience::Forever => None,
        Patience::For(time) => Instant::now().checked_add(time),
    };
    let begun = {
        // Under this lock, so that another shutdown finds the thread or its end. Under the other nothing is done: the
        // next request begins afresh, and need not wait.
        let mut endings = lock(&ENDINGS);
        lock(&RUNNING).take().map(|Running { go_on, ending, .. }| {
            endings.push(ending);
            go_on
        })
    };
    if let Some(go_on) = begun {
        // First the requests: otherwise one could see its connection go, and take that for the reason.
        hyperbolic_core::end_all();
        drop(go_on);
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
    all_came
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
