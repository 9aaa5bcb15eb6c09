//! What the server counts, and what it remembers of the last request.

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the server has seen since it started or was reset. Control requests are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Requests whose head arrived.
    pub requests: u64,
    /// The same by route: `chat`, `completions`, `models`, `other`.
    pub routes: BTreeMap<&'static str, u64>,
    /// Answers handed over to their last byte, of any status.
    pub finished: u64,
    /// The same by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Values of `user` in requests that were given a whole answer of status 200.
    pub answered: u64,
    /// Those of them that were given more than one.
    pub answered_twice: u64,
    /// Answers of type `text/event-stream` begun.
    pub streams_started: u64,
    /// Those of them that were handed over whole.
    pub streams_finished: u64,
    /// Bytes of bodies handed over, as far as the network took them.
    pub body_bytes: u64,
    /// Requests that their client left, by closing the connection or resetting the stream, before the answer
    /// was whole.
    pub closes: u64,
    /// Requests that a fault broke off.
    pub broken_off: u64,
    /// Faults drawn at random, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Connections accepted, without those whose first request was a control one.
    pub connections: u64,
    /// Those of them that a fault of connections took.
    pub connections_faulted: u64,
    /// Those of them that are open now.
    pub open: u64,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most that were being answered at once.
    pub most_in_flight: u64,
    /// Answers with status 429.
    pub sent_429: u64,
    /// The last answer with a status of 400 or more: status, code and message.
    pub last_error: Option<Value>,
    /// Requests in each window of `minute`, counted from the first request.
    pub windows: Vec<u64>,
}

impl Stats {
    /// The counters that are one number, by name.
    fn numbers(&self) -> [(&'static str, u64); 15] {
        [
            ("requests", self.requests),
            ("finished", self.finished),
            ("answered", self.answered),
            ("answered_twice", self.answered_twice),
            ("streams_started", self.streams_started),
            ("streams_finished", self.streams_finished),
            ("body_bytes", self.body_bytes),
            ("closes", self.closes),
            ("broken_off", self.broken_off),
            ("connections", self.connections),
            ("connections_faulted", self.connections_faulted),
            ("open", self.open),
            ("in_flight", self.in_flight),
            ("most_in_flight", self.most_in_flight),
            ("sent_429", self.sent_429),
        ]
    }

    /// The counter of this name, if it is one number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers().into_iter().find(|(known, _)| *known == name).map(|(_, number)| number)
    }

    /// The counters as `GET /simulator/stats` gives them.
    pub fn to_json(&self) -> Value {
        let mut all = json!({
            "routes": self.routes,
            "statuses": self.statuses,
            "faults": self.faults,
            "last_error": self.last_error,
            "windows": self.windows,
        });
        for (name, number) in self.numbers() {
            all[name] = number.into();
        }
        all
    }
}

/// The last request as it came.
#[derive(Clone, Debug, Default)]
pub struct Last {
    /// Method, such as `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Header fields; names in lower case.
    pub headers: HeaderMap,
    /// The body as received.
    pub body: Bytes,
}

impl Last {
    /// As `GET /simulator/last` gives it. A header that came twice is joined by `, `.
    pub fn to_json(&self) -> Value {
        let mut headers: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.as_str())
                .and_modify(|all| *all = format!("{all}, {value}"))
                .or_insert_with(|| value.into_owned());
        }
        let body: Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into_owned().into());
        json!({"method": self.method, "path": self.path, "version": self.version, "headers": headers, "body": body,
            "bytes": self.body.len()})
    }
}
