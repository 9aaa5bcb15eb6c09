//! Requests over the network: names, TLS, proxies, connections. Knows no JSON.
//!
//! `pool` gives a request its connection, which `dial` made: names are looked up in `names`, a way through a proxy
//! found in `proxy`, trust decided in `tls`. What comes back is a [`Reply`], unpacked by `gzip`; what goes wrong is
//! put into words by `fault`.

mod dial;
mod fault;
mod gzip;
mod names;
mod pool;
pub mod proxy;
mod reply;
mod tls;

pub use pool::Failure;
pub use reply::Reply;

use crate::account::Account;
use crate::config::Config;
use crate::endpoint::{Endpoint, Route};
use crate::error::Error;
use bytes::Bytes;
use dial::Dialer;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION,
    USER_AGENT,
};
use http::{Method, Request, Uri, Version};
use pool::{Body, Pool};
use std::sync::Arc;

/// The connections to one server.
pub struct Net {
    pool: Pool,
    endpoint: Endpoint,
    /// Goes with every request.
    headers: HeaderMap,
}

/// One attempt, ready to be sent.
pub struct Attempt {
    /// Where to.
    pub route: Route,
    /// The Authorization header, or none.
    pub authorization: Option<HeaderValue>,
    /// The JSON body; empty for a GET.
    pub body: Bytes,
    /// Whether the answer was asked for as a stream.
    pub stream: bool,
}

impl Net {
    /// Prepares everything but the connection itself.
    pub fn new(config: &Config, account: &Arc<Account>) -> Result<Self, Error> {
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

    /// Connects ahead of the first request. What goes wrong is for that one to say.
    pub async fn warm_up(&self) {
        self.pool.warm_up().await;
    }

    /// Sends one attempt and waits for the head of its answer.
    pub async fn send(&self, attempt: Attempt) -> Result<Reply, Failure> {
        let (response, lease) = self.pool.send(self.request(attempt)).await?;
        Ok(Reply::new(response, lease))
    }

    fn request(&self, attempt: Attempt) -> Request<Body> {
        let uri = self.endpoint.uri_of(attempt.route);
        let mut request = Request::new(Body::new(attempt.body));
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(authorization) = attempt.authorization {
            headers.insert(AUTHORIZATION, authorization);
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
fn shape(request: &mut Request<Body>, uri: &Uri, http2: bool, whole_url: bool) {
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
