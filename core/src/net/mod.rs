//! Requests over the network: names, TLS, proxies, connections. Knows no JSON.
//!
//! `pool` gives a request its connection, which `dial` made: names are looked up in `names`, a way through a proxy
//! found in `proxy`, trust decided in `tls`. What comes back is a [`Reply`], unpacked by `gzip`; what goes wrong is
//! put into words by `fault`. `tape` keeps what goes by, for a recording or a log; `replay` answers from one.

mod dial;
mod fault;
mod gzip;
mod http1;
mod names;
mod pool;
pub mod proxy;
mod replay;
mod reply;
mod tape;
mod tls;

#[cfg(fuzzing)]
pub use http1::given;
pub use names::abandon_lookups;
pub use pool::Failure;
pub use reply::Reply;

use crate::account::Account;
use crate::config::{Config, Mode, Recording};
use crate::endpoint::{Endpoint, Route};
use crate::error::{Error, Status};
use crate::key::Key;
use crate::recording::{self, Recorder};
use bytes::Bytes;
use dial::Dialer;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION,
    USER_AGENT,
};
use http::{Method, Request, StatusCode, Uri, Version};
use pool::Pool;
use replay::Replay;
use std::sync::Arc;
use tape::Tape;

/// What requests are sent over.
pub struct Net {
    way: Way,
    recorder: Option<Arc<Recorder>>,
    account: Arc<Account>,
    /// Bytes of names and values in the head of an answer.
    header_bytes: usize,
}

enum Way {
    Live(Box<Live>),
    Replay(Replay),
}

/// The connections to one server.
struct Live {
    pool: Pool,
    endpoint: Endpoint,
    /// Goes with every request.
    headers: HeaderMap,
}

/// One attempt, ready to be sent.
pub struct Attempt {
    /// The request that it is of.
    pub op: u64,
    /// Where to.
    pub route: Route,
    /// The key, or none.
    pub key: Option<Key>,
    /// The JSON body; empty for a GET.
    pub body: Bytes,
    /// Whether the answer was asked for as a stream.
    pub stream: bool,
}

impl Net {
    /// Prepares everything but the connection itself.
    pub fn new(config: &Config, account: &Arc<Account>) -> Result<Self, Error> {
        let mut recorder = None;
        let way = match &config.recording {
            Some(Recording { path, mode: Mode::Record }) => {
                recorder = Some(Arc::new(Recorder::create(path).map_err(|e| e.about("record"))?));
                Way::Live(Box::new(Live::new(config, account)?))
            }
            Some(Recording { path, mode }) => {
                let recording = recording::Recording::open(path)?;
                Way::Replay(Replay::new(recording, *mode == Mode::ReplayTimed))
            }
            None => Way::Live(Box::new(Live::new(config, account)?)),
        };
        Ok(Self { way, recorder, account: Arc::clone(account), header_bytes: config.header_bytes })
    }

    /// Connects ahead of the first request. What goes wrong is for that one to say.
    pub async fn warm_up(&self) {
        if let Way::Live(live) = &self.way {
            live.pool.warm_up().await;
        }
    }

    /// Sends one attempt and waits for the head of its answer.
    pub async fn send(&self, attempt: Attempt) -> Result<Reply, Failure> {
        let mut tape = Tape::begin(&attempt, self.recorder.as_ref(), &self.account);
        let sent = match &self.way {
            Way::Live(live) => live.send(attempt).await,
            Way::Replay(replay) => replay.send(&attempt).await,
        };
        let checked = sent.and_then(|reply| self.check_headers(reply.headers()).map(|()| reply));
        match (checked, &mut tape) {
            (Ok(mut reply), Some(kept)) => {
                kept.head(reply.status(), reply.headers());
                reply.tape = tape;
                Ok(reply)
            }
            (Ok(reply), None) => Ok(reply),
            (Err(failure), tape) => {
                if let Some(tape) = tape {
                    tape.failed(&failure);
                }
                Err(failure)
            }
        }
    }

    /// Those who read heads have bounds of their own, which are wider.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes <= self.header_bytes {
            return Ok(());
        }
        let message =
            format!("the answer is beyond the bound of {}: bytes of the headers", self.header_bytes);
        Err(Failure { error: Error::new(Status::BadResponse, message), sent: true, replay: false })
    }
}

impl Live {
    fn new(config: &Config, account: &Arc<Account>) -> Result<Self, Error> {
        let endpoint = config.endpoint()?;
        let dialer = Dialer::new(config, &endpoint)?;
        let mut headers = config.headers.clone();
        headers.insert(USER_AGENT, config.user_agent.clone());
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json, text/event-stream"));
        if let Some(login) = dialer.forward().and_then(|hop| hop.login.clone()) {
            headers.insert(PROXY_AUTHORIZATION, login);
        }
        let pool = Pool::new(dialer, config.connect, http2_headers(config.header_bytes), Arc::clone(account));
        Ok(Self { pool, endpoint, headers })
    }

    async fn send(&self, attempt: Attempt) -> Result<Reply, Failure> {
        let (response, lease) = self.pool.send(self.request(attempt)).await?;
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(Failure { error: fault::proxy_login(), sent: false, replay: false });
        }
        Ok(Reply::live(response, lease))
    }

    fn request(&self, attempt: Attempt) -> Request<Bytes> {
        let uri = self.endpoint.uri_of(attempt.route);
        let mut request = Request::new(attempt.body);
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(key) = attempt.key {
            headers.insert(AUTHORIZATION, key.header());
        }
        // A proxy that compresses a stream also buffers it.
        let encoding = if attempt.stream { "identity" } else { "gzip" };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        if attempt.route == Route::Models {
            *request.method_mut() = Method::GET;
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.method_mut() = Method::POST;
        }
        *request.uri_mut() = uri;
        request
    }
}

/// Gives a request to `uri` the form of the connection that it is sent over.
fn shape(request: &mut Request<Bytes>, uri: &Uri, http2: bool, whole_url: bool) {
    let host = uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    match host.filter(|_| !http2) {
        Some(host) => drop(request.headers_mut().insert(HOST, host)),
        None => drop(request.headers_mut().remove(HOST)),
    }
    *request.version_mut() = if http2 { Version::HTTP_2 } else { Version::HTTP_11 };
    // A proxy for plain http, and HTTP/2, have the whole URL.
    *request.uri_mut() = match uri.path_and_query() {
        Some(path) if !http2 && !whole_url => Uri::from(path.clone()),
        _ => uri.clone(),
    };
}

/// hyper takes 16 KiB of headers over HTTP/2 unless told, and a stream with more is only a protocol error: so it gets
/// room above our own bound, whose error says what happened. The rules of HTTP/2 count 32 bytes more for each field.
fn http2_headers(bound: usize) -> u32 {
    const ROOM: usize = 256 << 10;
    u32::try_from(bound.saturating_add(ROOM)).unwrap_or(u32::MAX)
}
