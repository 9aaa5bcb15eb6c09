//! The guard that counts one request.

use crate::connection::{Connection, End};
use crate::state::State;
use std::sync::Arc;

/// One request from its head to the end of its answer. Dropped before that, it was its client that left.
pub struct InFlight {
    state: Arc<State>,
    connection: Arc<Connection>,
    ended: bool,
    stream: bool,
}

impl InFlight {
    /// Counts a request on `route`.
    pub fn begin(state: &Arc<State>, connection: &Arc<Connection>, route: &'static str) -> Self {
        let window = state.window();
        state.count(|stats| {
            stats.requests += 1;
            *stats.routes.entry(route).or_default() += 1;
            stats.in_flight += 1;
            stats.most_in_flight = stats.most_in_flight.max(stats.in_flight);
            if stats.windows.len() <= window {
                stats.windows.resize(window + 1, 0);
            }
            stats.windows[window] += 1;
        });
        Self { state: state.clone(), connection: connection.clone(), ended: false, stream: false }
    }

    /// The answer is a stream of events.
    pub fn streams(&mut self) {
        self.stream = true;
        self.state.count(|stats| stats.streams_started += 1);
    }

    /// Whether the server has ended the connection, so that no byte of the answer will be written any more.
    pub fn is_cut_off(&self) -> bool {
        self.connection.ended().is_some()
    }

    /// The answer was handed over whole.
    pub fn finish(&mut self) {
        if self.ended || self.is_cut_off() {
            return;
        }
        self.ended = true;
        let stream = self.stream;
        self.state.count(|stats| {
            stats.finished += 1;
            stats.streams_finished += u64::from(stream);
        });
    }

    /// A fault ended the answer.
    pub fn cut(&mut self) {
        if !self.ended {
            self.ended = true;
            self.state.count(|stats| stats.broken_off += 1);
        }
    }

    /// A fault resets the connection.
    pub fn reset(&mut self) {
        self.cut();
        self.connection.end(End::Reset);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // Other requests on a connection that the server broke were not left by their client.
        if matches!(self.connection.ended(), Some(End::Reset | End::Close)) {
            self.cut();
        }
        let left = !self.ended;
        self.state.count(|stats| {
            stats.in_flight = stats.in_flight.saturating_sub(1);
            stats.closes += u64::from(left);
        });
    }
}
