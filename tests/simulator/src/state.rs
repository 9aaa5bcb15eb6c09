//! What the server counts, and the guard that counts one request.

use crate::faults::Script;
use crate::limits::{Limits, Tier};
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// What the server has seen since it started or was reset. Control requests are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Requests whose head arrived.
    pub requests: u64,
    /// The same by route: `chat`, `completions`, `models`, `other`.
    pub routes: BTreeMap<&'static str, u64>,
    /// Answers handed over to their last byte, of any status.
    pub finished: u64,
    /// Answers of type `text/event-stream` begun.
    pub streams_started: u64,
    /// Those of them that were handed over whole.
    pub streams_finished: u64,
    /// Requests that their client left, by closing the connection or resetting the stream, before the answer
    /// was whole.
    pub closes: u64,
    /// Connections accepted, without those whose first request was a control one.
    pub connections: u64,
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
    /// The counters as `GET /simulator/stats` gives them.
    pub fn to_json(&self) -> Value {
        json!({
            "requests": self.requests,
            "routes": self.routes,
            "finished": self.finished,
            "streams_started": self.streams_started,
            "streams_finished": self.streams_finished,
            "closes": self.closes,
            "connections": self.connections,
            "open": self.open,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "sent_429": self.sent_429,
            "last_error": self.last_error,
            "windows": self.windows,
        })
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

/// A body uploaded for the fault `raw`.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its Content-Type.
    pub content_type: HeaderValue,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Everything the routes share.
pub struct State {
    /// Length of the rate limits' minute.
    pub minute: Duration,
    /// Keys that are accepted; empty for any that does not begin with `wrong` or `invalid`.
    pub keys: Vec<String>,
    tier: Tier,
    stats: watch::Sender<Stats>,
    /// Number of the next request, for ids.
    next_id: AtomicU64,
    inner: Mutex<Inner>,
}

/// What is replaced by a reset and has no counter that anybody waits for.
#[derive(Default)]
struct Inner {
    limits: Limits,
    first_request: Option<Instant>,
    last: Last,
    faults: Option<Arc<Script>>,
    /// How often each clause with `times` was applied, by its text.
    applied: HashMap<String, u64>,
    uploads: HashMap<String, Upload>,
}

impl State {
    /// A server that has seen nothing.
    pub fn new(tier: Tier, minute: Duration, keys: Vec<String>) -> Arc<Self> {
        let (stats, _) = watch::channel(Stats::default());
        Arc::new(Self { minute, keys, tier, stats, next_id: AtomicU64::new(1), inner: Mutex::default() })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A test that panicked in between leaves counters, not broken invariants.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the counters.
    pub fn stats(&self) -> Stats {
        self.stats.borrow().clone()
    }

    /// Changes the counters and wakes whoever waits for them.
    pub fn count(&self, change: impl FnOnce(&mut Stats)) {
        self.stats.send_modify(change);
    }

    /// Waits until the counters satisfy `condition`.
    pub async fn wait_for(&self, condition: impl FnMut(&Stats) -> bool) -> Stats {
        let mut seen = self.stats.subscribe();
        match seen.wait_for(condition).await {
            Ok(stats) => stats.clone(),
            // Cannot be: this object holds the sender.
            Err(_) => self.stats(),
        }
    }

    /// Forgets counters, faults, uploads and limits; connections and requests that are open stay counted.
    pub fn reset(&self) {
        *self.inner() = Inner::default();
        self.count(|stats| {
            *stats = Stats {
                open: stats.open,
                in_flight: stats.in_flight,
                most_in_flight: stats.in_flight,
                ..Stats::default()
            }
        });
    }

    /// A number for ids, never given twice.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The last request.
    pub fn last(&self) -> Last {
        self.inner().last.clone()
    }

    /// Remembers a request as the last one.
    pub fn set_last(&self, last: Last) {
        self.inner().last = last;
    }

    /// Sets the script for requests that bring none.
    pub fn set_faults(&self, script: Option<Script>) {
        let mut inner = self.inner();
        inner.applied.clear();
        inner.faults = script.map(Arc::new);
    }

    /// The script for requests that bring none.
    pub fn faults(&self) -> Option<Arc<Script>> {
        self.inner().faults.clone()
    }

    /// Whether the clause that reads `text` may be applied once more.
    pub fn apply(&self, text: &str, times: u64) -> bool {
        let mut inner = self.inner();
        let applied = inner.applied.entry(text.to_owned()).or_default();
        *applied += 1;
        *applied <= times
    }

    /// Keeps a body for the fault `raw`.
    pub fn put_body(&self, name: &str, upload: Upload) {
        self.inner().uploads.insert(name.to_owned(), upload);
    }

    /// A body that was uploaded.
    pub fn body(&self, name: &str) -> Option<Upload> {
        self.inner().uploads.get(name).cloned()
    }

    /// Whether the tier still admits a request of `key` for `model` now.
    pub fn admit(&self, key: &str, model: &str) -> bool {
        self.inner().limits.admit(self.tier, self.minute, key, model, Instant::now())
    }

    fn window(&self) -> usize {
        let now = Instant::now();
        let first = *self.inner().first_request.get_or_insert(now);
        ((now - first).as_nanos() / self.minute.as_nanos().max(1)) as usize
    }
}

/// One accepted connection: what a fault needs to reset it, and its place in the counters.
pub struct Connection {
    state: Arc<State>,
    reset: AtomicBool,
    closing: Notify,
    kind: Mutex<Kind>,
}

/// What a connection is used for, as its first request tells.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unknown,
    Api,
    Control,
}

impl Connection {
    /// Counts a connection.
    pub fn open(state: &Arc<State>) -> Arc<Self> {
        state.count(|stats| {
            stats.connections += 1;
            stats.open += 1;
        });
        Arc::new(Self {
            state: state.clone(),
            reset: AtomicBool::new(false),
            closing: Notify::new(),
            kind: Mutex::new(Kind::Unknown),
        })
    }

    /// Told of each request: a connection that begins with a control request is not the client's.
    pub fn used(&self, control: bool) {
        let mut kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        if *kind != Kind::Unknown {
            return;
        }
        *kind = if control { Kind::Control } else { Kind::Api };
        if control {
            self.state.count(|stats| {
                stats.connections = stats.connections.saturating_sub(1);
                stats.open = stats.open.saturating_sub(1);
            });
        }
    }

    /// Breaks the connection with a TCP reset.
    pub fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
        self.closing.notify_one();
    }

    /// Whether `reset` was asked for.
    pub fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    /// Resolves when `reset` was asked for.
    pub async fn closing(&self) {
        self.closing.notified().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let kind = *self.kind.get_mut().unwrap_or_else(PoisonError::into_inner);
        if kind != Kind::Control {
            self.state.count(|stats| stats.open = stats.open.saturating_sub(1));
        }
    }
}

/// One request from its head to the end of its answer. Dropped before `finish` or `cut`, it was its client
/// that left.
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

    /// The answer was handed over whole.
    pub fn finish(&mut self) {
        if self.ended {
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
        self.ended = true;
    }

    /// A fault resets the connection.
    pub fn reset(&mut self) {
        self.ended = true;
        self.connection.reset();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // Other requests on a connection that a fault reset were not left by their client.
        let left = !self.ended && !self.connection.is_reset();
        self.state.count(|stats| {
            stats.in_flight = stats.in_flight.saturating_sub(1);
            stats.closes += u64::from(left);
        });
    }
}
