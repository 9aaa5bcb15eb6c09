//! The guard that counts one request.

use crate::connection::{Busy, Connection, End};
use crate::state::State;
use hyper::StatusCode;
use serde_json::Value;
use std::sync::Arc;

/// One request from its head to the end of its answer. Dropped before that, it was its client that left.
pub struct InFlight {
    state: Arc<State>,
    connection: Arc<Connection>,
    _busy: Busy,
    ended: bool,
    /// Who asks, by the request's body.
    user: Option<String>,
    status: StatusCode,
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
        Self {
            state: state.clone(),
            connection: connection.clone(),
            _busy: connection.busy(),
            ended: false,
            user: None,
            status: StatusCode::OK,
            stream: false,
        }
    }

    /// The request's body has arrived.
    pub fn arrived(&mut self, body: &[u8]) {
        self.user = user(body);
        self.state.asked(self.user.clone());
    }

    /// An answer begins, which may be a stream of events.
    pub fn answers(&mut self, status: StatusCode, stream: bool) {
        (self.status, self.stream) = (status, stream);
        self.state.count(|stats| stats.streams_started += u64::from(stream));
    }

    /// So many bytes of the answer are handed over.
    pub fn writes(&self, bytes: usize) {
        self.state.count(|stats| stats.body_bytes += bytes as u64);
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
        let (status, stream) = (self.status, self.stream);
        let user = self.user.take().filter(|_| status == StatusCode::OK);
        let answers = user.map(|user| self.state.answered(user));
        self.state.count(|stats| {
            stats.finished += 1;
            stats.streams_finished += u64::from(stream);
            *stats.statuses.entry(status.as_u16()).or_default() += 1;
            stats.answered += u64::from(answers == Some(1));
            stats.answered_twice += u64::from(answers == Some(2));
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

/// The `user` of a request in JSON.
fn user(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["user"].as_str().map(str::to_owned)
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
