//! What all routes and connections share.

use crate::Options;
use crate::connection::{self, Connection, ConnectionFault, End};
use crate::faults::Script;
use crate::limits::Limits;
use crate::script::Items;
use crate::stats::{Last, Stats};
use bytes::Bytes;
use hyper::header::HeaderValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;
use tokio::sync::watch;

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
    /// How the server is to be.
    pub options: Options,
    stats: watch::Sender<Stats>,
    /// Number of the next request, for ids.
    next_id: AtomicU64,
    /// The connections that are open.
    connections: Mutex<BTreeMap<u64, Weak<Connection>>>,
    inner: Mutex<Inner>,
}

/// What is replaced by a reset and has no counter that anybody waits for.
#[derive(Default)]
struct Inner {
    limits: Limits,
    first_request: Option<Instant>,
    last: Last,
    faults: Option<Arc<Script>>,
    connection_faults: Option<Arc<connection::Script>>,
    /// How often each clause with `times` was applied, by its script's kind and its text.
    applied: HashMap<(&'static str, String), u64>,
    uploads: HashMap<String, Upload>,
    max_streams: Option<u32>,
    /// The `user` of each request that has one, as they came.
    users: Vec<String>,
    /// How many whole answers of status 200 each `user` was given.
    answers: HashMap<String, u64>,
}

impl State {
    /// A server that has seen nothing.
    pub fn new(options: &Options) -> Arc<Self> {
        Arc::new(Self {
            options: options.clone(),
            stats: watch::Sender::default(),
            next_id: AtomicU64::new(1),
            connections: Mutex::default(),
            inner: Mutex::default(),
        })
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

    fn open_connections(&self) -> MutexGuard<'_, BTreeMap<u64, Weak<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a connection, and keeps it where `disconnect` finds it until it is dropped.
    pub fn keep(&self, make: impl FnOnce(u64) -> Connection) -> Arc<Connection> {
        let mut open = self.open_connections();
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        let connection = Arc::new(make(number));
        open.insert(number, Arc::downgrade(&connection));
        connection
    }

    /// The connection with this number is gone.
    pub fn forget(&self, number: u64) {
        self.open_connections().remove(&number);
    }

    /// Ends every open connection of the API, and says how many. Those that do not only fall silent are closed when
    /// this returns.
    pub async fn disconnect(&self, how: End) -> usize {
        let mut open: Vec<_> = self.open_connections().values().filter_map(Weak::upgrade).collect();
        open.retain(|connection| !connection.is_control());
        open.iter().for_each(|connection| connection.end(how));
        let ended: Vec<_> = open.iter().map(Arc::downgrade).collect();
        drop(open);
        if how != End::Silent {
            // The last counter that a connection changes is that it is no longer open.
            self.wait_for(|_| ended.iter().all(|connection| connection.strong_count() == 0)).await;
        }
        ended.len()
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
    pub fn set_faults(&self, script: Script) {
        let mut inner = self.inner();
        inner.applied.retain(|(kind, _), _| *kind == ConnectionFault::KIND);
        inner.faults = Some(Arc::new(script));
    }

    /// Sets the script for connections that are accepted from now on.
    pub fn set_connection_faults(&self, script: connection::Script) {
        let mut inner = self.inner();
        inner.applied.retain(|(kind, _), _| *kind != ConnectionFault::KIND);
        inner.connection_faults = Some(Arc::new(script));
    }

    /// The fault for a connection that was just accepted.
    pub fn connection_fault(&self) -> Arc<ConnectionFault> {
        let script = self.inner().connection_faults.clone();
        script.map(|script| script.next(self)).unwrap_or_default()
    }

    /// The script for requests that bring none.
    pub fn faults(&self) -> Option<Arc<Script>> {
        self.inner().faults.clone()
    }

    /// How often this was asked before about a clause of this kind and text.
    pub fn nth(&self, kind: &'static str, text: &str) -> u64 {
        let mut inner = self.inner();
        let applied = inner.applied.entry((kind, text.to_owned())).or_default();
        *applied += 1;
        *applied - 1
    }

    /// Sets how many streams a connection of HTTP/2 may have that is accepted from now on.
    pub fn set_max_streams(&self, streams: u32) {
        self.inner().max_streams = Some(streams);
    }

    /// How many streams a new connection of HTTP/2 may have.
    pub fn max_streams(&self) -> Option<u32> {
        self.inner().max_streams.or(self.options.max_streams)
    }

    /// Keeps a body for the fault `raw`.
    pub fn put_body(&self, name: &str, upload: Upload) {
        self.inner().uploads.insert(name.to_owned(), upload);
    }

    /// A body that was uploaded.
    pub fn body(&self, name: &str) -> Option<Upload> {
        self.inner().uploads.get(name).cloned()
    }

    /// Another request, which may have a `user`.
    pub fn asked(&self, user: Option<String>) {
        self.inner().users.extend(user);
    }

    /// Who has asked, in order.
    pub fn users(&self) -> Vec<String> {
        self.inner().users.clone()
    }

    /// Another whole answer for this `user`; says how many it were.
    pub fn answered(&self, user: String) -> u64 {
        let mut inner = self.inner();
        let answers = inner.answers.entry(user).or_default();
        *answers += 1;
        *answers
    }

    /// Whether the tier still admits a request of `key` for `model` now.
    pub fn admit(&self, key: &str, model: &str) -> bool {
        self.inner().limits.admit(self.options.tier, self.options.minute, key, model, Instant::now())
    }

    /// Which window of a minute it is.
    pub fn window(&self) -> usize {
        let now = Instant::now();
        let first = *self.inner().first_request.get_or_insert(now);
        ((now - first).as_millis() / self.options.minute.as_millis().max(1)) as usize
    }
}
