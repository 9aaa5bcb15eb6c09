//! One connection of the pool, of either version of HTTP, and what an answer holds of it.

use super::super::dial::{BoxError, Counted};
use super::super::http1::{Connection, Unanswered};
use super::seat::Seat;
use super::{Idle, KEEP, Shared};
use crate::sync::lock;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::runtime::{self, Handle};
use tokio::time::Instant;

/// After how long a silence a server is pinged on a connection with streams, and how long it may take to answer.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);
/// What a server may send ahead on one stream. The connection's window is the widest that there is, so that streams
/// that nobody reads cannot use it up: the sum over all streams stays below it.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = i32::MAX as u32;
/// Streams on one connection, at most (Go's servers take 250, nginx 128).
const STREAMS: usize = 250;
/// The limit until the server has said its own: no number that a server says.
const UNTOLD: usize = usize::MAX - 1;

/// A connection that serves one request at a time.
pub struct Single {
    /// The runtime that drives it.
    pub runtime: runtime::Id,
    /// Where it waits for the next request.
    pub seat: Seat,
    pub received: Arc<AtomicU64>,
}

/// A connection of HTTP/2.
pub struct Multiplexed {
    /// The runtime that drives it.
    pub runtime: runtime::Id,
    pub sender: http2::SendRequest<Full<Bytes>>,
    /// Streams that the server takes.
    limit: Arc<AtomicUsize>,
    pub active: AtomicUsize,
    /// When the last stream ended.
    pub used: Mutex<Instant>,
}

impl Multiplexed {
    /// How many more streams it takes.
    pub fn room(&self) -> usize {
        let limit = match self.limit.load(Ordering::Relaxed) {
            UNTOLD => 1,
            told => told.min(STREAMS),
        };
        limit.saturating_sub(self.active.load(Ordering::Relaxed))
    }

    /// Whether its limit is not known yet.
    pub fn is_untold(&self) -> bool {
        self.limit.load(Ordering::Relaxed) == UNTOLD
    }

    pub fn is_idle(&self) -> bool {
        self.active.load(Ordering::Relaxed) == 0
    }
}

/// What an answer holds of its connection.
pub enum Lease {
    /// The whole of it.
    One(Box<One>),
    /// A stream, which ends with this.
    Stream(Stream),
}

/// A connection that goes back to the pool once its answer was read to the end.
pub struct One {
    pub line: Single,
    pub connection: Connection,
    pub(super) pool: Weak<Shared>,
}

/// A stream's place on its connection.
pub struct Stream {
    pub on: Arc<Multiplexed>,
    /// The body of its answer.
    body: Option<Incoming>,
    pool: Weak<Shared>,
}

impl Stream {
    /// Of a connection that counts it already.
    pub(super) fn new(on: Arc<Multiplexed>, pool: &Arc<Shared>) -> Self {
        Self { on, body: None, pool: Arc::downgrade(pool) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A body that was not read to its end resets its stream.
        self.body = None;
        *lock(&self.on.used) = Instant::now();
        self.on.active.fetch_sub(1, Ordering::Relaxed);
        if let Some(pool) = self.pool.upgrade() {
            pool.changed.notify_one();
            if self.on.is_idle() {
                pool.reap_later();
            }
        }
    }
}

impl Lease {
    /// Gives a connection back whose answer was read to its end. `keep` is what the server says of its patience.
    pub async fn give_back(self, keep: Option<Duration>) {
        let Self::One(mut one) = self else { return };
        if !one.connection.settle().await {
            return;
        }
        let One { line, connection, pool } = *one;
        let Some(pool) = pool.upgrade().filter(|_| line.seat.take_back(connection)) else { return };
        // A second less than the server says: its clock may be ahead by the way there.
        let keep = keep.map_or(KEEP, |keep| keep.saturating_sub(Duration::from_secs(1)).min(KEEP));
        lock(&pool.state).idle.push(Idle { line, until: Instant::now() + keep });
        pool.changed.notify_one();
        pool.reap_later();
    }

    /// Bytes received on a connection of one's own; streams have theirs to themselves and report none.
    pub fn received(&self) -> u64 {
        match self {
            Self::One(one) => one.line.received.load(Ordering::Relaxed),
            Self::Stream(_) => 0,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(&mut self, request: Request<Bytes>) -> Result<Response<()>, Unanswered> {
        match self {
            Self::One(one) => one.connection.send(request).await,
            Self::Stream(stream) => {
                let bytes = request.body().clone();
                let sent = stream.on.sender.clone().try_send_request(request.map(Full::new)).await;
                let (head, body) = match sent {
                    Ok(response) => response.into_parts(),
                    Err(mut error) => {
                        let back = error.take_message().map(|request| request.map(|_| bytes));
                        return Err(Unanswered { error: error.into_error().into(), back });
                    }
                };
                stream.body = Some(body);
                Ok(Response::from_parts(head, ()))
            }
        }
    }

    /// The next bytes of the body of its answer; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BoxError> {
        let stream = match self {
            Self::One(one) => return one.connection.next().await,
            Self::Stream(stream) => stream,
        };
        while let Some(frame) = stream.body.as_mut() {
            let Some(frame) = frame.frame().await else { break };
            // Trailers say nothing that counts here.
            if let Ok(bytes) = frame?.into_data()
                && !bytes.is_empty()
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

impl Shared {
    /// A new connection of HTTP/1.1, for one request.
    pub fn open_http1(self: &Arc<Self>, stream: Counted) -> Lease {
        lock(&self.state).http1_only = true;
        let line = Single { runtime: Handle::current().id(), seat: Seat::new(), received: stream.received() };
        Lease::One(Box::new(One { line, connection: Connection::new(stream), pool: Arc::downgrade(self) }))
    }

    pub async fn open_http2(self: &Arc<Self>, stream: Counted) -> hyper::Result<Lease> {
        let watcher = stream.watcher();
        let (sender, mut connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_max_send_streams(UNTOLD)
            // What a server sends before it hears of a cancel comes to a stream that h2 mostly remembers no more (50 at a
            // time, for a second), and each such frame would count as the server's fault: 1024 of them end a connection,
            // as too_many_internal_resets. The bound is for servers, whom clients make reset streams (RUSTSEC-2024-0003).
            .max_local_error_reset_streams(None)
            .max_header_list_size(self.header_bytes)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .handshake(TokioIo::new(stream))
            .await?;
        let limit = Arc::new(AtomicUsize::new(UNTOLD));
        let (told, pool) = (Arc::clone(&limit), Arc::downgrade(self));
        tokio::spawn(async move {
            let driven = poll_fn(|context| {
                // hyper polls this for a request and for the end, and not for what the server says: its limit came unseen,
                // and who waited for it waited for the head of the first answer. A later change is seen with a request.
                if told.load(Ordering::Relaxed) == UNTOLD {
                    *lock(&watcher) = Some(context.waker().clone());
                }
                let ended = Pin::new(&mut connection).poll(context);
                let now = connection.current_max_send_streams();
                if told.swap(now, Ordering::Relaxed) != now
                    && let Some(pool) = pool.upgrade()
                {
                    lock(&pool.state).http2_streams = Some(now.clamp(1, STREAMS));
                    pool.changed.notify_waiters();
                }
                ended
            });
            drop(driven.await);
            if let Some(pool) = pool.upgrade() {
                pool.changed.notify_waiters();
            }
        });
        let on = Arc::new(Multiplexed {
            runtime: Handle::current().id(),
            sender,
            limit,
            active: AtomicUsize::new(1),
            used: Mutex::new(Instant::now()),
        });
        let mut state = lock(&self.state);
        state.http1_only = false;
        state.http2_streams.get_or_insert(STREAMS);
        state.http2.push(Arc::clone(&on));
        Ok(Lease::Stream(Stream::new(on, self)))
    }
}
