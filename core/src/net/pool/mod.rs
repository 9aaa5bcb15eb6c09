//! The connections to one server: which one a request takes, and which one is made for it.
//!
//! Over HTTP/1.1 a connection serves one request at a time and is kept for the next. Over HTTP/2 it serves as many
//! streams as the server allows; a further one would wait unseen for another's end, so a further connection is made.

mod connection;
mod seat;

pub use connection::Lease;

use super::dial::Dialer;
use super::fault;
use super::http1::Unanswered;
use crate::account::Account;
use crate::counters::Count;
use crate::error::Error;
use crate::log::Level;
use crate::sync::lock;
use bytes::Bytes;
use connection::{Multiplexed, One, Single, Stream};
use http::{Request, Response};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::runtime::{self, Handle};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a connection waits unused: the load balancers of AWS close theirs after 60 s, nginx after 75 s. A server
/// that closes sooner says so in Keep-Alive, or is noticed when it does.
const KEEP: Duration = Duration::from_secs(55);
/// What goes wrong before an answer begins.
pub struct Failure {
    pub error: Error,
    /// Whether the server may have seen the request.
    pub sent: bool,
    /// The connection had been used before and died without a byte of an answer, or the server says that it did not
    /// look at the request: it may go again at once.
    pub replay: bool,
}

/// The connections to one server.
pub struct Pool(Arc<Shared>);

struct Shared {
    dialer: Dialer,
    limit: Option<Duration>,
    header_bytes: u32,
    account: Arc<Account>,
    state: Mutex<State>,
    /// A connection was made, or not; or one has room again.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// HTTP/1.1, the last used last.
    idle: Vec<Idle>,
    http2: Vec<Arc<Multiplexed>>,
    /// Whether the server speaks HTTP/2, once it is known, and how many streams it took on a connection last.
    http2_streams: Option<usize>,
    http1_only: bool,
    dialing: usize,
    waiting: usize,
    failures: u64,
    failure: Option<Error>,
    /// Held by the task that closes what was idle for too long; there is one while anything is. No handle of that
    /// task: it would keep the runtime's descriptors open beyond a shutdown.
    reaper: Weak<Notify>,
    /// What it waits for.
    reaps_at: Option<Instant>,
}

/// A connection of HTTP/1.1 that waits for a request.
struct Idle {
    line: Single,
    until: Instant,
}

/// What is to be done for a request.
enum Step {
    Take(Lease),
    Dial(Dialing),
    Wait(Waiting),
}

/// Counts one that makes a connection, until it has one.
struct Dialing(Arc<Shared>);

impl Drop for Dialing {
    fn drop(&mut self) {
        lock(&self.0.state).dialing -= 1;
        self.0.changed.notify_waiters();
    }
}

/// Counts one that waits for a connection which another makes.
struct Waiting(Arc<Shared>);

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.0.state).waiting -= 1;
    }
}

impl Pool {
    pub fn new(dialer: Dialer, limit: Option<Duration>, header_bytes: u32, account: Arc<Account>) -> Self {
        let (state, changed) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { dialer, limit, header_bytes, account, state, changed }))
    }

    /// Makes a connection ahead of the first request, if there is none.
    pub async fn warm_up(&self) {
        let step = {
            let mut state = lock(&self.0.state);
            let any = state.dialing > 0 || !state.idle.is_empty() || !state.http2.is_empty();
            if any { None } else { Some(self.0.dialing(&mut state)) }
        };
        if let Some(dialing) = step
            && let Ok(lease) = self.0.within_limit(self.0.open()).await
        {
            lease.give_back(None).await;
            drop(dialing);
        }
    }

    /// Sends a request over a connection that is there, or a new one, and waits for the head of its answer.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<(Response<()>, Lease), Failure> {
        let uri = request.uri().clone();
        loop {
            let connecting = self.0.within_limit(self.0.connection());
            let (mut lease, used) =
                connecting.await.map_err(|error| Failure { error, sent: false, replay: false })?;
            let http2 = matches!(lease, Lease::Stream(_));
            super::shape(&mut request, &uri, http2, self.0.dialer.forward().is_some());
            let before = lease.received();
            let error = match lease.send(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(error) => error,
            };
            request = self.0.undone(error, used, lease.received() == before)?;
        }
    }
}

impl Shared {
    /// Runs what makes a connection, within the connect deadline.
    async fn within_limit<T>(&self, connecting: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(limit) = self.limit else { return connecting.await };
        // What fails is small, but what connects is a deep nest of futures.
        let connecting: Pin<Box<_>> = Box::pin(connecting);
        timeout(limit, connecting).await.unwrap_or_else(|_| Err(fault::connect_deadline(limit)))
    }

    /// What becomes of a request that got no answer, and over a connection that was `used` before, or not; `silent` is
    /// that it brought not a byte. Gives it back where it goes over another connection without a word.
    fn undone(&self, unanswered: Unanswered, used: bool, silent: bool) -> Result<Request<Bytes>, Failure> {
        // Given back is what not a byte was written of. An old connection counts as found dead then; where a new one is
        // no better, another would hardly be.
        let Unanswered { error: cause, back } = unanswered;
        let sent = back.is_none();
        if let (true, Some(back)) = (used, back) {
            return Ok(back);
        }
        // A stream counts as silent always: nobody counts its bytes.
        let died = used && silent && !fault::is_by_frame(&*cause);
        let replay = died || fault::is_unseen(&*cause);
        if died {
            self.distrust();
        }
        Err(Failure { error: fault::no_answer(&*cause), sent, replay })
    }

    /// A connection for one request, and whether it had been there before.
    async fn connection(self: &Arc<Self>) -> Result<(Lease, bool), Error> {
        let mut seen = None;
        loop {
            // Listens before it looks, so that nothing comes in between.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let step = {
                let mut state = lock(&self.state);
                let failures = state.failures;
                let step = self.step(&mut state);
                // The attempt that it waited for failed, and no other is under way, nor has one succeeded since.
                if let (Step::Dial(_), Some(failure)) = (&step, &state.failure)
                    && seen.is_some_and(|seen| seen < failures)
                {
                    let failure = failure.clone();
                    drop(state);
                    drop(step);
                    return Err(failure);
                }
                seen.get_or_insert(failures);
                step
            };
            match step {
                Step::Take(lease) => return Ok((lease, true)),
                Step::Dial(dialing) => {
                    let opened = self.open().await;
                    let mut state = lock(&self.state);
                    state.failures += u64::from(opened.is_err());
                    state.failure = opened.as_ref().err().cloned();
                    drop(state);
                    drop(dialing);
                    return opened.map(|lease| (lease, false));
                }
                Step::Wait(waiting) => {
                    changed.await;
                    drop(waiting);
                }
            }
        }
    }

    fn step(self: &Arc<Self>, state: &mut State) -> Step {
        state.prune();
        state.keep_those_of(Handle::current().id());
        if let Some(on) = state.http2.iter().find(|on| on.room() > 0) {
            on.active.fetch_add(1, Ordering::Relaxed);
            return Step::Take(Lease::Stream(Stream::new(Arc::clone(on), self)));
        }
        while let Some(Idle { line, .. }) = state.idle.pop() {
            if let Some(connection) = line.seat.leave() {
                return Step::Take(Lease::One(Box::new(One {
                    line,
                    connection,
                    pool: Arc::downgrade(self),
                })));
            }
        }
        if state.waiting < state.coming(self.dialer.is_tls()) {
            state.waiting += 1;
            return Step::Wait(Waiting(Arc::clone(self)));
        }
        Step::Dial(self.dialing(state))
    }

    fn dialing(self: &Arc<Self>, state: &mut State) -> Dialing {
        state.dialing += 1;
        Dialing(Arc::clone(self))
    }

    /// Makes a connection.
    async fn open(self: &Arc<Self>) -> Result<Lease, Error> {
        let line = self.dialer.dial().await.map_err(|e| fault::no_connection(&*e, self.limit))?;
        self.account.counters.add(Count::Connections, 1);
        self.account.log.tell(Level::Debug, 0, None, "connected", || [("http2", line.http2.into())]);
        if !line.http2 {
            return Ok(self.open_http1(line.stream));
        }
        self.open_http2(line.stream).await.map_err(|e| fault::no_connection(&e, None))
    }

    /// A connection that had been fine was found dead: the others may be too, as after a change of the network, and
    /// one request must not find them out one by one. Those that serve requests are left to them.
    fn distrust(&self) {
        let mut state = lock(&self.state);
        state.idle.clear();
        state.http2.clear();
    }

    /// Sees to it that what is idle is closed in time.
    fn reap_later(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if let Some(wake) = state.reaper.upgrade() {
            // The last one to come may be the first to go.
            if state.next_to_close() < state.reaps_at {
                wake.notify_one();
            }
            return;
        }
        // Not within the library's runtime only when that shuts down.
        let Ok(runtime) = Handle::try_current() else { return };
        let wake = Arc::new(Notify::new());
        state.reaper = Arc::downgrade(&wake);
        runtime.spawn(reap(Arc::downgrade(self), wake));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(wake) = lock(&self.state).reaper.upgrade() {
            wake.notify_one();
        }
    }
}

/// Closes connections whose time is over, as long as there are idle ones. Looks again when it is woken.
async fn reap(pool: Weak<Shared>, wake: Arc<Notify>) {
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else { return };
            let mut state = lock(&pool.state);
            state.prune();
            let next = state.next_to_close();
            state.reaps_at = next;
            if next.is_none() {
                state.reaper = Weak::new();
            }
            next
        };
        let Some(next) = next else { return };
        drop(timeout_at(next, wake.notified()).await);
    }
}

impl State {
    /// Forgets what is closed, and closes what was idle for too long.
    fn prune(&mut self) {
        let now = Instant::now();
        self.idle.retain(|idle| idle.line.seat.is_taken() && idle.until > now);
        self.http2.retain(|on| {
            let over = on.is_idle() && *lock(&on.used) + KEEP <= now;
            !on.sender.is_closed() && !over
        });
    }

    /// Forgets the connections that another runtime drives. It is being shut down: a request on one of them would find
    /// it dead, with an answer perhaps on its way.
    fn keep_those_of(&mut self, runtime: runtime::Id) {
        self.idle.retain(|idle| idle.line.runtime == runtime);
        self.http2.retain(|on| on.runtime == runtime);
    }

    fn next_to_close(&self) -> Option<Instant> {
        let single = self.idle.iter().map(|idle| idle.until);
        let multiplexed = self.http2.iter().filter(|on| on.is_idle()).map(|on| *lock(&on.used) + KEEP);
        single.chain(multiplexed).min()
    }

    /// How many requests the connections that are being made will have room for. While it is not known what the
    /// server speaks, the first connection tells.
    fn coming(&self, is_tls: bool) -> usize {
        if !is_tls || self.http1_only {
            return 0;
        }
        let Some(streams) = self.http2_streams else {
            return if self.dialing > 0 { usize::MAX } else { 0 };
        };
        let untold = self.http2.iter().filter(|on| on.is_untold() && on.room() == 0).count();
        // One stream of each has its owner.
        (self.dialing + untold).saturating_mul(streams.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests;
