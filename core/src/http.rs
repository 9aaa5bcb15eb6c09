//! Requests over the network: TLS, proxy, pool, name lookup. Knows no JSON.

use crate::config::{Config, Proxies};
use crate::endpoint::{Endpoint, Route, is_local};
use crate::error::{Error, Status};
use bytes::Bytes;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Proxy, Url, redirect, retry};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

/// The connections to one server.
pub struct Http {
    client: reqwest::Client,
    endpoint: Endpoint,
    connect: Option<Duration>,
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

impl Http {
    /// Prepares everything but the connection itself.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let endpoint = config.endpoint()?;
        let mut headers: HeaderMap = config.headers.clone();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json, text/event-stream"));
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(config)?)
            .user_agent(config.user_agent.clone())
            .default_headers(headers)
            // A redirect would take the key to another server.
            .redirect(redirect::Policy::none())
            .referer(false)
            .http2_max_header_list_size(http2_headers(config.header_bytes))
            // What is sent again, and when, is decided in one place: the client.
            .retry(retry::never())
            .no_proxy();
        if let Some(limit) = config.deadlines.connect {
            builder = builder.connect_timeout(limit);
        }
        if let Some(url) = proxy_for(&config.proxies, &endpoint) {
            let except = config.proxies.except.as_deref().and_then(reqwest::NoProxy::from_string);
            let proxy = Proxy::all(url).map_err(|e| bad_proxy(&e))?;
            builder = builder.proxy(proxy.no_proxy(except));
        }
        let client = builder.build().map_err(|e| Error::new(Status::System, explain(&e)))?;
        Ok(Self { client, endpoint, connect: config.deadlines.connect })
    }

    /// Sends one attempt and waits for the head of its answer.
    pub async fn send(&self, attempt: Attempt) -> Result<reqwest::Response, Error> {
        let method = if attempt.route == Route::Models { Method::GET } else { Method::POST };
        let mut request = self.client.request(method, self.endpoint.url(attempt.route));
        if let Some(authorization) = attempt.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if !attempt.body.is_empty() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if attempt.stream {
            // A proxy that compresses a stream also buffers it.
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        request.body(attempt.body).send().await.map_err(|e| self.no_answer(&e))
    }

    /// The error of an attempt that got no head: the connection failed or broke.
    fn no_answer(&self, error: &reqwest::Error) -> Error {
        // Without a deadline it is the system that gave up, and its words are the better ones.
        if let Some(limit) = self.connect
            && error.is_connect()
            && error.is_timeout()
        {
            let limit = limit.as_millis();
            return Error::new(
                Status::Deadline,
                format!("no connection within the connect deadline of {limit} ms"),
            )
            .with_hint("Check the address and the network, or raise the connect deadline.")
            .retryable();
        }
        if causes(error).any(is_exhausted) {
            return Error::new(Status::System, explain(error))
                .with_hint("Close what is not needed, or raise the limit of open files.")
                .retryable();
        }
        if causes(error).any(is_bad_head) {
            let message = format!("the head of the answer cannot be taken: {}", explain(error));
            return Error::new(Status::BadResponse, message);
        }
        Error::new(Status::Connect, explain(error))
            .with_hint("Check the base URL, the network, the proxy and the certificates.")
            .retryable()
    }
}

/// Whether the system had no descriptor left: nothing is wrong with the address or the network.
fn is_exhausted(cause: &(dyn std::error::Error + 'static)) -> bool {
    /// EMFILE and ENFILE on every Unix, and WSAEMFILE.
    const CODES: &[i32] = if cfg!(unix) { &[24, 23] } else { &[10024] };
    let code = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    code.is_some_and(|code| CODES.contains(&code))
}

/// The error of an answer that broke off while it was read.
pub fn broken_off(error: &reqwest::Error) -> Error {
    Error::new(Status::Truncated, format!("the answer broke off: {}", explain(error))).retryable()
}

/// The proxy that leads to a server, but for the hosts that are excepted.
fn proxy_for<'a>(proxies: &'a Proxies, endpoint: &Endpoint) -> Option<&'a str> {
    let url = if endpoint.is_tls() { &proxies.https } else { &proxies.http }.as_deref()?;
    // A key may travel over plain http to this machine; by a proxy elsewhere it would leave it. And "localhost" is
    // another machine there.
    let leaves = endpoint.is_local() && !Url::parse(url).is_ok_and(|proxy| is_local(&proxy));
    (!leaves).then_some(url)
}

/// The address of a proxy, as a variable has it: without a scheme it is an http proxy, as for curl.
pub fn proxy_url(text: &str) -> Result<String, Error> {
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    check_proxy(&url).map(|()| url)
}

/// Whether `url` names a proxy of a kind that can be used.
pub fn check_proxy(url: &str) -> Result<(), Error> {
    let proxy = Url::parse(url).map_err(|e| Error::invalid("proxy", format!("is not a URL ({e})")))?;
    if !matches!(proxy.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Err(Error::invalid("proxy", "must begin with http://, https:// or socks5://"));
    }
    Proxy::all(url).map(drop).map_err(|e| bad_proxy(&e))
}

fn bad_proxy(error: &reqwest::Error) -> Error {
    Error::invalid("proxy", explain(error))
}

/// rustls with ring and the roots that browsers carry. Nothing of the process's is read or set.
fn tls(config: &Config) -> Result<rustls::ClientConfig, Error> {
    let mut roots = config.roots.clone();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(Status::System, e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // reqwest leaves this out of a configuration that it did not make, and then HTTP/2 never happens.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// hyper takes 16 KiB of headers over HTTP/2 unless told, and a stream with more is only a protocol error: so it gets
/// room above our own bound, whose error says what happened. The rules of HTTP/2 count 32 bytes more for each field.
fn http2_headers(bound: usize) -> u32 {
    const ROOM: usize = 256 << 10;
    u32::try_from(bound.saturating_add(ROOM)).unwrap_or(u32::MAX)
}

/// A head that hyper refuses: beyond its bound over HTTP/1.1, or, over HTTP/2, that or against the rules. The server
/// would send it again, so that this is no failure of the connection.
fn is_bad_head(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large)
        || cause.downcast_ref::<h2::Error>().is_some_and(h2::Error::is_library)
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The whole chain of causes, without the address: its query or a proxy's password may be a secret.
fn explain(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // Libraries repeat each other: "client error (Connect)" says nothing that its cause does not.
        if !texts.iter().any(|said| said.contains(&text)) && !text.starts_with("client error") {
            texts.push(text);
        }
    }
    if texts.is_empty() { kind(error).to_owned() } else { texts.join(": ") }
}

fn kind(error: &reqwest::Error) -> &'static str {
    match (error.is_connect(), error.is_body() || error.is_decode()) {
        (true, _) => "no connection",
        (_, true) => "the body could not be read",
        _ => "the request failed",
    }
}

#[cfg(test)]
mod tests {
    use super::{proxy_for, proxy_url};
    use crate::config::Proxies;
    use crate::endpoint::Endpoint;

    #[test]
    fn a_request_to_this_machine_does_not_leave_it() {
        let (near, far) = ("http://127.0.0.1:1".to_owned(), "http://user:pw@proxy.example:1".to_owned());
        let by = |http: &String, server: &str| {
            let proxies = Proxies { http: Some(http.clone()), https: Some(far.clone()), except: None };
            proxy_for(&proxies, &Endpoint::new(server).unwrap()).map(str::to_owned)
        };
        assert_eq!(by(&near, "http://localhost:8080"), Some(near.clone()));
        assert_eq!(by(&far, "http://localhost:8080"), None);
        assert_eq!(by(&far, "http://[::1]:8080"), None);
        assert_eq!(by(&far, "http://a.b"), Some(far.clone()));
        assert_eq!(by(&near, "https://a.b"), Some(far.clone()));
    }

    #[test]
    fn a_proxy_is_written_as_for_curl() {
        assert_eq!(proxy_url("proxy.example:3128").unwrap(), "http://proxy.example:3128");
        assert_eq!(proxy_url("127.0.0.1:3128").unwrap(), "http://127.0.0.1:3128");
        assert_eq!(proxy_url("socks5://a:1").unwrap(), "socks5://a:1");
        assert!(proxy_url("gopher://a").is_err());
        assert!(proxy_url("::").is_err());
    }
}
