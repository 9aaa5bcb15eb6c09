//! Where a connection of HTTP/1.1 is between two requests.

use super::super::http1::Connection;
use crate::sync::lock;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The place of one connection. A task of the runtime that drives it watches it: a connection that the server closes goes
/// at once, and all go with their runtime, whose descriptors they would keep open.
pub struct Seat(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// `None` while it serves a request.
    waits: Option<Connection>,
    watcher: Option<Waker>,
    /// No connection comes back any more.
    is_over: bool,
}

impl Seat {
    /// An empty one.
    pub fn new() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let end = End(Arc::clone(&state));
        tokio::spawn(async move { poll_fn(|context| watch(&end.0, context)).await });
        Self(state)
    }

    /// Whether a connection waits.
    pub fn is_taken(&self) -> bool {
        lock(&self.0).waits.is_some()
    }

    /// Takes it for a request, unless it has been closed.
    pub fn leave(&self) -> Option<Connection> {
        lock(&self.0).waits.take()
    }

    /// Takes a connection back, unless it is of no use any more.
    pub fn take_back(&self, mut connection: Connection) -> bool {
        let mut state = lock(&self.0);
        // From now on the watcher is who wakes; before it first ran, it looks then.
        let is_dead = state
            .watcher
            .as_ref()
            .is_some_and(|watcher| connection.poll_idle(&mut Context::from_waker(watcher)).is_ready());
        if state.is_over || is_dead {
            return false;
        }
        state.waits = Some(connection);
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(watcher) = close(&self.0) {
            watcher.wake();
        }
    }
}

/// Ends a seat whose watcher is dropped, as a runtime that shuts down does.
struct End(Arc<Mutex<State>>);

impl Drop for End {
    fn drop(&mut self) {
        close(&self.0);
    }
}

fn close(state: &Mutex<State>) -> Option<Waker> {
    let mut state = lock(state);
    state.is_over = true;
    let (closed, watcher) = (state.waits.take(), state.watcher.take());
    // Its end may wake others.
    drop(state);
    drop(closed);
    watcher
}

fn watch(state: &Mutex<State>, context: &mut Context<'_>) -> Poll<()> {
    let mut state = lock(state);
    let is_dead = state.waits.as_mut().is_some_and(|connection| connection.poll_idle(context).is_ready());
    if state.is_over || is_dead {
        return Poll::Ready(());
    }
    state.watcher = Some(context.waker().clone());
    Poll::Pending
}
